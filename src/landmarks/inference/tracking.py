"""Which faces of successive frames are the same person's: those whose boxes overlap most."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from scipy.optimize import linear_sum_assignment

from landmarks.data.coordinates import Box
from landmarks.inference.face import Face
from landmarks.inference.finders.finder import overlaps


@dataclass
class Tracker:
    """Numbers the faces of a video.

    Attributes:
        least_overlap: Intersection over union that two faces of one person have at least.
        patience: Frames that a person may be out of sight and keep the number.
    """

    least_overlap: float = 0.2
    patience: int = 15
    _frame: int = 0
    _latest: dict[int, tuple[Box, int]] = field(default_factory=dict)
    _count: int = 0

    def follow(self, faces: Sequence[Face]) -> list[Face]:
        """The faces of the next frame with their tracks.

        Each gets the track of the last face that it overlaps, such that the sum of overlaps is
        largest, or a new one.
        """
        self._frame += 1
        known = [track for track, (_, seen) in self._latest.items() if self._recent(seen)]
        boxes = [face.box for face in faces]
        shared = overlaps(boxes, [self._latest[track][0] for track in known])
        matches = {
            int(face): known[track]
            for face, track in zip(*linear_sum_assignment(shared, maximize=True), strict=True)
            if shared[face, track] >= self.least_overlap
        }
        numbered = []
        for i, (face, box) in enumerate(zip(faces, boxes, strict=True)):
            track = matches[i] if i in matches else self._new()
            self._latest[track] = box, self._frame
            numbered.append(replace(face, track=track))
        return numbered

    def _recent(self, seen: int) -> bool:
        return self._frame - seen <= self.patience + 1

    def _new(self) -> int:
        self._count += 1
        return self._count
