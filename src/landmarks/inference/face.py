"""Face: what a detector says about one face of a photo."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box


@dataclass(frozen=True, eq=False)
class Face:
    """A face with its landmarks, in pixels of the photo.

    Attributes:
        box: (x0, y0, x1, y1) of the region that the landmarks were looked for in: the box that was
            given or, of a face that was found, a box tight around a first prediction of them.
        points: (K, 2) landmarks, x and y; (0, 0) is the centre of the top-left pixel.
        error: (K,) expected distance of each landmark from its true place. None, like the next
            two, for a detector without `Reliability`.
        confidence: (K,) probability that this distance is at most 3 % of the side of the region
            that was looked at, about 4 % of the box.
        visible: (K,) probability that each landmark is seen, not behind something.
        track: In a video: the number of the person, the same in all frames; None elsewhere.
    """

    box: Box
    points: NDArray[np.float32]
    error: NDArray[np.float32] | None = None
    confidence: NDArray[np.float32] | None = None
    visible: NDArray[np.float32] | None = None
    track: int | None = None


def tight_box(points: NDArray[np.float32]) -> Box:
    """The box around (K, 2) points."""
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return x0, y0, x1, y1
