"""A canvas for drawn faces: smooth, sub-pixel shapes on a uint8 RGB image.

Coordinates are (x, y) pixels with (0, 0) at the centre of the top-left pixel, as everywhere.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

_ANGLES = np.linspace(0, 2 * np.pi, 24, endpoint=False)
_SHIFT = 4  # OpenCV takes coordinates as multiples of 2^-4 pixels
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_GROWTH = 0.6  # pixels that its anti-aliased filling adds on every side


class Canvas:
    """An image that is drawn on.

    Attributes:
        image: (H, W, 3) uint8 RGB.
    """

    def __init__(self, image: Image) -> None:
        self.image = image

    def fill(self, polygon: Array, colour: Array, alpha: float = 1.0) -> None:
        """Fill a closed polygon (P, 2); `alpha` 1 covers what was there."""

        def draw(band: Image, top: int) -> None:
            points = _fixed(_shrunk(polygon) - (0, top))
            cv2.fillPoly(band, [points], _scalar(colour), cv2.LINE_AA, _SHIFT)

        self._blend(draw, polygon, alpha, reach=2)

    def line(self, points: Array, colour: Array, width: float, alpha: float = 1.0) -> None:
        """Draw an open line (P, 2); its width in pixels is rounded, a thin one fades instead."""
        thickness = max(1, round(width))

        def draw(band: Image, top: int) -> None:
            line = _fixed(points - (0, top))
            cv2.polylines(band, [line], False, _scalar(colour), thickness, cv2.LINE_AA, _SHIFT)

        self._blend(draw, points, alpha * min(1.0, width), reach=2 + thickness)

    def cover(self, colour: Array) -> None:
        """Paint everything over."""
        self.image[:] = np.rint(colour).astype(np.uint8)

    def disc(self, centre: Array, radius: float, colour: Array, alpha: float = 1.0) -> None:
        """Fill a circle."""
        self.fill(ellipse(centre, (radius, radius)), colour, alpha)

    def within(self, polygons: Sequence[Array], paint: Callable[["Canvas"], None]) -> None:
        """Let `paint` draw, but keep only what lies inside the polygons."""
        corners = np.concatenate(polygons)
        height, width = self.image.shape[:2]
        x0, y0 = np.clip(np.floor(corners.min(axis=0)) - 2, 0, (width, height)).astype(int)
        x1, y1 = np.clip(np.ceil(corners.max(axis=0)) + 3, 0, (width, height)).astype(int)
        if x0 >= x1 or y0 >= y1:
            return
        mask = np.zeros((height, width), np.uint8)
        for polygon in polygons:
            cv2.fillPoly(mask, [_fixed(_shrunk(polygon))], 255.0, cv2.LINE_AA, _SHIFT)
        layer = Canvas(self.image.copy())
        paint(layer)
        part = (slice(y0, y1), slice(x0, x1))
        share = mask[part][..., None].astype(np.float32) / 255
        old, new = (image[part].astype(np.float32) for image in (self.image, layer.image))
        self.image[part] = np.rint(old + (new - old) * share).astype(np.uint8)

    def _blend(
        self, draw: Callable[[Image, int], None], points: Array, alpha: float, *, reach: int
    ) -> None:
        """Draw on the rows around `points`, and mix them with what was there."""
        top = max(int(points[:, 1].min()) - reach, 0)
        band = self.image[top : max(int(points[:, 1].max()) + reach + 1, 0)]
        if not band.size:
            return
        painted = band if alpha >= 1 else band.copy()
        draw(painted, top)
        if alpha < 1:
            cv2.addWeighted(painted, alpha, band, 1 - alpha, 0, dst=band)


def curve(points: Array, *, closed: bool = False) -> Array:
    """A smooth curve (Q, 2) through points (P, 2), six steps from each to the next."""
    return np.asarray(_curve_weights(len(points), closed) @ points)


def ellipse(centre: Array, radii: tuple[float, float], turn: float = 0.0) -> Array:
    """Outline (24, 2) of an ellipse, turned clockwise by `turn` radians."""
    cos, sin = math.cos(turn), math.sin(turn)
    axes = np.array([(radii[0] * cos, radii[0] * sin), (-radii[1] * sin, radii[1] * cos)])
    return np.asarray(centre + _CIRCLE @ axes)


@lru_cache
def _curve_weights(num_points: int, closed: bool) -> Array:
    """(Q, P) weights of a Catmull-Rom spline; open ones are extended straight at both ends."""
    eye = np.eye(num_points)
    if closed:
        padded = np.concatenate([eye[-1:], eye, eye[:2]])
    else:
        padded = np.concatenate([2 * eye[:1] - eye[1:2], eye, 2 * eye[-1:] - eye[-2:-1]])
    rows = []
    for k in range(len(padded) - 3):
        before, start, end, after = padded[k : k + 4]
        for t in np.arange(6) / 6:
            rows.append(
                start
                + 0.5 * t * (end - before)
                + t**2 * (before - 2.5 * start + 2 * end - 0.5 * after)
                + t**3 * (1.5 * (start - end) + 0.5 * (after - before))
            )
    if not closed:
        rows.append(eye[-1])
    return np.stack(rows)


def _shrunk(polygon: Array) -> Array:
    """The polygon that, filled, covers what was meant."""
    away = polygon - polygon.sum(axis=0) / len(polygon)
    distance = np.sqrt((away * away).sum(axis=1, keepdims=True))
    return np.asarray(polygon - away * np.minimum(_GROWTH / (distance + 1e-6), 0.5))


def _fixed(points: Array) -> NDArray[np.int32]:
    return np.asarray(np.rint(points * 2**_SHIFT), np.int32)


def _scalar(colour: Array) -> tuple[float, ...]:
    return tuple(float(c) for c in colour)
