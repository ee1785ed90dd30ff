"""Camera model: from linear scene light to an 8-bit picture.

A rendered face differs from a photographed one in its lens, exposure, colours, grain and
compression as much as in its skin. `PhotoRecipe` sets how strong these are, `draw` samples the
settings of one picture, and `develop` applies them in the order of a real camera and web upload.

No step shifts the picture: every blur is centred and resizing keeps the centre, so landmarks stay
on their pixels.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError
from landmarks.synthesis.camera.film import (
    WEIGHTS,
    at_scale,
    compressed,
    graded,
    grainy,
    metered_gain,
    rolled_off,
    srgb,
)
from landmarks.synthesis.camera.lens import NEAR, blurred, shaken, through_lens
from landmarks.synthesis.ranges import check_share, check_strength

Image = NDArray[np.float32]

REFERENCE: Final = 256
"""Widths of blurs are in pixels of a picture so wide; other sizes blur in proportion."""

_LIMITS: Final = {
    "exposure_stops": 3.0,
    "white_balance": 0.5,
    "contrast": 0.5,
    "saturation": 1.0,
    "gamma": 0.5,
    "grey": 1.0,
    "vignette": 0.9,
    "depth_of_field": 30.0,
    "defocus": 10.0,
    "motion": 1.0,
    "motion_length": 40.0,
    "noise": 0.3,
    "downscale": 1.0,
    "jpeg": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class CameraSettings:
    """How a camera takes and stores one photograph.

    Attributes:
        exposure_stops: Brighter (positive) or darker than metered, in stops.
        white_balance: Gains of red, green and blue.
        contrast: Slope of the sRGB levels at mid grey.
        saturation: Factor on colour; 0 is black and white.
        gamma: Exponent on the sRGB levels; above 1 is darker.
        vignette: Fraction of the level that is lost in the corners.
        depth_of_field: Standard deviation of the blur at infinity, pixels at 256.
        defocus: Standard deviation of the blur of everything, pixels at 256.
        motion: Camera movement during the exposure, (x, y) pixels at 256.
        noise: Standard deviation of the grain in mid grey, share of the full range.
        grain: Seed of the grain.
        scale: Resolution at which the picture was stored, share of its size; 1 is untouched.
        quality: JPEG quality, 1 to 100; None is not compressed.
    """

    exposure_stops: float = 0.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    saturation: float = 1.0
    gamma: float = 1.0
    vignette: float = 0.0
    depth_of_field: float = 0.0
    defocus: float = 0.0
    motion: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.0
    grain: int = 0
    scale: float = 1.0
    quality: int | None = None


@dataclass(frozen=True, kw_only=True)
class PhotoRecipe:
    """Distribution of camera settings; the defaults are weaker than in web photographs.

    Training augments with blur, compression and colour changes as well, and applying both at full
    strength increased the error (docs/results/rendered-faces.md). A strength of 0 disables an
    effect. Normal distributions are truncated at two standard deviations.

    Attributes:
        exposure_stops: Standard deviation of the exposure around the metered one, stops.
        white_balance: Standard deviation of the logarithm of red over blue; green against both
            varies by a third of it.
        contrast: Standard deviation of the logarithm of the slope at mid grey.
        saturation: Standard deviation of the logarithm of the factor on colour.
        gamma: Standard deviation of the logarithm of the exponent on the sRGB levels.
        grey: Probability of black and white.
        vignette: Largest share of the level that is lost in the corners.
        depth_of_field: Largest standard deviation of the background's blur, pixels at 256.
        defocus: Standard deviation of the width of the blur of everything, pixels at 256.
        motion: Probability of a moving camera.
        motion_length: Largest movement of the camera, pixels at 256.
        noise: Standard deviation of the level of grain, share of the full range.
        downscale: Probability of a lower resolution, enlarged again.
        lowest_scale: Lowest such resolution, share of the size, above 0.
        jpeg: Probability of compression.
        lowest_quality: Lowest JPEG quality, 1 to 95; 95 is the highest drawn.
    """

    exposure_stops: float = 0.3
    white_balance: float = 0.08
    contrast: float = 0.1
    saturation: float = 0.15
    gamma: float = 0.06
    grey: float = 0.02
    vignette: float = 0.2
    depth_of_field: float = 6.0
    defocus: float = 0.35
    motion: float = 0.03
    motion_length: float = 7.0
    noise: float = 0.005
    downscale: float = 0.12
    lowest_scale: float = 0.5
    jpeg: float = 0.4
    lowest_quality: int = 50

    def __post_init__(self) -> None:
        """Validate the settings."""
        for name, limit in _LIMITS.items():
            check_strength(f"photo.{name}", getattr(self, name), limit)
        check_share("photo.lowest_scale", self.lowest_scale)
        if self.lowest_scale < 0.1:
            raise InputError(
                f"recipe: photo.lowest_scale is {self.lowest_scale!r}; it must be at least 0.1"
            )
        quality = self.lowest_quality
        if not isinstance(quality, int) or isinstance(quality, bool) or not 1 <= quality <= 95:
            raise InputError(
                f"recipe: photo.lowest_quality is {quality!r}; it must be a whole number "
                "from 1 to 95"
            )

    def draw(self, rng: np.random.Generator) -> CameraSettings:
        """Draw the settings of one photograph.

        Args:
            rng: The only source of randomness. The number of values consumed does not depend on the
                strengths, so that changing one leaves the others as they were.
        """
        stops, warm, green, slope, colour, exponent, blur, grain = np.clip(
            rng.standard_normal(8), -2, 2
        ).tolist()
        chance = dict(zip(("grey", "motion", "downscale", "jpeg"), rng.random(4), strict=True))
        happens = {name: bool(draw < getattr(self, name)) for name, draw in chance.items()}
        corner, far, way, angle, scale, quality = rng.random(6).tolist()
        way *= self.motion_length * happens["motion"]
        direction = math.pi * angle
        return CameraSettings(
            exposure_stops=self.exposure_stops * stops,
            white_balance=_gains(self.white_balance * warm, self.white_balance * green / 3),
            contrast=math.exp(self.contrast * slope),
            saturation=0.0 if happens["grey"] else math.exp(self.saturation * colour),
            gamma=math.exp(self.gamma * exponent),
            vignette=self.vignette * corner**2,  # most lenses darken little
            depth_of_field=self.depth_of_field * far,
            defocus=self.defocus * abs(blur),
            motion=(way * math.cos(direction), way * math.sin(direction)),
            noise=self.noise * abs(grain),
            grain=int(rng.integers(2**31)),
            scale=1 - (1 - self.lowest_scale) * scale * happens["downscale"],
            quality=round(95 - (95 - self.lowest_quality) * quality) if happens["jpeg"] else None,
        )


def develop(light: Image, depth: Image, focus: float, photo: CameraSettings) -> NDArray[np.uint8]:
    """Turn the light of a scene into a photograph.

    Args:
        light: (H, W, 3) linear RGB of the scene; 1 is a white sheet in the key light.
        depth: (H, W) metres along the viewing direction, infinite for the background.
        focus: Depth of the face, metres, on which the lens is focused.
        photo: The camera settings.

    Returns:
        (H, W, 3) uint8 sRGB. Same input, same bytes.

    Raises:
        InputError: The light contains NaN or infinite values.
    """
    if not np.isfinite(light).all():
        raise InputError("the light has values that are not finite; the scene was not rendered")
    unit = light.shape[1] / REFERENCE
    light = through_lens(light, depth, focus, photo.depth_of_field * unit)
    light = blurred(light, photo.defocus * unit)
    light = shaken(light, (photo.motion[0] * unit, photo.motion[1] * unit))
    gain = metered_gain(light, depth < focus + NEAR) * 2**photo.exposure_stops
    levels = srgb(rolled_off(light * (gain * np.array(photo.white_balance)).astype(np.float32)))
    levels = graded(
        levels,
        gamma=photo.gamma,
        contrast=photo.contrast,
        saturation=photo.saturation,
        vignette=photo.vignette,
    )
    # A desaturated picture has grain without colour.
    colour = min(photo.saturation, 1.0)
    levels = at_scale(
        levels,
        photo.scale,
        lambda stored: grainy(stored, photo.noise, colour=colour, seed=photo.grain),
    )
    return compressed(np.rint(levels * 255).astype(np.uint8), photo.quality)


def _gains(warm: float, green: float) -> tuple[float, float, float]:
    """Channel gains, normalised to keep the luminance of grey."""
    gains = np.exp([warm / 2 - green / 2, green / 2, -warm / 2 - green / 2])
    red, middle, blue = (gains / (WEIGHTS[0] @ gains)).tolist()
    return red, middle, blue
