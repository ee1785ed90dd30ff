"""Shapes: landmarks without place, size and rotation, as complex numbers x + iy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Seen = NDArray[np.bool_]

_ROUNDS = 6  # of the mean shape, which no longer changes then
_FACES = 1000  # that an average is taken of


def as_complex(points: NDArray[np.floating]) -> Complex:
    """(..., 2) points as complex numbers, x + iy."""
    return np.asarray(points[..., 0].astype(np.float64) + 1j * points[..., 1].astype(np.float64))


@dataclass(frozen=True, eq=False)
class Frames:
    """The face-normalised frame of each face: the similarity from a mean shape to it.

    As `landmarks.adapters.frame`, for faces that lack some landmarks.

    Attributes:
        centre: (N, 1) of each face, pixels.
        turn: (N, 1) its size in pixels times its rotation, relative to the mean shape.
    """

    centre: Complex
    turn: Complex

    @classmethod
    def of(cls, points: Complex, seen: Seen, mean: Complex) -> "Frames":
        """Least squares: from `mean` (K,) to each face of `points` (N, K), where `seen`."""
        count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
        middle = (seen * mean).sum(axis=1, keepdims=True) / count
        centre = (seen * points).sum(axis=1, keepdims=True) / count
        own = seen * (mean - middle)
        size = np.maximum((np.abs(own) ** 2).sum(axis=1, keepdims=True), 1e-12)
        turn = ((points - centre) * own.conj()).sum(axis=1, keepdims=True) / size
        turn = np.where(np.abs(turn) > 1e-9, turn, 1.0)
        return cls(centre - turn * middle, turn)

    def normalise(self, points: Complex) -> Complex:
        """(N, K) pixels to units of the mean shape."""
        return np.asarray((points - self.centre) / self.turn)

    @property
    def size(self) -> NDArray[np.float64]:
        """(N,) pixels that are one unit of the mean shape."""
        return np.abs(self.turn[:, 0])

    @property
    def roll(self) -> NDArray[np.float64]:
        """(N,) rotation in the image, clockwise, radians."""
        return np.angle(self.turn[:, 0])


def mean_shape(points: Complex, seen: Seen) -> Complex:
    """(K,) average of upright faces (N, K): centred, of root mean square size 1.

    Generalised Procrustes analysis with medians, so that a few wrong faces do not change it.
    """
    step = -(-len(points) // _FACES)
    points, seen = points[::step], seen[::step]
    mean = _unit(median(points - _middle(points, seen), seen))
    for _ in range(_ROUNDS):
        shapes = Frames.of(points, seen, mean).normalise(points)
        mean = _unit(median(shapes, seen))
    return mean


def median(values: Complex, seen: Seen) -> Complex:
    """(K,) over the faces (N, K), where seen; over all faces for a landmark that is never seen."""
    seen = seen | ~seen.any(axis=0)
    x, y = (np.where(seen, part, np.nan) for part in (values.real, values.imag))
    return np.asarray(np.nanmedian(x, axis=0) + 1j * np.nanmedian(y, axis=0))


def reflected(shapes: Complex) -> Complex:
    """Shapes reflected left to right, in the same order of landmarks."""
    return -shapes.conj()


def _middle(points: Complex, seen: Seen) -> Complex:
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    return np.asarray((seen * points).sum(axis=1, keepdims=True) / count)


def _unit(mean: Complex) -> Complex:
    centred = mean - mean.mean()
    return np.asarray(centred / np.sqrt((np.abs(centred) ** 2).mean()))
