"""From the points of an annotation file to landmarks: the one place that every reader uses.

Formats differ in how they count (`first_pixel`, `frame`), in which points they have (`landmarks`)
and in how they mark a point without label. A point that nobody can have meant is refused here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box, check_first_pixel, first_pixel_note
from landmarks.data.dataset import Face
from landmarks.data.images import ImageSource
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme

Points = NDArray[np.float64]

# A point is lost if it is so many times further from the middle of its face than the median point.
# The largest ratio in 1,250 real and 3,500 rendered or drawn faces is 3.6.
FAR = 6.0

# What annotation tools write for a point that was not labelled.
MARKS = ((0.0, 0.0), (-1.0, -1.0))

# Why a landmark must be labelled, by the scheme's normaliser.
_NEEDED = {
    "interocular": "an outer eye corner",
    "interpupil": "which says where a pupil is",
    "box": "which the size of the face is measured with",
}

REMEDY = (
    "leave the face out, or mark the point as not labelled (v = 0 in COCO, empty cells in CSV, no "
    "part in dlib's XML, -1 -1 in .pts)"
)


def split_unlabelled(points: Points) -> tuple[Points, NDArray[np.bool_] | None]:
    """Points of which NaN marks those without label.

    Returns:
        The (n, 2) points without NaN; and (n,) which of them are labelled, None for all.
    """
    missing = np.isnan(points[:, 0])
    return np.nan_to_num(points), ~missing if missing.any() else None


def _as_pixels(points: Points, first_pixel: float, image: ImageSource) -> Points:
    return points - first_pixel


def _as_rows_columns(points: Points, first_pixel: float, image: ImageSource) -> Points:
    return np.asarray(points[:, ::-1] - first_pixel)


def _as_y_up(points: Points, first_pixel: float, image: ImageSource) -> Points:
    last_row = image.shape()[0] - 1
    return np.asarray((points - first_pixel) * [1, -1] + [0, last_row])


def _as_fractions(points: Points, first_pixel: float, image: ImageSource) -> Points:
    height, width = image.shape()
    return np.asarray(points * [width, height] - first_pixel)


def _as_percent(points: Points, first_pixel: float, image: ImageSource) -> Points:
    return _as_fractions(points / 100, first_pixel, image)


FRAMES: Mapping[str, Callable[[Points, float, ImageSource], Points]] = {
    "pixels": _as_pixels,
    "rows_columns": _as_rows_columns,
    "y_up": _as_y_up,
    "fractions": _as_fractions,
    "percent": _as_percent,
}


@dataclass(frozen=True)
class LabelRule:
    """How the points of an annotation file become landmarks.

    Attributes:
        first_pixel: The coordinate that the file gives to the centre of the top-left pixel.
        frame: What the coordinates are: "pixels" (x to the right, y down), "rows_columns", "y_up"
            (pixels from the bottom), "fractions" of width and height (0 to 1), or "percent". None:
            pixels, and the dataset is compared with a mean face to find the other frames.
        landmarks: The points of the file that are each of the scheme's landmarks; None: the file
            has these, and no others.
        scheme: Of the landmarks.
    """

    first_pixel: float
    frame: str | None = None
    landmarks: Sequence[int] | None = None
    scheme: LandmarkScheme = IBUG68

    def __post_init__(self) -> None:
        """Refuse unknown values."""
        check_first_pixel(self.first_pixel)
        if self.frame is not None and self.frame not in tuple(FRAMES):
            raise InputError(
                f"frame is {self.frame!r}; expected null or one of {', '.join(FRAMES)}"
            )
        if self.landmarks is not None:
            _check_list(self.landmarks, self.scheme.num_landmarks)

    @property
    def notes(self) -> tuple[str, ...]:
        """How coordinates were read, for the description of a dataset."""
        frame = () if self.frame is None else (f"coordinates: read as {self.frame}",)
        return (first_pixel_note(self.first_pixel), *frame)

    @property
    def one_pixel(self) -> float:
        """1 if a box of width w ends at x + w - 1, its last pixel; 0 if it ends at x + w.

        The latter for fractions, and where coordinates are distances from the image's corner.
        """
        return 0.0 if self.frame in ("fractions", "percent") or self.first_pixel == 0.5 else 1.0

    @property
    def num_points(self) -> int | None:
        """Points that each face of the file must have; None: any number."""
        return self.scheme.num_landmarks if self.landmarks is None else None

    def face(
        self,
        points: Points,
        where: str,
        *,
        id: str,
        image: ImageSource,
        group: str,
        subset: str = "all",
        visible: NDArray[np.bool_] | None = None,
        box: Box | None = None,
    ) -> Face:
        """A face from what the file says about it.

        Args:
            points: (n, 2) in the file's numbers.
            where: The place in the file, for messages.
            id: As of `Face`.
            image: As of `Face`.
            group: As of `Face`.
            subset: As of `Face`.
            visible: (n,) False for points that the file marks as not labelled.
            box: (x0, y0, x1, y1) in the file's numbers.

        Raises:
            InputError: As of `landmarks_of`.
        """
        landmarks, seen = self.landmarks_of(points, where, image, visible)
        if box is not None:
            corners = self._to_pixel_centres(np.reshape(box, (2, 2)), image)
            (x0, y0), (x1, y1) = (
                np.sort(corners, axis=0).tolist() if self.frame else corners.tolist()
            )
            box = (x0, y0, x1, y1)
        return Face(
            id=id,
            image=image,
            landmarks=landmarks,
            group=group,
            subset=subset,
            visible=None if visible is None else seen,
            box=box,
        )

    def landmarks_of(
        self,
        points: Points,
        where: str,
        image: ImageSource,
        visible: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Landmarks and whether each is labelled.

        Returns:
            (K, 2) source pixels, and (K,).

        Raises:
            InputError: A point is missing; one that should be labelled is at a place that marks
                unlabelled points, or far away from its face; or one that errors are normalised by,
                such as an outer eye corner, is not labelled.
        """
        seen = np.ones(len(points), bool) if visible is None else visible
        if self.landmarks is not None:
            beyond = max(self.landmarks)
            if beyond >= len(points):
                raise InputError(
                    f"{where}: the option `landmarks` names point {beyond}; allowed are 0 to "
                    f"{len(points) - 1}"
                )
            points, seen = points[list(self.landmarks)], seen[list(self.landmarks)]
        check_points(points, seen, where, self.scheme)
        with np.errstate(over="ignore"):  # becomes infinite, which `FaceDataset` refuses
            return self._to_pixel_centres(points, image).astype(np.float32), seen

    def _to_pixel_centres(self, points: Points, image: ImageSource) -> Points:
        return FRAMES[self.frame or "pixels"](points, self.first_pixel, image)


def check_points(
    points: Points, visible: NDArray[np.bool_], where: str, scheme: LandmarkScheme
) -> None:
    """Refuse points that cannot be landmarks.

    Args:
        points: (K, 2) in the file's numbers.
        visible: (K,) which of them are labelled.
        where: Begins messages.
        scheme: Of the landmarks.
    """
    for k in scheme.normalising:
        if not visible[k]:
            raise InputError(
                f"{where}: landmark {k}, {_NEEDED[scheme.normaliser]}, is not labelled, so errors "
                "cannot be normalised; label it or leave the face out"
            )
    labelled = np.flatnonzero(visible)
    shown = points[labelled]
    for mark in MARKS:
        marked = labelled[(shown == mark).all(axis=1)]
        if len(marked):
            others = f" (and {len(marked) - 1} more)" if len(marked) > 1 else ""
            raise InputError(
                f"{where}: landmark {marked[0]}{others} is ({mark[0]:g}, {mark[1]:g}), as tools "
                f"write a point without label; label it, {REMEDY}"
            )
    middle = np.median(shown, axis=0)
    distances = np.hypot(*(shown - middle).T)
    furthest = int(distances.argmax())
    if distances[furthest] > FAR * np.median(distances):
        x, y = shown[furthest]
        raise InputError(
            f"{where}: landmark {labelled[furthest]} is ({x:g}, {y:g}), far away from the rest of "
            f"the face around ({middle[0]:g}, {middle[1]:g}); correct it, {REMEDY}"
        )


def _check_list(landmarks: Sequence[int], expected: int) -> None:
    if isinstance(landmarks, Sequence) and all(type(k) is int and k >= 0 for k in landmarks):
        if len(landmarks) == expected:
            return
        given = f"has {len(landmarks)} indices"
    else:
        given = f"is {landmarks!r}"
    raise InputError(
        f"landmarks {given}; expected a list of {expected} whole numbers from 0, the "
        "position in the file of each landmark"
    )
