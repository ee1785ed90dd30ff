"""Changes of light and colour as linear maps of RGB, which compose and cost one product a pixel."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

# RGB to luma and two axes of chroma, in which hue is an angle and saturation a length (the YIQ of
# NTSC; SMPTE 170M weights).
_TO_YIQ: Final = np.array(
    [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
)
_FROM_YIQ: Final = np.linalg.inv(_TO_YIQ)


def light(contrast: float, brightness: float) -> NDArray[np.float64]:
    """(3, 4) map that multiplies levels by `contrast` and adds `brightness` levels."""
    return np.column_stack([contrast * np.eye(3), np.full(3, brightness)])


def chroma(hue: float, saturation: float) -> NDArray[np.float64]:
    """(3, 4) map that turns hues by `hue` radians and multiplies saturation; luma stays."""
    cos, sin = saturation * np.cos(hue), saturation * np.sin(hue)
    turned = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return np.column_stack([_FROM_YIQ @ turned @ _TO_YIQ, np.zeros(3)])


def channels(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 4) map that adds so many `levels`, (3,), to red, green and blue."""
    return np.column_stack([np.eye(3), levels])


def after(second: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    """The (3, 4) map that does `first`, then `second`."""
    composed = second[:, :3] @ first
    composed[:, 3] += second[:, 3]
    return np.asarray(composed)
