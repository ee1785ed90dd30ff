"""Light, colour and camera of a scene: quick changes of 8-bit pictures."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.camera.film import compressed

Image = NDArray[np.uint8]

_GRAIN = 1024  # pixels of a side of the stored noise


def tinted(image: Image, rng: np.random.Generator) -> Image:
    """Another exposure, contrast and white balance, and light from one side."""
    gamma = np.exp(rng.normal(0, 0.3))
    gains = np.exp(rng.normal(-0.05, 0.2) + rng.normal(0, 0.08, 3))
    levels = np.linspace(0, 1, 256)[:, None] ** gamma * gains
    levels = 0.5 + (levels - 0.5) * rng.uniform(0.6, 1.25)
    table = np.clip(255 * levels, 0, 255).astype(np.uint8)
    image = np.asarray(cv2.LUT(np.ascontiguousarray(image), table[None]), np.uint8)
    if rng.random() < 0.3:
        height, width = image.shape[:2]
        x, y = np.linspace(-1, 1, width)[None], np.linspace(-1, 1, height)[:, None]
        slope, turn = rng.uniform(0, 0.8), rng.uniform(0, 2 * np.pi)
        light = np.clip(1 + slope * (np.cos(turn) * x + np.sin(turn) * y), 0.1, 2)
        image = np.clip(image * light[..., None].astype(np.float32), 0, 255).astype(np.uint8)
    return image


def photographed(image: Image, rng: np.random.Generator) -> Image:
    """What a camera makes of a scene: tone, blur, grain, a low resolution, JPEG, no colour."""
    size = image.shape[1::-1]
    if rng.random() < 0.7:
        image = tinted(image, rng)
    if rng.random() < 0.12:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        image = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
    if rng.random() < 0.3:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)
    elif rng.random() < 0.3:
        soft = cv2.GaussianBlur(image, (0, 0), 1.0)
        image = np.asarray(cv2.addWeighted(image, 1.8, soft, -0.8, 0), np.uint8)
    if rng.random() < 0.15:
        small = tuple(int(v * rng.uniform(0.35, 0.9)) for v in size)
        reduced = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(reduced, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    if rng.random() < 0.4:
        x, y = (int(v) for v in rng.integers(0, _GRAIN - max(size), 2))
        grain = _grain()[y : y + size[1], x : x + size[0]] * np.float32(rng.uniform(1, 14))
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    quality = int(rng.integers(25, 96)) if rng.random() < 0.35 else None
    return compressed(image, quality)


@lru_cache(maxsize=1)
def _grain() -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((_GRAIN, _GRAIN, 3), dtype=np.float32)
