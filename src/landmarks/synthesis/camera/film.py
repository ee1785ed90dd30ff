"""Tone curve, colour grading, sensor noise, resizing and JPEG: from linear RGB to 8 bits."""

import math
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.colour import LUMINANCE

Image = NDArray[np.float32]

FACE_LEVEL: Final = 0.4
"""Linear level, 1 is white, at which the metered part of a face of average skin arrives."""

ADAPTATION: Final = 0.75
"""Share of a difference in brightness (in stops) that the meter takes back: it evens out light,
but dark skin stays darker than fair skin."""

METERED: Final = 75.0
"""Percentile of the luminance that is metered: skin, rather than hair or a highlight."""

KNEE: Final = 0.6
"""Linear level above which the film rolls off; below it, it is straight."""

WEIGHTS: Final = np.array([LUMINANCE], np.float32)
_COMMON: Final = 0.5  # fraction of the grain's variance that the three channels share


def metered_gain(light: Image, person: NDArray[np.bool_]) -> float:
    """The gain of a camera that meters on the person, or on the whole picture without one.

    Args:
        light: (H, W, 3) linear RGB.
        person: (H, W) mask of the pixels to meter.
    """
    luminance = cv2.transform(light, WEIGHTS)
    seen = luminance[person] if person.any() else luminance
    level = max(float(np.percentile(seen, METERED)), 1e-4)
    return float((FACE_LEVEL / level) ** ADAPTATION)


def rolled_off(light: Image) -> Image:
    """A film's response curve: linear up to the knee, then approaching 1 asymptotically."""
    over = np.maximum(light - KNEE, 0)
    rolled = (1 - KNEE) * (1 - np.exp(-over / (1 - KNEE)))
    return _as_image(np.clip(light, 0, KNEE) + rolled)


def srgb(linear: Image) -> Image:
    """IEC 61966-2-1, linear 0..1 to levels 0..1."""
    return np.where(
        linear <= 0.0031308,
        12.92 * linear,
        1.055 * _as_image(cv2.pow(linear, 1 / 2.4)) - 0.055,
    )


def graded(
    levels: Image, *, gamma: float, contrast: float, saturation: float, vignette: float
) -> Image:
    """Adjust tone and colour; gamma, contrast and saturation 1 and vignette 0 change nothing.

    Args:
        levels: (H, W, 3) sRGB, 0..1.
        gamma: Exponent on the levels.
        contrast: Slope at mid grey.
        saturation: Factor on the distance from grey.
        vignette: Fraction of the level that is lost in the corners.
    """
    levels = _as_image(cv2.pow(levels, gamma))
    levels = np.clip(0.5 + np.float32(contrast) * (levels - 0.5), 0, 1)
    grey = cv2.transform(levels, WEIGHTS)[..., None]
    levels = grey + np.float32(saturation) * (levels - grey)
    height, width = levels.shape[:2]
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) ** 2 / 2 for n in (height, width))
    return np.clip(levels * (1 - np.float32(vignette) * (y[:, None] + x))[..., None], 0, 1)


def at_scale(levels: Image, scale: float, change: Callable[[Image], Image]) -> Image:
    """Apply `change` at a lower resolution and resize the result back; the centre stays."""
    height, width = levels.shape[:2]
    small = (max(round(scale * width), 8), max(round(scale * height), 8))
    if small[0] >= width or small[1] >= height:
        return change(levels)
    stored = _as_image(cv2.resize(levels, small, interpolation=cv2.INTER_AREA))
    enlarged = cv2.resize(change(stored), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(_as_image(enlarged), 0, 1)


def grainy(levels: Image, amount: float, *, colour: float, seed: int) -> Image:
    """Add the grain of a sensor, partly common to the channels.

    Shot noise has a variance proportional to the light, which the sRGB curve makes nearly uniform;
    read noise does not depend on the light and so is visible in the shadows.

    Args:
        levels: (H, W, 3) sRGB, 0..1.
        amount: Standard deviation in mid grey.
        colour: Saturation of the grain; 0 for black and white.
        seed: Random seed of the grain.
    """
    if amount == 0:
        return levels
    rng = np.random.default_rng(seed)
    grain = rng.standard_normal((*levels.shape[:2], 4), dtype=np.float32)
    own = colour * math.sqrt(1 - _COMMON)
    mixed = math.sqrt(_COMMON) * grain[..., 3:] + own * grain[..., :3]
    return _as_image(np.clip(levels + amount * (1.4 - 0.8 * levels) * mixed, 0, 1))


def compressed(image: NDArray[np.uint8], quality: int | None) -> NDArray[np.uint8]:
    """Compress to JPEG of this quality and decode."""
    if quality is None:
        return image
    _, file = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(file, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(np.asarray(decoded, np.uint8)[..., ::-1])


def _as_image(array: cv2.typing.MatLike) -> Image:
    """Narrow the type of OpenCV's result: a float32 image stays float32."""
    return np.asarray(array, np.float32)
