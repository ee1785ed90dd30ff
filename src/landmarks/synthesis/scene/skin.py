"""Appearance of skin, eyes and brows."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from landmarks.synthesis.colour import RGB, linear, scaled, skin_tone
from landmarks.synthesis.ranges import check_share, check_strength
from landmarks.synthesis.scene.person import Person
from landmarks.synthesis.textures import tones
from landmarks.synthesis.user_files import SUFFIXES, content_of, find_files

# Linear RGB of irises, brown to blue-grey.
IRISES: tuple[RGB, ...] = (
    (0.055, 0.025, 0.012), (0.09, 0.045, 0.02), (0.16, 0.10, 0.04),
    (0.11, 0.14, 0.07), (0.10, 0.17, 0.24), (0.18, 0.22, 0.25),
)  # fmt: skip
IRIS_SHARES = (0.34, 0.26, 0.12, 0.08, 0.12, 0.08)


NEAREST = 8  # textures nearest in tone, one of which is drawn
MATCHED = 0.8  # how much of the difference in tone is removed, in logarithms


@dataclass(frozen=True, kw_only=True)
class SkinTexture:
    """Photographed skin.

    Attributes:
        file: The texture.
        gain: Factors of its red, green and blue that bring it nearer to the wanted tone.
        tint: Factors of procedural skin that bring it to the same tone.
    """

    file: str
    gain: RGB
    tint: RGB


@dataclass(frozen=True, kw_only=True)
class Skin:
    """Parameters of the skin; shares and strengths in [0, 1] unless noted otherwise.

    Attributes:
        melanin: 0 palest to 1 darkest.
        blotches: How much melanin varies over the face.
        redness: Haemoglobin everywhere.
        cheeks: Haemoglobin of cheeks, nose and ears.
        freckles: Strength of freckles.
        moles: Strength of moles.
        under_eyes: Dark rings.
        roughness: Roughness of the surface, 0.3 glossy to 0.7 matt.
        oil: Gloss of forehead and nose.
        bumps: Pores and unevenness.
        wrinkles: Lines of forehead, eyes and mouth.
        lips: Linear RGB.
        lipstick: 1 if `lips` is make-up, 0 if it is natural.
        wet_lips: Gloss of the lips.
        eye_makeup: Darkness around the eyes.
        texture: Photographed skin; None: all skin is procedural.
    """

    melanin: float
    blotches: float
    redness: float
    cheeks: float
    freckles: float
    moles: float
    under_eyes: float
    roughness: float
    oil: float
    bumps: float
    wrinkles: float
    lips: RGB
    wet_lips: float
    eye_makeup: float
    lipstick: float = 0.0
    texture: SkinTexture | None = None


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """Eyes, brows and lashes.

    Attributes:
        iris: Linear RGB.
        iris_angle: Radius seen from the eye's centre, radians.
        pupil_angle: Radius of the pupil, likewise.
        sclera: Linear RGB of the white.
        brow_density: 0 none to 1.
        brow_width: Half width at the widest, metres.
        brow_start: Shift of the inner ends outwards, metres.
        brow_end: Shift of the outer ends outwards, metres.
        brow_height: Shift upwards, metres.
        brow_arch: Shift of the outer half upwards, metres.
        lashes: Density of lashes.
    """

    iris: RGB
    iris_angle: float
    pupil_angle: float
    sclera: RGB
    brow_density: float
    brow_width: float
    brow_start: float
    brow_end: float
    brow_height: float
    brow_arch: float
    lashes: float


@dataclass(frozen=True, kw_only=True)
class SkinRecipe:
    """Distribution of skin and eyes.

    Attributes:
        detail: Strength of blotches, freckles, moles, pores and wrinkles; 0: smooth skin.
        makeup: Share of women's faces with make-up.
        textures: Folder of skin textures in MakeHuman's layout (PNG or JPEG, searched recursively),
            which replace procedural skin on the face; None: procedural skin.
    """

    detail: float = 1.0
    makeup: float = 0.45
    textures: str | None = None

    def __post_init__(self) -> None:
        """Validate the settings."""
        check_strength("skin.detail", self.detail, 3)
        check_share("skin.makeup", self.makeup)
        if self.textures is not None:
            _ = self._tones  # lists and checks the files

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The user's textures, listed once so that all processes use the same list."""
        return () if self.textures is None else find_files(self.textures, "skin.textures", SUFFIXES)

    @cached_property
    def content(self) -> str | None:
        """A hash of the names and bytes of the user's textures; None if there are none."""
        return None if self.textures is None else content_of(self.textures, self.files)

    @cached_property
    def _tones(self) -> tuple[RGB, ...]:
        return () if self.textures is None else tones(self.textures, self.files)

    def draw(self, rng: np.random.Generator, person: Person) -> Skin:
        """Draw a skin; its colour is independent of ancestry, wrinkles depend on age."""
        melanin = float(np.clip(rng.beta(1.0, 1.7) * 1.05, 0.02, 0.97))
        natural = scaled(
            mixed(linear((0.79, 0.47, 0.45)), linear((0.40, 0.21, 0.20)), melanin),
            rng.uniform(0.72, 1.08),
        )
        painted = linear((rng.uniform(0.5, 0.85), rng.uniform(0.12, 0.4), rng.uniform(0.2, 0.42)))
        # Drawn for everybody, so that all faces consume the same number of random values.
        painting, on_lips, around_eyes = rng.random(), rng.random(), float(rng.uniform(0.2, 1))
        has_makeup = person.gender < 0.5 and person.age > 0.5 and painting < self.makeup
        has_lipstick = has_makeup and on_lips < 0.7
        old, d = person.oldness, self.detail
        skin = Skin(
            melanin=melanin,
            blotches=0.12 * d * float(rng.uniform(0.4, 1.4)),
            redness=float(rng.uniform(0.0, 0.3)),
            cheeks=float(rng.uniform(0.05, 0.6) * (1 - 0.5 * melanin)),
            freckles=d * float((rng.random() < 0.2) * rng.uniform(0.2, 0.9) * (melanin < 0.4)),
            moles=d * float(rng.random() < 0.35),
            under_eyes=float(rng.uniform(0.1, 0.6) + 0.3 * old),
            roughness=float(rng.uniform(0.40, 0.58)),
            oil=float(rng.uniform(0, 1)),
            bumps=d * float(rng.uniform(0.5, 1.2) + 0.6 * old),
            wrinkles=d * float(rng.uniform(0, 0.12) + 0.7 * old * rng.uniform(0.2, 1)),
            lips=painted if has_lipstick else natural,
            lipstick=float(has_lipstick),
            wet_lips=float(rng.random()),
            eye_makeup=around_eyes if has_makeup else 0.0,
        )
        return replace(skin, texture=self._texture(float(rng.random()), skin))

    def _texture(self, pick: float, skin: Skin) -> SkinTexture | None:
        """Choose one of the textures nearest in tone by `pick` in [0, 1)."""
        if not self.files:
            return None
        wanted = np.array(skin_tone(skin.melanin, skin.redness))
        tones = np.array(self._tones)
        nearest = np.abs(np.log(tones / wanted)).sum(axis=1).argsort(kind="stable")[:NEAREST]
        chosen = nearest[int(pick * len(nearest))]
        blood = np.array(skin_tone(skin.melanin)) / wanted  # the shader adds it
        gain = (wanted / tones[chosen]) ** MATCHED * blood
        tint = gain * tones[chosen] / skin_tone(skin.melanin)
        return SkinTexture(
            file=self.files[chosen], gain=tuple(gain.tolist()), tint=tuple(tint.tolist())
        )

    def draw_eyes(self, rng: np.random.Generator, person: Person) -> Eyes:
        """Draw iris, sclera, brows and lashes."""
        iris = IRISES[rng.choice(len(IRISES), p=IRIS_SHARES)]
        white = float(rng.uniform(0.28, 0.54))
        thick = 0.9 + 0.35 * person.gender
        return Eyes(
            iris=scaled(iris, rng.uniform(0.7, 1.3)),
            iris_angle=float(rng.uniform(0.43, 0.49)),
            pupil_angle=float(rng.uniform(0.12, 0.26)),
            sclera=(white, white * 0.96, white * float(rng.uniform(0.86, 0.95))),
            brow_density=float(rng.uniform(0.2, 1.0)),
            brow_width=float(rng.uniform(0.003, 0.0056) * thick),
            brow_arch=float(rng.normal(0, 0.0012)),
            lashes=float(rng.uniform(0.4, 0.8) + 0.2 * (person.gender < 0.5)),
            brow_start=float(np.clip(rng.normal(0, 0.003), -0.006, 0.007)),
            brow_end=float(np.clip(rng.normal(0, 0.002), -0.005, 0.005)),
            brow_height=float(np.clip(rng.normal(0, 0.0012), -0.003, 0.003)),
        )


def mixed(first: RGB, second: RGB, share: float) -> RGB:
    """`first` with `share` of `second`."""
    r, g, b = (a * (1 - share) + b * share for a, b in zip(first, second, strict=True))
    return r, g, b
