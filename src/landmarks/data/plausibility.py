"""Find labels in a wrong frame or order: compare a sample of a dataset with a mean face.

Faces with x and y exchanged, with y pointing up, or with left and right exchanged are reflected:
no rotation and scale brings them near the mean face, but undoing the fault does. Labels in another
order have the shape of a face once each point is assigned to the nearest landmark.

The labels do not show a shift of a pixel or half a pixel, unless whole numbers touch the border of
the image (`outside_border`), nor a landmark whose meaning differs slightly.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from landmarks.data.mean_face import MEAN_FACE, mean_face_of
from landmarks.scheme import LandmarkScheme

Faces = NDArray[np.float64]
"""(N, K, 2) landmarks."""

# A face has a fault if undoing it divides the distance from the mean face by this. Measured: with a
# fault, at least 2.7 for each of 1,250 real faces, and less than 2 for 7 % of 3,000 rendered ones,
# which are profiles; without a fault, at most 0.38 and 0.9.
MUCH_BETTER = 2.0
# The share of faces with a fault that stops a reader; the mirrored copies can be the wrong ones.
SHARE = 0.1

# Rotation that is left when a fault is undone. It separates the reflections from each other: they
# differ by turns of 90 and 180 degrees.
_UPRIGHT = np.radians(30)
_FEWEST = 5  # landmarks with a place in the mean face

# An order is another one if the best order divides the distance from the mean face by so much, for
# averages of at least so many faces, and leaves the average near the mean face. For labels in the
# right order, the smallest ratios are 0.29 (a profile), 0.47 for four faces, and 1 for 32.
_MANY = 32
_ORDER_LIMITS = ((_MANY, 0.9), (4, 0.3), (1, 0.1))
_SLANT = 0.5  # correlation of x and y above which points are on a line; of faces, it is near 0
_NEAR = 0.05  # share of the variance; averages of random points are 0.06 and more

_FRACTIONS = 1.5  # the largest coordinate of labels in fractions of the image; faces can leave it
_PERCENT = 101.0
_LOWEST = -2.0  # if first_pixel is 1
_LARGE = 200  # pixels of a side from which coordinates of up to 100 are too small for pixels
_PERCENT_PHOTOS = 3

_BORDER_LABELS = 3
_BORDER_FACES = 8  # images that are decoded for their sizes

_AS_THEY_ARE = (
    "or frame=pixels to use the labels as they are (options of coco, csv, dlib_xml and pts_folder)"
)


@dataclass(frozen=True, eq=False)
class _Fault:
    """A way in which labels can be wrong.

    Attributes:
        text: What is wrong.
        remedy: What the user can do.
        axes: (2, 2) matrix on row vectors (x, y) that undoes it, together with `order`.
        order: The landmark that becomes each landmark.
    """

    text: str
    remedy: str
    axes: NDArray[np.float64]
    order: NDArray[np.intp]


def _listed(order: Sequence[int]) -> str:
    return f"landmarks=[{','.join(map(str, order))}]"


def _faults(scheme: LandmarkScheme) -> tuple[_Fault, ...]:
    same, mirror = np.arange(scheme.num_landmarks), np.array(scheme.mirror)
    right = scheme.interocular[:1] or tuple(k for k in same.tolist() if k < mirror[k])[:1]
    name = scheme.point_names[right[0]] if scheme.names else f"landmark {right[0]}"
    where = (
        "the outer corner of the person's right eye, on the left of the image"
        if scheme.interocular
        else "on the person's right, on the left of the image"
    )
    return (
        _Fault(
            "x and y are exchanged (row, column)",
            "set frame=rows_columns",
            np.array([[0.0, 1.0], [1.0, 0.0]]),
            same,
        ),
        _Fault("y points up", "set frame=y_up", np.diag([1.0, -1.0]), same),
        _Fault(
            f"left and right are exchanged ({name} must be {where})",
            f"if it is so in all faces, set {_listed(scheme.mirror)}",
            np.eye(2),
            mirror,
        ),
    )


def wrong_frame(
    faces: Faces, visible: NDArray[np.bool_], ids: Sequence[str], scheme: LandmarkScheme
) -> str | None:
    """The fault that keeps faces from resembling the mean face, if there is one.

    Args:
        faces: (N, K, 2) source pixels.
        visible: (N, K) landmarks that are labelled.
        ids: (N,) names of the faces.
        scheme: Of the landmarks; without a place in the mean face, they are not compared.
    """
    mean = mean_face_of(scheme)
    known = ~np.isnan(mean[:, 0])
    known &= known[list(scheme.mirror)]
    if known.sum() < _FEWEST:
        return None
    mean = np.where(known[:, None], mean, 0.0)
    shape = mean[:, 0] + 1j * mean[:, 1]

    def distances(axes: NDArray[np.float64], order: NDArray[np.intp], most: float) -> Faces:
        undone = faces[:, order] @ axes
        points = undone[..., 0] + 1j * undone[..., 1]
        return left_over(points, visible[:, order] & known, shape, most)

    faults = _faults(scheme)
    plain = distances(np.eye(2), np.arange(len(mean)), np.pi)
    undone = np.stack([distances(fault.axes, fault.order, _UPRIGHT) for fault in faults])
    has_fault = (undone * MUCH_BETTER < plain) & (undone == undone.min(axis=0))
    most = int(has_fault.sum(axis=1).argmax())
    found = np.flatnonzero(has_fault[most])
    if len(found) < max(1.0, SHARE * len(faces)):
        return None
    fault = faults[most]
    return (
        f"{fault.text} in {len(found)} of {len(faces)} faces checked, e.g. {ids[found[0]]!r}; "
        f"{fault.remedy}, {_AS_THEY_ARE}"
    )


def left_over(
    points: NDArray[np.complex128],
    seen: NDArray[np.bool_],
    mean: NDArray[np.complex128],
    most: float,
) -> NDArray[np.float64]:
    """(N,) distances from a mean shape after the best shift, scale and rotation.

    Args:
        points: (N, K) pixels, x + iy.
        seen: (N, K) landmarks that are compared.
        mean: (K,), x + iy.
        most: Largest rotation, radians.

    Returns:
        Root of the share of a face's variance that is left: 0 is the mean shape, 1 another one.
    """
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)

    def centred(shapes: NDArray[np.complex128]) -> NDArray[np.complex128]:
        middle = (shapes * seen).sum(axis=1, keepdims=True) / count
        return np.asarray((shapes - middle) * seen)

    face, own = centred(points), centred(np.broadcast_to(mean, points.shape))
    match = (face * own.conj()).sum(axis=1)
    angle = np.clip(np.angle(match), -most, most)
    explained = np.maximum((match * np.exp(-1j * angle)).real, 0) ** 2
    variance = (np.abs(face) ** 2).sum(axis=1) * (np.abs(own) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(1 - explained / np.maximum(variance, 1e-12), 0)))


def wrong_order(faces: Faces) -> str | None:
    """Another order of iBUG's 68 in which the average face resembles the mean face.

    Args:
        faces: (N, 68, 2) source pixels, all landmarks labelled.
    """
    faces = faces[faces.std(axis=1).min(axis=1) > 0]
    if not len(faces):
        return None
    average = _unit(_unit(faces).mean(axis=0))
    if abs(average.prod(axis=1).mean()) > _SLANT:
        return None
    order = _nearest_order(average)
    left = _unexplained(average[order])
    limit = next(share for count, share in _ORDER_LIMITS if len(faces) >= count)
    if left > _NEAR or left > limit * _unexplained(average):
        return None
    moved = np.flatnonzero(order != np.arange(len(order)))
    remedy = (
        f"set {_listed(order.tolist())}, which fits best"
        if len(faces) >= _MANY
        else "set the option `landmarks`"
    )
    return (
        f"the order of the landmarks is another one: point {order[moved[0]]} is where landmark "
        f"{moved[0]} should be, on average over {len(faces)} faces; {remedy}, "
        f"{_AS_THEY_ARE}"
    )


def _unit(faces: Faces) -> Faces:
    """(..., 68, 2) with mean 0 and variance 1 in x and in y, whatever the order of the points."""
    centred = faces - faces.mean(axis=-2, keepdims=True)
    return np.asarray(centred / centred.std(axis=-2, keepdims=True))


_MEAN = np.concatenate([_unit(MEAN_FACE), np.ones((len(MEAN_FACE), 1))], axis=1)


def _nearest_order(average: Faces) -> NDArray[np.intp]:
    """The point of (68, 2) `average` that is nearest to each landmark of the mean face, once each.

    The mean face follows by affine maps, as the first assignment can be of a tilted face.
    """
    order, mean = None, _MEAN[:, :2]
    for _ in range(20):
        apart = np.square(average[None] - mean[:, None]).sum(axis=-1)
        _, found = linear_sum_assignment(apart)
        if order is not None and (found == order).all():
            break
        order = found
        mean = _MEAN @ _affine(average[order])
    return np.asarray(order, np.intp)


def _affine(face: Faces) -> Faces:
    """(3, 2) map from the mean face to a face."""
    return np.asarray(np.linalg.lstsq(_MEAN, face, rcond=None)[0])


def _unexplained(face: Faces) -> float:
    """The share of the variance of (68, 2) `face` that an affine map of the mean face leaves."""
    return float(np.square(face - _MEAN @ _affine(face)).mean())


def wrong_unit(coordinates: NDArray[np.float64], sizes: Iterable[tuple[int, int]]) -> str | None:
    """Labels in fractions or per cent of the image, which are too small for pixels.

    Args:
        coordinates: Of all labels.
        sizes: (width, height) of some images, each of another photo; not read if the coordinates
            cannot be either.
    """
    if not coordinates.size or coordinates.min() < _LOWEST or coordinates.max() > _PERCENT:
        return None
    largest = coordinates.max()
    sides = [min(size) for size in sizes]
    if not sides:
        return None
    if largest <= _FRACTIONS and min(sides) > 2 * _FRACTIONS:
        unit, frame = "fractions of the image", "fractions"
    elif largest > _FRACTIONS and len(sides) >= _PERCENT_PHOTOS and min(sides) >= _LARGE:
        unit, frame = "per cent of the image", "percent"
    else:
        return None
    return (
        f"no coordinate is above {largest:g} on images of at least {min(sides)} pixels a side, so "
        f"they are {unit}; set frame={frame}, {_AS_THEY_ARE}"
    )


def outside_border(faces: Faces, size: Callable[[int], tuple[int, int] | None]) -> str | None:
    """Labels of whole numbers that end exactly one pixel outside their images.

    Args:
        faces: (N, 68, 2) source pixels.
        size: (width, height) of the image of a face, by its position; None: unreadable.
    """
    if not (faces == np.round(faces)).all():
        return None
    furthest = np.argsort(faces.max(axis=(1, 2)))[-_BORDER_FACES:]
    known = [(i, found) for i in furthest.tolist() if (found := size(i)) is not None]
    ends = np.array([found for _, found in known]).reshape(-1, 1, 2)
    last = faces[[i for i, _ in known]]
    for side, touching, beyond in (
        ("above or to the left", faces == -1, faces < -1),
        ("below or to the right", last == ends, last > ends),
    ):
        if touching.sum() >= _BORDER_LABELS and not beyond.any():
            return (
                f"first_pixel may be wrong: {touching.sum()} labels are exactly one pixel {side} "
                "of their images, and none is further out"
            )
    return None
