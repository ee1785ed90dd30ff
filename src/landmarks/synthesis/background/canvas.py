"""Tools for painting backgrounds: a canvas in the unit square, noise, and natural colours.

Coordinates are (x, y) in units of the picture's side, from its top-left corner, so that the result
does not depend on the resolution. Colours are sRGB, 0 to 255. Most real surfaces are grey, brown,
dull green or dull blue, and so are the palettes; saturated colours are rare.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Colour = NDArray[np.float64]
Field = NDArray[np.float32]
Palette = Sequence[tuple[int, int, int]]

_SHIFT: Final = 4  # OpenCV takes coordinates as multiples of 2^-4 pixels

WALLS: Final = (
    (232, 228, 220), (212, 205, 190), (198, 199, 200), (154, 153, 150), (180, 164, 142),
    (118, 126, 132), (94, 94, 97), (164, 168, 156), (150, 162, 172), (124, 92, 78),
    (62, 66, 74), (38, 38, 40), (222, 212, 196), (132, 112, 94),
)  # fmt: skip
WOOD: Final = ((122, 88, 60), (92, 64, 46), (164, 128, 92), (62, 46, 38), (190, 162, 126))
THINGS: Final = (
    (30, 30, 33), (70, 70, 74), (128, 126, 122), (206, 204, 198), (236, 234, 228), (46, 56, 78),
    (96, 70, 54), (150, 128, 104), (76, 92, 108), (78, 88, 66), (132, 62, 54), (168, 142, 86),
    (70, 104, 112), (112, 54, 62), (54, 42, 40), (176, 176, 180),
)  # fmt: skip
LOUD: Final = ((186, 44, 38), (32, 82, 160), (214, 172, 40), (34, 122, 78), (208, 104, 44))
FOLIAGE: Final = (
    (72, 88, 52), (96, 112, 66), (52, 66, 44), (124, 130, 82), (112, 104, 66), (84, 100, 76),
)  # fmt: skip
SKY: Final = ((172, 198, 224), (208, 218, 228), (236, 238, 240), (128, 164, 204), (196, 188, 182))
GROUND: Final = ((112, 110, 107), (150, 143, 132), (98, 104, 66), (170, 155, 128), (82, 79, 74))
STONE: Final = ((172, 164, 150), (136, 128, 118), (140, 96, 78), (196, 190, 180), (98, 96, 95))
SKIN: Final = ((232, 194, 172), (212, 168, 140), (182, 134, 106), (128, 90, 68), (80, 56, 44))
HAIR: Final = ((30, 26, 24), (58, 44, 36), (98, 72, 50), (150, 118, 82), (124, 120, 117))
LAMP: Final = (255, 252, 244)


def colour(palette: Palette, rng: np.random.Generator) -> Colour:
    """A random colour of the palette with varied brightness and slightly varied hue."""
    picked = np.array(palette[int(rng.integers(len(palette)))], np.float64)
    return np.asarray(np.clip(picked * rng.uniform(0.75, 1.2) + rng.normal(0, 4, 3), 4, 244))


def things(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Colours (count, 3) of everyday objects; one in fourteen is saturated."""
    palette = np.array([*THINGS * 12, *LOUD * 3], np.float64)
    picked = palette[rng.integers(len(palette), size=count)]
    shades = rng.uniform(0.7, 1.2, (count, 1))
    return np.asarray(np.clip(picked * shades + rng.normal(0, 5, (count, 3)), 4, 244))


def noise(
    size: int, rng: np.random.Generator, *, coarsest: int, slope: float = 1.0, finest: int = 512
) -> Field:
    """Smooth noise over a range of scales, with a spectrum like that of photographs.

    Octaves of random grids; equal strength in each gives amplitudes of 1/f (Field 1987).

    Args:
        size: Side of the result, pixels. Octaves too fine for it are skipped.
        rng: Provides the seed; consumes one value at any size.
        coarsest: Cells along a side of the coarsest grid.
        slope: Strength of an octave is its wavelength to the power of `slope - 1`.
        finest: Cells along a side of the finest grid.

    Returns:
        (size, size) of standard deviation near 1.
    """
    own = np.random.default_rng(rng.integers(2**63))
    total = np.zeros((size, size), np.float32)
    power, cells = 0.0, coarsest
    while cells <= finest:
        strength = (cells / coarsest) ** (1 - slope)
        if cells <= size:
            grid = own.standard_normal((cells + 1, cells + 1), dtype=np.float32)
            total += strength * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        power += strength**2
        cells *= 2
    return np.asarray(total * np.float32(1.2 / np.sqrt(power)), np.float32)


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    """Corners (4, 2) of an upright rectangle."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def boxes(x0: Colour, y0: Colour, x1: Colour, y1: Colour) -> NDArray[np.float64]:
    """Corners (N, 4, 2) of upright rectangles whose edges are (N,) each."""
    return np.stack(
        [np.stack(corner, axis=-1) for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))], axis=1
    )


class Plane:
    """A flat rectangle seen in perspective, with coordinates from 0 to 1.

    Attributes:
        matrix: (3, 3) homography to the picture.
    """

    def __init__(self, corners: Points) -> None:
        """Create a plane from its corners (4, 2) in the picture: (0, 0), (1, 0), (1, 1), (0, 1)."""
        unit = box(0, 0, 1, 1).astype(np.float32)
        self.matrix = np.asarray(cv2.getPerspectiveTransform(unit, corners.astype(np.float32)))

    def __call__(self, points: Points) -> Points:
        """Points (..., 2) of the plane in the picture."""
        mapped = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return np.asarray(mapped[..., :2] / mapped[..., 2:])


class Canvas:
    """An image to paint on.

    Attributes:
        image: (size, size, 3) uint8 sRGB.
        size: Its side, pixels.
    """

    def __init__(self, size: int, ground: Colour) -> None:
        self.size = size
        self.image = np.empty((size, size, 3), np.uint8)
        self.image[:] = np.clip(ground, 0, 255).astype(np.uint8)

    def fill(self, points: Points, paint: Colour) -> None:
        """Fill a polygon (P, 2)."""
        cv2.fillPoly(self.image, [self._fixed(points)], _scalar(paint), cv2.LINE_AA, _SHIFT)

    def fill_all(self, polygons: NDArray[np.float64], paints: NDArray[np.float64]) -> None:
        """Fill polygons (N, P, 2) one after the other, in colours (N, 3)."""
        for points, paint in zip(self._fixed(polygons), paints.clip(0, 255).tolist(), strict=True):
            cv2.fillPoly(self.image, [points], paint, cv2.LINE_AA, _SHIFT)

    def line(self, points: Points, paint: Colour, width: float) -> None:
        """Draw an open line (P, 2), `width` of the picture's side thick and at least a pixel."""
        thickness = max(1, round(width * self.size))
        fixed = self._fixed(points)
        cv2.polylines(self.image, [fixed], False, _scalar(paint), thickness, cv2.LINE_AA, _SHIFT)

    def ellipse(
        self, centre: Points, radii: tuple[float, float], paint: Colour, *, turn: float = 0.0
    ) -> None:
        """Fill an ellipse, rotated by `turn` degrees."""
        x, y = self._fixed(centre).tolist()
        a, b = (max(1, round(r * self.size * 2**_SHIFT)) for r in radii)
        cv2.ellipse(
            self.image, (x, y), (a, b), turn, 0, 360, _scalar(paint), -1, cv2.LINE_AA, _SHIFT
        )

    def veil(self, centre: Points, radius: float, paint: Colour, alpha: float) -> None:
        """Blend a semi-transparent disc over the picture; `alpha` 1 is opaque."""
        low = np.floor((centre - radius) * self.size).astype(int) - 1
        high = np.ceil((centre + radius) * self.size).astype(int) + 2
        (x0, y0), (x1, y1) = np.clip([low, high], 0, self.size).tolist()
        if x0 >= x1 or y0 >= y1:
            return
        part = self.image[y0:y1, x0:x1]
        disc = np.zeros(part.shape[:2], np.uint8)
        x, y = (self._fixed(centre) - (np.array([x0, y0]) << _SHIFT)).tolist()
        cv2.circle(
            disc, (x, y), round(radius * self.size * 2**_SHIFT), 255, -1, cv2.LINE_AA, _SHIFT
        )
        share = disc[..., None] * np.float32(alpha / 255)
        part[:] = (part + share * (paint.astype(np.float32) - part)).astype(np.uint8)

    def blend(self, share: Field, paint: Colour | Field) -> None:
        """Blend in a colour or a picture (size, size, 3); `share` is (size, size), 0 to 1."""
        old = self.image.astype(np.float32)
        amount = np.asarray(share, np.float32)[..., None]
        mixed = old + amount * (np.asarray(paint, np.float32) - old)
        self.image[:] = np.clip(mixed, 0, 255).astype(np.uint8)

    def soften(self, sigma: float) -> None:
        """Blur everything by `sigma` of the picture's side."""
        pixels = sigma * self.size
        if pixels > 0.3:
            cv2.GaussianBlur(
                self.image, (0, 0), pixels, dst=self.image, borderType=cv2.BORDER_REFLECT
            )

    def grid(self) -> tuple[Field, Field]:
        """Coordinates x (1, size) and y (size, 1) of the pixels' centres."""
        steps = ((np.arange(self.size) + 0.5) / self.size).astype(np.float32)
        return steps[None, :], steps[:, None]

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        """Unit square to OpenCV's fixed-point pixels; its integers are pixel centres."""
        pixels = np.clip(points * self.size - 0.5, -8 * self.size, 8 * self.size)
        return np.asarray(np.rint(pixels * 2**_SHIFT), np.int32)


def _scalar(paint: Colour) -> tuple[float, ...]:
    return tuple(np.clip(paint, 0, 255).tolist())
