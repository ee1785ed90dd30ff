"""Conventions of annotation: where the landmarks of one and the same face are said to be."""

from dataclasses import dataclass

import numpy as np

from landmarks.data.toy.head import MEAN_FACE, Array
from landmarks.data.toy.shape import FaceShape


@dataclass(frozen=True, kw_only=True)
class Convention:
    """What the landmarks of a domain mean, as departures from fixed points of the head.

    All but `contour` are shares of the inter-ocular distance.

    Attributes:
        contour: 1 puts jaw points on the visible outline, 0 leaves them on the head.
        jaw_along: Jaw points move along the jaw towards the chin.
        jaw_outward: Jaw points move away from the face.
        brow_up: Brow points move up, to the upper edge of the brow.
        nose_down: Points under the nose move down.
        mouth_outward: Points of the outer lip move away from the mouth.
        shake: Standard deviation of an annotator's slips along a contour; across, a third.
    """

    contour: float = 0.0
    jaw_along: float = 0.0
    jaw_outward: float = 0.0
    brow_up: float = 0.0
    nose_down: float = 0.0
    mouth_outward: float = 0.0
    shake: float = 0.0


def annotate(shape: FaceShape, convention: Convention, rng: np.random.Generator) -> Array:
    """(68, 2) landmarks in source pixels, by a convention.

    Args:
        shape: The face as it appears.
        convention: Where its landmarks are said to be.
        rng: Source of the annotator's slips; not used by a convention without.
    """
    points = shape.points.copy()
    points[:17] += convention.contour * (shape.outline - points[:17])
    interocular = np.linalg.norm(shape.points[36] - shape.points[45])
    cos, sin = np.cos(shape.roll), np.sin(shape.roll)
    upright = np.array([[cos, sin], [-sin, cos]])  # of row vectors in the head's own frame
    points += interocular * _habits(convention) @ upright
    if convention.shake:
        along = points[_NEXT] - points[_BEFORE]
        along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
        across = along[:, ::-1] * (-1, 1)
        slips = rng.standard_normal((2, len(points), 1)) * convention.shake * interocular
        points += slips[0] * along + slips[1] / 3 * across
    return points


def _habits(convention: Convention) -> Array:
    """(68, 2) steps of a convention: to the right of an upright face, and down."""
    steps = np.zeros_like(_OUTWARD)
    jaw = slice(0, 17)
    to_chin = np.where(np.arange(17) < 8, 1, -1)[:, None] * _ALONG[jaw]
    to_chin[8] = 0
    steps[jaw] = convention.jaw_along * to_chin + convention.jaw_outward * _OUTWARD[jaw]
    steps[17:27, 1] -= convention.brow_up
    steps[31:36, 1] += convention.nose_down
    steps[48:60] += convention.mouth_outward * _OUTWARD[48:60]
    return steps


def _neighbours() -> tuple[list[int], list[int]]:
    """For each landmark, the landmarks before and after it on its contour."""
    before, after = [], []
    for start, stop, closed in _CONTOURS:
        count = stop - start
        for k in range(count):
            before.append(start + ((k - 1) % count if closed else max(k - 1, 0)))
            after.append(start + ((k + 1) % count if closed else min(k + 1, count - 1)))
    return before, after


def _directions() -> tuple[Array, Array]:
    """(68, 2) unit vectors of the upright mean face: along the contours, and away from them."""
    face = MEAN_FACE[:, :2]
    along = face[_NEXT] - face[_BEFORE]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    outward = along[:, ::-1] * (-1, 1)
    for start, stop, _ in _CONTOURS:
        contour = slice(start, stop)
        away = face[contour] - face[contour].mean(axis=0)
        outward[contour] *= np.sign((outward[contour] * away).sum(axis=1, keepdims=True))
    return along, outward


# First landmark, the one after the last, and whether the last is followed by the first.
_CONTOURS = (
    (0, 17, False),  # jaw
    (17, 22, False),  # brows
    (22, 27, False),
    (27, 31, False),  # nose
    (31, 36, False),
    (36, 42, True),  # eyes
    (42, 48, True),
    (48, 60, True),  # lips
    (60, 68, True),
)
_BEFORE, _NEXT = _neighbours()
_ALONG, _OUTWARD = _directions()
