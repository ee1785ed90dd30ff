"""Backgrounds: rooms, streets, leaves, lights and people, or the user's pictures.

A network that has only seen faces in front of smooth backgrounds learns that anything with
structure is a face. These backgrounds have edges, lines, textures and even skin, with the colours
and the spectrum of photographs.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError
from landmarks.synthesis.background.canvas import noise
from landmarks.synthesis.background.pictures import part_of
from landmarks.synthesis.background.scenes import SCENES
from landmarks.synthesis.camera.film import KNEE
from landmarks.synthesis.colour import linear_light
from landmarks.synthesis.ranges import check_share, check_strength
from landmarks.synthesis.user_files import SUFFIXES, content_of, find_files

PICTURE: Final = "pictures"
"""The kind of background that is taken from the user's folder."""

DARKEST, BRIGHTEST = 0.01, 2.5


@dataclass(frozen=True, kw_only=True)
class Background:
    """The parameters of one background.

    Attributes:
        kind: One of the kinds in `BackgroundRecipe`.
        seed: Random seed of everything that is painted.
        exposure: Factor applied to its light.
        tint: Gains of red, green and blue.
        unevenness: Standard deviation of the logarithm of the light across the picture.
        texture: Standard deviation of the logarithm of fine structure.
        file: The user's picture; None if it is painted.
        crop: Left, top and side of the part of that picture, shares of its shorter side.
        surroundings: Whether to show the panorama that lights the scene, if there is one, instead
            of all this.
    """

    kind: str
    seed: int
    exposure: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    unevenness: float = 0.0
    texture: float = 0.0
    file: str | None = None
    crop: tuple[float, float, float] = (0.0, 0.0, 1.0)
    surroundings: bool = False


@dataclass(frozen=True, kw_only=True)
class BackgroundRecipe:
    """Distribution of backgrounds.

    The shares are relative frequencies: they need not sum to 1, and 0 disables a kind.

    Attributes:
        plain: Share of bare walls.
        gradient: Share of studio backdrops.
        indoor: Share of rooms.
        outdoor: Share of streets, parks, facades and open land.
        clutter: Share of piles of overlapping objects.
        bokeh: Share of lights far out of focus.
        crowd: Share of people in the background.
        pictures: Share of the user's own pictures.
        folder: Folder of the user's pictures (PNG or JPEG, searched recursively); None if
            `pictures` is 0.
        surroundings: Share of the scenes lit by one of the user's panoramas that show it as the
            background; see `LightRecipe.maps`.
        brightness: Standard deviation of the exposure, stops.
        colour: Standard deviation of the logarithm of the channels' gains.
    """

    plain: float = 0.07
    gradient: float = 0.10
    indoor: float = 0.30
    outdoor: float = 0.25
    clutter: float = 0.10
    bokeh: float = 0.08
    crowd: float = 0.10
    pictures: float = 0.0
    folder: str | None = None
    surroundings: float = 0.5
    brightness: float = 0.7
    colour: float = 0.06

    def __post_init__(self) -> None:
        """Validate the shares and the folder of pictures."""
        for name in (*SCENES, PICTURE, "brightness", "colour"):
            check_strength(f"background.{name}", getattr(self, name))
        check_share("background.surroundings", self.surroundings)
        if not sum(self.shares().values()) > 0:
            raise InputError(
                "recipe: all background shares are 0; at least one kind must be above 0"
            )
        if (self.folder is None) != (self.pictures == 0):
            raise InputError(
                f"recipe: background.folder is {self.folder!r} and background.pictures is "
                f"{self.pictures!r}; give a folder and a share above 0, or neither"
            )
        if self.folder is not None:
            _ = self.files  # refuses a folder without pictures

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The user's pictures, listed once so that all processes use the same list."""
        return () if self.folder is None else find_files(self.folder, "background.folder", SUFFIXES)

    @cached_property
    def content(self) -> str | None:
        """A hash of the names and bytes of the user's pictures; None if there are none."""
        return None if self.folder is None else content_of(self.folder, self.files)

    def shares(self) -> dict[str, float]:
        """Weights of the kinds."""
        return {name: getattr(self, name) for name in (*SCENES, PICTURE)}

    def draw(self, rng: np.random.Generator) -> Background:
        """Draw one background.

        Args:
            rng: The only source of randomness; every kind consumes the same number of values.
        """
        shares = self.shares()
        edges = np.cumsum(list(shares.values()))
        place = np.searchsorted(edges, rng.random() * edges[-1], side="right")
        kind = list(shares)[min(int(place), len(shares) - 1)]
        pick, side, left, top = rng.random(4).tolist()
        stops, *channels = np.clip(rng.standard_normal(4), -2, 2).tolist()
        red, green, blue = np.exp(self.colour * np.array(channels)).tolist()
        file = None
        if kind == PICTURE:
            file = self.files[int(pick * len(self.files))]
        return Background(
            kind=kind,
            seed=int(rng.integers(2**31)),
            # Somewhat darker than the person, as photographers prefer and as a flash makes it.
            exposure=float(2 ** (self.brightness * stops - 0.2)),
            tint=(red, green, blue),
            unevenness=float(rng.uniform(0.05, 0.3)),
            texture=float(rng.uniform(0.01, 0.06)),
            file=file,
            crop=(0.0, 0.0, 1.0) if file is None else (left, top, 0.4 + 0.6 * side),
            surroundings=bool(rng.random() < self.surroundings),
        )


def paint(background: Background, size: int) -> NDArray[np.float32]:
    """Paint a background.

    Args:
        background: The background.
        size: Side of the picture, pixels. The same background looks the same at any size.

    Returns:
        (size, size, 3) linear RGB from 0.01 to 2.5; 1 is a white sheet in the key light.
    """
    if background.file is not None:
        levels = part_of(background.file, background.crop, size)
        return _in_scene(_LINEAR[levels], background)
    rng = np.random.default_rng(background.seed)
    levels = SCENES[background.kind](size, rng).image
    # Scenes consume different numbers of random values, so light and texture get their own seed.
    rng = np.random.default_rng([background.seed, 1])
    uneven = background.unevenness * noise(size, rng, coarsest=1, slope=2, finest=4)
    uneven += background.texture * noise(size, rng, coarsest=6, slope=0.8)
    return _in_scene(_LINEAR[levels] * np.exp(uneven)[..., None], background)


def _in_scene(light: NDArray[np.float32], background: Background) -> NDArray[np.float32]:
    gains = background.exposure * np.array(background.tint, np.float32)
    return np.asarray(np.clip(light * gains, DARKEST, BRIGHTEST), np.float32)


def _scene_light() -> NDArray[np.float32]:
    """Linear light (256,) of sRGB levels, undoing the film curve: highlights become brighter."""
    linear = linear_light(np.arange(256) / 255)
    over = np.clip((linear - KNEE) / (1 - KNEE), 0, 0.995)
    opened = np.minimum(linear, KNEE) - (1 - KNEE) * np.log1p(-over)
    return np.minimum(opened, BRIGHTEST).astype(np.float32)


_LINEAR: Final = _scene_light()
