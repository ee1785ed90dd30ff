"""The Haar cascade that comes with OpenCV (Viola and Jones, 2001): no weights of our own.

Its squares reach from above the brows to the lips. They are moved and scaled to the tight box of
the 68 landmarks by numbers fitted on 1,600 rendered faces of 160 x 160 pixels, of which the cascade
finds 1,385, 87 %: the medians of the box's size and place relative to the square. What is left,
relative to the box's longer side (interquartile range over 1.35): 8 % of size, 14 % sideways, most
of it on faces that look to a side, and 5 % up and down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import cv2.data
import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box
from landmarks.inference.finders.finder import FoundBox, distinct, enlarged, reduced

CASCADE = "haarcascade_frontalface_alt2.xml"

# Relative to the side of the square: width and height of the box, and how far it is below.
WIDE, HIGH, DOWN = 0.86, 0.87, 0.16


@dataclass(frozen=True)
class HaarFinder:
    """Finds upright faces seen from the front.

    Attributes:
        longest: Longer side of the copy that is searched, pixels.
        smallest: Side of the smallest faces that are found, pixels of that copy.
        neighbours: Detections next to each other that make a face; fewer find more faces, and more
            that are none.
    """

    longest: int = 1024
    smallest: int = 40
    neighbours: int = 3

    @cached_property
    def _cascade(self) -> cv2.CascadeClassifier:
        return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / CASCADE))

    def find(self, images: Sequence[NDArray[np.uint8]]) -> list[tuple[FoundBox, ...]]:
        """The faces of each photo, the surest first."""
        return [self._find(image) for image in images]

    def _find(self, image: NDArray[np.uint8]) -> tuple[FoundBox, ...]:
        small, factor = reduced(image, self.longest)
        found, _, scores = self._cascade.detectMultiScale3(
            cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)),
            scaleFactor=1.1,
            minNeighbors=self.neighbours,
            minSize=(self.smallest, self.smallest),
            outputRejectLevels=True,
        )
        order = np.argsort(-np.asarray(scores, np.float64).ravel(), kind="stable")
        boxes = [enlarged(_calibrated(*map(float, found[i])), factor) for i in order]
        return tuple(FoundBox(boxes[i], float(np.ravel(scores)[order[i]])) for i in distinct(boxes))


def _calibrated(x: float, y: float, width: float, height: float) -> Box:
    """The landmarks' box from the square of the cascade, both in pixels of the searched copy."""
    centre_x, centre_y = x + (width - 1) / 2, y + (height - 1) / 2 + DOWN * height
    half_x, half_y = WIDE * width / 2, HIGH * height / 2
    return centre_x - half_x, centre_y - half_y, centre_x + half_x, centre_y + half_y
