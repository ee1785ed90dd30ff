"""Panoramas in linear light: read them, and see a part of one."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.data.files import IMAGE_BYTES, open_file
from landmarks.errors import InputError
from landmarks.synthesis.colour import LUMINANCE

SUFFIXES: Final = (".hdr",)
WEIGHTS: Final = np.array(LUMINANCE)

LEAST_WIDTH = 64  # pixels
SHOWN = 1024  # pixels, to which panoramas are reduced as backgrounds
NEUTRAL = 0.7  # how much of the light's tint a camera's white balance removes, in logarithms


def read_panorama(path: Path, width: int) -> NDArray[np.float32]:
    """Read a panorama in Radiance's format, reduced to `width` if it is larger.

    Returns:
        (width / 2, width, 3) linear RGB: the upper row is the zenith, the middle column +y, and
        columns to the right of it +x.

    Raises:
        InputError: It is no such file.
    """
    with open_file(path, IMAGE_BYTES) as file:
        content = file.read()
    image = None
    if content[:2] == b"#?":
        with suppress(cv2.error):
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.float32 or image.ndim != 3:
        raise InputError(f"{path}: not a complete Radiance picture (.hdr)")
    height, across = image.shape[:2]
    if across != 2 * height or across < LEAST_WIDTH:
        raise InputError(
            f"{path}: is {across} x {height} pixels; a panorama of all directions is twice as wide "
            f"as high, and at least {LEAST_WIDTH} wide"
        )
    if across > width:
        image = cv2.resize(image, (width, width // 2), interpolation=cv2.INTER_AREA)
    light = np.ascontiguousarray(image[..., ::-1], np.float32)
    if not np.isfinite(light).all() or light.min() < 0 or not light.max() > 0:
        raise InputError(f"{path}: has no light, or light that is not finite and positive")
    return light


def view_of(file: str, turn: float, rays: NDArray[np.floating]) -> NDArray[np.float32]:
    """A panorama as seen from its middle; the mean over all directions is 1.

    Args:
        file: The panorama.
        turn: Radians by which it is turned about the vertical, from +y towards +x.
        rays: (H, W, 3) directions in the world.

    Returns:
        (H, W, 3) linear RGB.
    """
    light = _shown(file)
    height, width = len(light), 2 * len(light)
    x, y, z = np.moveaxis(rays / np.linalg.norm(rays, axis=-1, keepdims=True), -1, 0)
    right = (np.arctan2(x, y) - turn) / (2 * np.pi) + 0.5
    down = 0.5 - np.arcsin(np.clip(z, -1, 1)) / np.pi
    across = np.mod(right * width - 0.5, width).astype(np.float32)
    along = (down * height - 0.5).astype(np.float32)
    return np.asarray(
        cv2.remap(light, across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


@lru_cache(maxsize=32)
def _shown(file: str) -> NDArray[np.float32]:
    """A panorama of mean 1, with the first column again on the right, to interpolate up to it."""
    light = balanced(read_panorama(Path(file), SHOWN))
    even = np.asarray(light / mean_light(light, sphere(len(light))[1]), np.float32)
    shown = np.concatenate([even, even[:, :1]], axis=1)
    shown.setflags(write=False)
    return shown


def mean_light(light: NDArray[np.floating], areas: NDArray[np.float64]) -> float:
    """The mean luminance over all directions."""
    return float(((light @ WEIGHTS) * areas).sum() / (4 * np.pi))


def balanced(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove part of the overall tint, as a camera's white balance does."""
    _, areas = sphere(len(light))
    mean = (light * areas[..., None]).sum(axis=(0, 1)) + 1e-9
    return np.asarray(light * (mean @ WEIGHTS / mean) ** NEUTRAL, np.float32)


@lru_cache(maxsize=4)
def sphere(height: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions (H, 2H, 3) of a panorama's pixels, and their solid angles (H, 2H)."""
    azimuth = 2 * np.pi * ((np.arange(2 * height) + 0.5) / (2 * height) - 0.5)
    elevation = np.pi * (0.5 - (np.arange(height) + 0.5) / height)
    across, up = np.cos(elevation)[:, None], np.sin(elevation)[:, None]
    x, y = across * np.sin(azimuth), across * np.cos(azimuth)
    directions = np.stack([x, y, np.broadcast_to(up, x.shape)], axis=-1)
    areas: NDArray[np.float64] = np.repeat(across, 2 * height, axis=1)
    areas *= 4 * np.pi / areas.sum()
    return directions, areas
