"""Light: a key light that casts shadows, a fill light, and an environment."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from landmarks.synthesis.colour import RGB, scaled
from landmarks.synthesis.light_maps import (
    MeasuredLight,
    baked_content,
    baked_lights,
    measured_lights,
)
from landmarks.synthesis.panoramas import SUFFIXES
from landmarks.synthesis.ranges import check_range, check_share, check_strength
from landmarks.synthesis.user_files import content_of, find_files

SOFTNESS = (0.02, 1.0)  # of measured key lights
MEAN_OF_FIRST = 0.886  # mean light of an environment by its first coefficient


@dataclass(frozen=True, kw_only=True)
class Panorama:
    """The panorama that a scene's light was measured in.

    Attributes:
        file: The user's file.
        turn: Radians by which it is turned about the vertical; see `panoramas.view_of`.
        exposure: Factor of its light, whose mean is 1.
    """

    file: str
    turn: float
    exposure: float


@dataclass(frozen=True, kw_only=True)
class Lighting:
    """The light of a scene.

    Attributes:
        key: Direction towards the key light, unit vector of the world.
        key_colour: Its linear RGB.
        softness: Size of the key light; shadows blur with it.
        fill: Direction towards the fill light.
        fill_colour: Its linear RGB.
        environment: Nine coefficients of real spherical harmonics for each of RGB (Ramamoorthi
            and Hanrahan, "An Efficient Representation for Irradiance Environment Maps", 2001).
        panorama: Where it was measured, if in a file.
    """

    key: tuple[float, float, float]
    key_colour: RGB
    softness: float
    fill: tuple[float, float, float]
    fill_colour: RGB
    environment: tuple[RGB, ...]
    panorama: Panorama | None = None


@dataclass(frozen=True, kw_only=True)
class LightRecipe:
    """Distribution of lighting.

    Attributes:
        key: Weakest and strongest key light.
        fill: Weakest and strongest fill light.
        ambient: Weakest and strongest environment, drawn log-uniformly.
        unevenness: How much the environment differs by direction.
        colour: Standard deviation of the lights' tints.
        softness: Smallest and largest key light.
        side: Largest angle of the key light from the front, radians.
        below: Share of scenes that are lit from below the face.
        flash: Share of scenes lit from straight ahead of the chest, as by a flash.
        measured: Share of scenes with measured light: environment, key and fill light of one place,
            turned so that the key light is where it would be otherwise, seen from above, and as
            bright in all. None: 1 if there is a folder of maps, otherwise 0.
        maps: Folder of panoramas in linear light (Radiance .hdr, searched recursively), in which
            light is measured; None: the 18 places that are part of this package.
    """

    key: tuple[float, float] = (0.3, 2.6)
    fill: tuple[float, float] = (0.05, 0.8)
    ambient: tuple[float, float] = (0.12, 0.8)
    unevenness: float = 1.0
    colour: float = 0.12
    softness: tuple[float, float] = (0.03, 0.8)
    side: float = 1.5
    below: float = 0.06
    flash: float = 0.12
    measured: float | None = None
    maps: str | None = None

    def __post_init__(self) -> None:
        """Validate the settings."""
        check_range("light.key", self.key, 0, 20)
        check_range("light.fill", self.fill, 0, 20)
        check_range("light.ambient", self.ambient, 0.001, 20)  # drawn log-uniformly
        check_range("light.softness", self.softness, 0, 3)
        check_strength("light.unevenness", self.unevenness, 3)
        check_strength("light.colour", self.colour, 1)
        check_strength("light.side", self.side, 3.15)
        check_share("light.below", self.below)
        check_share("light.flash", self.flash)
        if self.measured is not None:
            check_share("light.measured", self.measured)
        if self.maps is not None:
            _ = self.places  # lists, reads and checks the files

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The user's panoramas, listed once so that all processes use the same list."""
        return () if self.maps is None else find_files(self.maps, "light.maps", SUFFIXES)

    @cached_property
    def content(self) -> str | None:
        """A hash of the files of measured light, if any."""
        if self.maps is not None:
            return content_of(self.maps, self.files)
        return baked_content() if self.share else None

    @cached_property
    def places(self) -> tuple[MeasuredLight, ...]:
        """Light to choose from."""
        return baked_lights() if self.maps is None else measured_lights(self.maps, self.files)

    @property
    def share(self) -> float:
        """Share of scenes with measured light."""
        return float(self.maps is not None) if self.measured is None else self.measured

    def draw(self, rng: np.random.Generator) -> Lighting:
        """Draw a key light, a fill light opposite, and an environment brighter from above."""
        side, up = rng.uniform(-self.side, self.side), rng.uniform(0, 1.15)
        is_below, low = rng.random() < self.below, -rng.uniform(0.1, 0.6)
        is_flash, at_camera = rng.random() < self.flash, rng.normal((0, 0.05), (0.08, 0.05))
        if is_below:
            up = low
        if is_flash:
            side, up = at_camera.tolist()
        other = side + rng.choice([-1, 1]) * rng.uniform(1.2, 2.4)
        strength = float(np.exp(rng.uniform(*np.log(self.ambient))))
        drawn = Lighting(
            key=_direction(side, up),
            key_colour=self._tinted(rng, rng.uniform(*self.key)),
            softness=float(rng.uniform(*self.softness)),
            fill=_direction(other, rng.uniform(0, 0.5)),
            fill_colour=self._tinted(rng, rng.uniform(*self.fill)),
            environment=self._environment(rng, strength),
        )
        use, pick = rng.random(2).tolist()
        return self._measured(drawn, pick, side) if use < self.share else drawn

    def _measured(self, drawn: Lighting, pick: float, side: float) -> Lighting:
        """Light of a place chosen by `pick` in [0, 1), as bright as `drawn`."""
        chosen = int(pick * len(self.places))
        place = self.places[chosen]
        lamps = drawn.key_colour[1] + drawn.fill_colour[1]
        # The mean over all directions that a surface may face.
        exposure = lamps / 4 + MEAN_OF_FIRST * drawn.environment[0][1]
        turn = np.pi - side - place.key.azimuth
        environment = place.turned(turn)
        file = self.files[chosen] if self.files else None
        panorama = None if file is None else Panorama(file=file, turn=turn, exposure=exposure)
        return Lighting(
            key=place.key.towards(turn),
            key_colour=scaled(place.key.colour, exposure),
            softness=float(np.clip(place.key.size, *SOFTNESS)),
            fill=place.fill.towards(turn),
            fill_colour=scaled(place.fill.colour, exposure),
            environment=tuple((float(r), float(g), float(b)) for r, g, b in exposure * environment),
            panorama=panorama,
        )

    def _tinted(self, rng: np.random.Generator, strength: float) -> RGB:
        """A light from blue to orange."""
        tint = float(np.clip(rng.normal(0, self.colour), -0.6, 0.6))
        return float(strength * (1 + tint)), float(strength), float(strength * (1 - tint))

    def _environment(self, rng: np.random.Generator, strength: float) -> tuple[RGB, ...]:
        c = np.zeros((9, 3))
        c[0] = strength * (1 + rng.normal(0, 0.5 * self.colour, 3))
        tints = rng.normal(0, 0.04, (3, 3)) * strength
        c[1:4] = self.unevenness * (tints + rng.normal(0, 0.3, (3, 1)) * strength)
        c[2] += 0.35 * strength  # the sky, or lamps
        c[4:] = self.unevenness * rng.normal(0, 0.12, (5, 1)) * strength
        return tuple((float(r), float(g), float(b)) for r, g, b in c)


def _direction(side: float, up: float) -> tuple[float, float, float]:
    """Unit vector at an angle to the side and one upwards from the front."""
    return (
        float(np.sin(side) * np.cos(up)),
        float(-np.cos(side) * np.cos(up)),
        float(np.sin(up)),
    )
