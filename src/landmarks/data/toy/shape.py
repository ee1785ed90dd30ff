"""How a head appears in an image: its landmarks, the outline that hides some, and its places."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from landmarks.data.toy.head import MEAN_FACE, Array, Variation, draw_face

# The head is made of arcs, each from its side (a jaw point, or a temple above) to its front.
_ARC: Final = np.linspace(0, np.pi / 2, 17)
_FULLNESS: Final = 0.8  # exponents; below 1 is fuller than an ellipse, as cheeks are
_ROUNDNESS: Final = 0.9
_ARC_SIDEWARD: Final = np.cos(_ARC) ** _FULLNESS
_ARC_FORWARD: Final = np.sin(_ARC) ** _ROUNDNESS
_FRONT_Y: Final = (-1.0, -0.6, -0.3, 0.0, 0.4, 0.8, 1.1, 1.3)
_FRONT_Z: Final = (-0.2, 0.08, 0.17, 0.13, 0.12, 0.17, 0.14, 0.10)
_TEMPLES: Final = np.array(  # from the top of the head down to the ear
    [(0.22, -1.02, -0.5), (0.48, -0.93, -0.6), (0.66, -0.76, -0.68), (0.76, -0.52, -0.72),
     (0.80, -0.25, -0.75)]
)  # fmt: skip
_PIVOT: Final = np.array([0.0, 0.45, -0.6])  # where a head turns on its neck


def _on_head(x: float, y: float) -> tuple[float, float, float]:
    """The place on the front of the mean head above the ears, at a share `x` of its width."""
    side_x, _, side_z = (np.interp(y, _TEMPLES[:, 1], axis) for axis in _TEMPLES.T)
    angle = np.arccos(abs(x) ** (1 / _FULLNESS))
    front_z = np.interp(y, _FRONT_Y, _FRONT_Z)
    return x * side_x, y, side_z + (front_z - side_z) * np.sin(angle) ** _ROUNDNESS


_HAIRLINE: Final = np.array(
    [_on_head(x, y)
     for x, y in ((-1.0, -0.27), (-0.96, -0.45), (-0.8, -0.6), (-0.45, -0.7), (0.0, -0.73),
                  (0.45, -0.7), (0.8, -0.6), (0.96, -0.45), (1.0, -0.27))]
)  # fmt: skip
_ANCHORS: Final[dict[str, Array]] = {
    "right_ear": np.array([(-0.83, 0.16, -0.83)]),
    "left_ear": np.array([(0.83, 0.16, -0.83)]),
    "skull": np.array([(0.0, -0.22, -0.72)]),
    "neck": np.array([(-0.5, 0.75, -0.6), (0.5, 0.75, -0.6), (0.0, 1.7, -0.75)]),
    "hairline": _HAIRLINE,  # the last
}


@dataclass(frozen=True, slots=True, eq=False)
class FaceShape:
    """One face as it appears, in source pixels.

    Attributes:
        points: (68, 2) projections of fixed points of the model, hidden or not.
        outline: (17, 2) the jaw as it is seen: where a cheek hides a jaw point, the cheek's edge.
        head: (P, 2) outline of the skin of the head.
        anchors: (A, 2) each: places that the painter needs, by name.
        unit: Pixels of one model unit.
        yaw: Radians; positive turns the face to the left of the image.
        roll: Radians, clockwise in the image.
    """

    points: Array
    outline: Array
    head: Array
    anchors: dict[str, Array]
    unit: float
    yaw: float
    roll: float


def draw_shape(rng: np.random.Generator, variation: Variation, size: int) -> FaceShape:
    """Draw a face at random.

    Args:
        rng: Source of randomness.
        variation: How widely faces differ.
        size: Pixels of a side of the square frame.
    """
    face = draw_face(rng, variation)
    limits = np.radians([40.0, 20.0, 30.0])
    spreads = np.radians([variation.yaw, variation.pitch, variation.roll])
    yaw, pitch, roll = np.clip(rng.standard_normal(3) * spreads, -limits, limits)
    height = rng.uniform(*variation.heights) * size
    place = rng.uniform(-0.7, 0.7, 2)  # of the room that the landmarks leave
    return pose_shape(face, (yaw, pitch, roll), height=height, place=place, size=size)


def pose_shape(
    face: Array, pose: tuple[float, float, float], *, height: float, place: Array, size: int
) -> FaceShape:
    """Turn a head and put it into the frame.

    Args:
        face: (68, 3) model units.
        pose: Yaw, pitch and roll, radians.
        height: Pixels from the uppermost to the lowest landmark.
        place: (2,) where in the room around the landmarks: 0 is the middle, -1 and 1 the edges.
        size: Pixels of a side of the square frame.
    """
    sides, fronts = _arc_ends(face)
    arcs = np.empty((len(sides), len(_ARC), 3))
    arcs[..., 0] = sides[:, None, 0] * _ARC_SIDEWARD
    arcs[..., 1] = sides[:, None, 1]
    arcs[..., 2] = sides[:, None, 2] + (fronts - sides[:, 2])[:, None] * _ARC_FORWARD
    width = face[16, 0] / MEAN_FACE[16, 0]
    anchors = np.concatenate(list(_ANCHORS.values())) * (width, 1.0, 1.0)
    seen = _project(np.concatenate([face, arcs.reshape(-1, 3), anchors]), pose[0], pose[1])
    upright, arcs_seen = seen[:68], seen[68 : 68 + arcs.shape[0] * arcs.shape[1]]
    arcs_seen = arcs_seen.reshape(*arcs.shape[:2], 2)
    # What is seen of an arc is where it reaches farthest to its own side; the chin is a point.
    farthest = np.argmax(arcs_seen[..., 0] * np.sign(sides[:, None, 0]), axis=1)
    silhouette = arcs_seen[np.arange(len(sides)), farthest]

    cos, sin = np.cos(pose[2]), np.sin(pose[2])
    rolled: Array = np.array([[cos, sin], [-sin, cos]])  # for row vectors
    low, high = (upright @ rolled).min(axis=0), (upright @ rolled).max(axis=0)
    unit = height / (high[1] - low[1])
    room = np.maximum(size - (high - low) * unit, 0)
    shift: Array = (size - 1) / 2 + place * room / 2 - (low + high) / 2 * unit

    def placed(points: Array) -> Array:
        return np.asarray(points @ rolled * unit + shift)

    head = placed(silhouette)
    anchors_seen = _split(placed(seen[-len(anchors) :]))
    # Past its turning point the hairline is behind the head.
    x = seen[-len(_HAIRLINE) :, 0]
    anchors_seen["hairline"] = anchors_seen["hairline"][np.argmin(x) : np.argmax(x) + 1]
    temples = len(_TEMPLES)
    return FaceShape(
        points=placed(upright),
        outline=head[temples : temples + 17],
        head=head,
        anchors=anchors_seen,
        unit=unit,
        yaw=pose[0],
        roll=pose[2],
    )


def _split(anchors: Array) -> dict[str, Array]:
    """All anchors in one array (A, 2), by name."""
    starts = np.cumsum([len(places) for places in _ANCHORS.values()])[:-1]
    return dict(zip(_ANCHORS, np.split(anchors, starts), strict=True))


def _arc_ends(face: Array) -> tuple[Array, Array]:
    """Sides (A, 3) of the arcs, from the right temple by the chin to the left, and front depths."""
    left = _TEMPLES * (face[16, 0] / 0.8, 1.0, 1.0)
    right = _TEMPLES * (face[0, 0] / 0.8, 1.0, 1.0)
    sides = np.concatenate([right, face[:17], left[::-1]])
    fronts = np.interp(sides[:, 1], _FRONT_Y, _FRONT_Z)
    return sides, np.maximum(fronts, sides[:, 2])


def _project(points: Array, yaw: float, pitch: float) -> Array:
    """(P, 3) to (P, 2), both in model units: turned about the neck, with weak perspective."""
    x, y, z = (points - _PIVOT).T
    y, z = y * np.cos(pitch) - z * np.sin(pitch), y * np.sin(pitch) + z * np.cos(pitch)
    x, z = x * np.cos(yaw) - z * np.sin(yaw), x * np.sin(yaw) + z * np.cos(yaw)
    distance = 8.0  # of the camera; faces of photos are seldom nearer
    return np.asarray(np.stack([x, y], axis=1) * (distance / (distance - z))[:, None])
