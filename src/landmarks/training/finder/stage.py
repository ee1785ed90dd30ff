"""Stage: a picture in the making, which remembers whose face is seen in which pixel."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.classes import Class

Image = NDArray[np.uint8]

SEEN, HIDDEN = 0.55, 0.1  # share of a face that is seen: above, it is found; below, it is no face
NOBODY: Final = -1

NONE, FACE, UNCERTAIN = 0, 1, 2
"""What a box of a scene is: padding, a face, or a face of which too little is seen to say."""


class Stage:
    """A picture into which others are put, the farthest first.

    Args:
        canvas: (size, size, 3) uint8, changed in place.
    """

    def __init__(self, canvas: Image) -> None:
        self.canvas = canvas
        self._owner = np.full(canvas.shape[:2], NOBODY, np.int16)
        self._boxes: list[NDArray[np.float64]] = []
        self._areas: list[float] = []

    def put(
        self,
        picture: Image,
        matrix: NDArray[np.float64],
        shown: NDArray[np.bool_],
        landmarks: NDArray[np.float64] | None = None,
    ) -> None:
        """Put the pixels of a picture where `matrix` says, over all that is there.

        Args:
            picture: (H, W, 4) RGB and class.
            matrix: (2, 3) from its pixels to those of the scene.
            shown: (H, W) which of its pixels.
            landmarks: (68, 2) of its face, in its pixels; None: it shows none.
        """
        size = len(self.canvas)
        corners = np.array([(0, 0), (1, 0), (0, 1), (1, 1)]) * picture.shape[1::-1]
        places = corners @ matrix[:, :2].T + matrix[:, 2]
        low = np.maximum(np.floor(places.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(places.max(axis=0)).astype(int) + 1, size)
        if (high <= low).any():
            return
        local = matrix - np.array([[0, 0, low[0]], [0, 0, low[1]]])
        extent = tuple((high - low).tolist())
        part = np.s_[low[1] : high[1], low[0] : high[0]]
        rgba = joined(picture[..., :3], 255 * shown.astype(np.uint8))
        warped = cv2.warpAffine(rgba, local, extent, flags=cv2.INTER_LINEAR)
        alpha = warped[..., 3:].astype(np.float32) / 255
        target = self.canvas[part]
        target[:] = target + alpha * (warped[..., :3] - target.astype(np.float32))
        owner = self._owner[part]
        owner[alpha[..., 0] > 0.5] = NOBODY
        if landmarks is None:
            return
        face = _face_pixels(picture[..., 3]).astype(np.uint8)
        owner[cv2.warpAffine(face, local, extent, flags=cv2.INTER_NEAREST) > 0] = len(self._boxes)
        placed = landmarks @ matrix[:, :2].T + matrix[:, 2]
        self._boxes.append(np.concatenate([placed.min(axis=0), placed.max(axis=0)]))
        self._areas.append(float(face.sum() * abs(np.linalg.det(matrix[:, :2]))))

    def cover(self, part: tuple[slice, slice]) -> None:
        """Forget whose face was seen in a part of the picture."""
        self._owner[part] = NOBODY

    def found(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """The boxes of what can be seen."""
        owned = self._owner[self._owner >= 0]
        seen = np.bincount(owned, minlength=len(self._boxes)) / np.maximum(self._areas, 1)
        kept = [i for i, share in enumerate(seen) if share > HIDDEN]
        boxes = np.array([self._boxes[i] for i in kept], np.float32).reshape(-1, 4)
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        inside = ((middles >= 0) & (middles <= len(self.canvas) - 1)).all(axis=1)
        faces = (seen[kept] > SEEN) & inside
        return boxes, np.where(faces, FACE, UNCERTAIN).astype(np.uint8)


def _face_pixels(classes: Image) -> NDArray[np.bool_]:
    face = (classes >= Class.SKIN) & (classes <= Class.BOTTOM_LIP)
    return np.asarray(face | (classes == Class.BEARD), np.bool_)


def joined(pixels: cv2.typing.MatLike, last: cv2.typing.MatLike) -> Image:
    """(H, W, 4) from RGB and a fourth channel."""
    return np.asarray(cv2.merge([*cv2.split(pixels), last]), np.uint8)
