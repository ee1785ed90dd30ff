"""Lens effects: depth of field, defocus and motion blur.

Every blur is centred, so that a landmark stays on its pixel.
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

NEAR: Final = 0.3
"""Metres behind the face up to which things belong to the person and not to the background."""

_OF_PERSON: Final = 0.25
"""Blur of the head's own depth, as a share of the background's; deeper, it grows no more."""


def through_lens(light: Image, depth: Image, focus: float, sigma: float) -> Image:
    """Depth of field of a thin lens: blur in proportion to |depth - focus| / depth.

    Args:
        light: (H, W, 3) linear RGB.
        depth: (H, W) metres, infinite for the background.
        focus: Depth that is sharp, metres.
        sigma: Standard deviation of the blur at infinity, pixels.
    """
    if sigma < 0.3:
        return light
    share = np.clip(np.abs(1 - focus / depth) / _OF_PERSON, 0, 1).astype(np.float32)[..., None]
    person = light + share * (blurred(light, _OF_PERSON * sigma) - light)
    # The background is blurred without the face, so that there is no halo around it; pixels
    # on the outline, which mix both, are excluded.
    near = depth < focus + NEAR
    far = np.asarray(cv2.erode((~near).astype(np.float32), np.ones((3, 3))))[..., None]
    spread = blurred(np.concatenate([light * far, far], axis=-1), sigma)
    background = spread[..., :3] / np.maximum(spread[..., 3:], 1e-6)
    return _as_image(np.where(far > 0, background, person))


def blurred(image: Image, sigma: float) -> Image:
    """Gaussian blur by `sigma` pixels."""
    if sigma < 0.1:  # less than a hundredth of a pixel's light goes to its neighbours
        return image
    taps = 2 * math.ceil(3 * sigma) + 1
    return _as_image(cv2.GaussianBlur(image, (taps, taps), sigma, borderType=cv2.BORDER_REFLECT))


def shaken(image: Image, way: tuple[float, float]) -> Image:
    """Motion blur along a straight line of (x, y) pixels, centred on each pixel."""
    reach = math.ceil(max(abs(way[0]), abs(way[1])) / 2)
    if reach == 0:
        return image
    steps = np.linspace(-0.5, 0.5, 8 * reach + 1)[:, None]
    grid = np.arange(-reach, reach + 1)
    across, down = (np.maximum(0, 1 - np.abs(grid - w * steps)) for w in way)
    kernel = (down.T @ across / len(steps)).astype(np.float32)  # symmetric about its centre
    return _as_image(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT))


def _as_image(array: cv2.typing.MatLike) -> Image:
    """Narrow the type of OpenCV's result: a float32 image stays float32."""
    return np.asarray(array, np.float32)
