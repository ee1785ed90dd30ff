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
        confidence: (K,) expected error of each landmark, and None for a detector that was not
            trained to say it.
        visible: (K,) probability that each landmark can be seen; None as for `confidence`.
        track: In a video: the number of the person, the same in all frames; None elsewhere.
    """

    box: Box
    points: NDArray[np.float32]
    confidence: NDArray[np.float32] | None = None
    visible: NDArray[np.float32] | None = None
    track: int | None = None


def tight_box(points: NDArray[np.float32]) -> Box:
    """The box around (K, 2) points."""
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return x0, y0, x1, y1
