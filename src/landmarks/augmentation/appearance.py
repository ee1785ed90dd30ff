"""Appearance: a recipe of looks."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import reduce

import numpy as np
from albumentations.augmentations.blur.functional import create_motion_kernel
from numpy.typing import NDArray

from landmarks.augmentation.colours import after, channels, chroma, light
from landmarks.augmentation.look import Look
from landmarks.augmentation.ranges import check_range
from landmarks.errors import InputError

MOST_BLOCKS = 3
SCALES = (0.35, 0.85)
QUALITIES = (20, 90)
LEAST_DEFOCUS = 0.3  # crop pixels
_GREY = chroma(0.0, 0.0)

_PARTS = (
    "occlusion", "light", "colour", "grey", "motion", "defocus", "downscale", "noise", "jpeg",
)  # fmt: skip
_NUMBERS = 6  # random numbers of each part, the first of which says whether it happens


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """How the face looks; each part happens with its own probability, whatever others do.

    Attributes:
        light: Probability of a change of brightness, contrast and gamma.
        light_strength: Largest relative change of brightness and contrast.
        colour: Probability of a shift of hue, saturation and channel levels.
        colour_strength: Largest shift of a channel, share of the full range; hues turn by at most
            90 degrees times it, saturation changes by at most four times it.
        grey: Probability of losing all colour.
        defocus: Probability of a lens out of focus.
        motion: Probability of motion blur.
        blur_pixels: Largest kernel of motion, crop pixels, from 3; an even number counts as the
            next. A lens out of focus has up to a quarter of it as standard deviation.
        downscale: Probability of a lower resolution, enlarged again.
        noise: Probability of sensor noise.
        noise_strength: Largest standard deviation, share of the full range.
        jpeg: Probability of compression, at a quality of 20 to 90.
        occlusion: Probability of one to three blocks over the face.
        occlusion_size: Largest block, share of the crop's side.
    """

    light: float = 0.0
    light_strength: float = 0.3
    colour: float = 0.0
    colour_strength: float = 0.1
    grey: float = 0.0
    defocus: float = 0.0
    motion: float = 0.0
    blur_pixels: int = 5
    downscale: float = 0.0
    noise: float = 0.0
    noise_strength: float = 0.08
    jpeg: float = 0.0
    occlusion: float = 0.0
    occlusion_size: float = 0.4

    def __post_init__(self) -> None:
        """Refuse what is no probability or no strength."""
        limits: dict[str, float] = {field.name: 1 for field in fields(self)}
        check_range(self, {**limits, "light_strength": 0.9, "blur_pixels": 31})
        if not isinstance(self.blur_pixels, int) or self.blur_pixels < 3:
            raise InputError(
                f"augmentation blur_pixels is {self.blur_pixels!r}; it must be a whole number "
                "from 3 to 31"
            )

    def draw(self, size: int, rng: np.random.Generator) -> Look:
        """A random look of a crop of `size` pixels.

        Args:
            size: Side of the crop.
            rng: The only source of randomness; as many numbers are taken whatever happens.
        """
        u = dict(zip(_PARTS, rng.random((len(_PARTS), _NUMBERS)).tolist(), strict=True))
        blocks = rng.random((MOST_BLOCKS, 7))

        def happens(part: str) -> bool:
            return bool(u[part][0] < getattr(self, part))

        covered = 1 + int(u["occlusion"][1] * MOST_BLOCKS) if happens("occlusion") else 0
        bright, blur = self.light_strength, self.blur_pixels
        return Look(
            blocks=self._blocks(blocks[:covered, :4], size) if covered else None,
            paints=(256 * blocks[:covered, 4:]).astype(np.uint8) if covered else None,
            colours=self._colours(u["light"], u["colour"], happens),
            gamma=_between(1 - bright, 1 + bright, u["light"][3]) if happens("light") else 1.0,
            motion=self._motion(u["motion"]) if happens("motion") else None,
            defocus=_between(LEAST_DEFOCUS, blur / 4, u["defocus"][1]) if happens("defocus") else 0,
            downscale=_between(*SCALES, u["downscale"][1]) if happens("downscale") else 1.0,
            noise=255 * self.noise_strength * _between(0.2, 1, u["noise"][1])
            if happens("noise")
            else 0.0,
            grain=u["noise"][2],
            quality=round(_between(*QUALITIES, u["jpeg"][1])) if happens("jpeg") else None,
        )

    def _blocks(self, u: NDArray[np.float64], size: int) -> NDArray[np.intp]:
        """(n, 4) left, top, right, bottom from (n, 4) numbers: of both sides, and of the place."""
        largest = self.occlusion_size * size
        sides = np.maximum(1, np.rint(largest * (0.3 + 0.7 * u[:, :2]))).astype(np.intp)
        corner = np.rint(u[:, 2:] * (size - sides)).astype(np.intp)
        return np.concatenate([corner, corner + sides], axis=1)

    def _colours(
        self, u_light: Sequence[float], u_colour: Sequence[float], happens: Callable[[str], bool]
    ) -> NDArray[np.float32] | None:
        """(3, 4), or None if light and colour stay."""
        maps = []
        if happens("light"):
            most = self.light_strength
            contrast, brightness = (_between(-most, most, v) for v in u_light[1:3])
            maps.append(light(1 + contrast, 255 * brightness))
        if happens("colour"):
            most = self.colour_strength
            hue, saturation, *levels = (_between(-most, most, v) for v in u_colour[1:])
            maps.append(chroma(np.pi / 2 * hue, max(0.0, 1 + 4 * saturation)))
            maps.append(channels(255 * np.array(levels)))
        if happens("grey"):
            maps.append(_GREY)
        composed = reduce(lambda first, second: after(second, first), maps) if maps else None
        return None if composed is None else composed.astype(np.float32)

    def _motion(self, u: Sequence[float]) -> NDArray[np.float32]:
        """A straight, centred blur: the face stays where its landmarks are."""
        length = 3 + 2 * int(u[1] * ((self.blur_pixels | 1) // 2))
        kernel = create_motion_kernel(
            length, angle=360 * u[2], direction=0.0, allow_shifted=False, random_state=_UNUSED
        )
        return np.asarray(kernel / kernel.sum(), np.float32)


_UNUSED = random.Random(0)  # asked for by albumentations, drawn from only for shifted kernels


def _between(low: float, high: float, u: float) -> float:
    return low + (high - low) * u
