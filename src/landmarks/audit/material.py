"""What the checks of an audit look at: datasets, their images, and predictions on a sample."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.audit.looks import Looks, look
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.threads import in_threads
from landmarks.errors import InputError
from landmarks.inference.detector import Detector
from landmarks.inference.face import tight_box
from landmarks.metrics import nme, point_errors
from landmarks.scheme import LandmarkScheme
from landmarks.scheme.units import unit

ROLES = ("real", "synthetic", "test")

_AT_ONCE = 64  # faces that are given to the detector together


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """What the bundled detector predicts on some faces of a dataset, and their labels.

    Attributes:
        faces: (n,) positions in the dataset, increasing.
        points: (n, K, 2) predicted landmarks, source pixels.
        labels: (n, K, 2) landmarks of the dataset, source pixels.
        visible: (n, K) landmarks that are labelled.
        scheme: Of the detector; the dataset's has the same landmarks.
    """

    faces: NDArray[np.intp]
    points: NDArray[np.float32]
    labels: NDArray[np.float32]
    visible: NDArray[np.bool_]
    scheme: LandmarkScheme

    @cached_property
    def unit(self) -> NDArray[np.float64]:
        """(n,) what the scheme divides errors by, such as the eyes' distance, source pixels."""
        return unit(self.labels, self.visible, self.scheme)

    @cached_property
    def errors(self) -> NDArray[np.float64]:
        """(n,) NME of each face against its labels; NaN where nothing is labelled."""
        distances = point_errors(self.points, self.labels, self.visible)
        return nme(distances, self.unit, tuple(range(self.scheme.num_landmarks)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """Everything that checks look at; costly parts are computed once, on first use.

    Attributes:
        sets: The datasets by role: "real", "synthetic", "test"; absent ones are left out.
        runs: Folder of a stored sweep, for the check of the protocol.
        sample: Faces of each dataset that the bundled detector predicts.
        device: As of `Detector`.
    """

    sets: Mapping[str, FaceDataset]
    runs: Path | None = None
    sample: int = 400
    device: str = "auto"
    _predicted: dict[str, Predicted | None] = field(default_factory=dict, repr=False)
    _looks: dict[str, Looks] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuse unknown roles and a sample that is not a positive whole number."""
        for role in self.sets:
            if role not in ROLES:
                raise InputError(f"dataset {role!r}: must be one of {', '.join(ROLES)}")
        if type(self.sample) is not int or self.sample < 1:
            raise InputError(f"sample is {self.sample!r}; it must be a whole number from 1")

    def counted(self, roles: Sequence[str] = ROLES, most: int | None = None) -> str:
        """How many faces there are, for people: "870 real and 337 test faces"; empty: none.

        Args:
            roles: The datasets to count; absent ones are left out.
            most: Count at most this many of each, as of a sample.
        """
        counts = {role: len(self.sets[role]) for role in roles if role in self.sets}
        parts = [f"{n if most is None else min(n, most):,} {role}" for role, n in counts.items()]
        listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
        return f"{listed} faces" if parts else ""

    def drawn(self, role: str) -> NDArray[np.intp]:
        """Positions of at most `sample` faces of a dataset, drawn at random, increasing.

        The same each time, and for the same number of faces.
        """
        count = len(self.sets[role])
        if count <= self.sample:
            return np.arange(count)
        return np.sort(np.random.default_rng(0).choice(count, self.sample, replace=False))

    def images(
        self, role: str, faces: Sequence[int] | NDArray[np.intp] | None = None
    ) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Decode images in threads, with a progress bar; those that cannot be read are left out.

        Args:
            role: The dataset.
            faces: Positions in it; None: all.

        Yields:
            Position of a face and its image, (H, W, 3) uint8 RGB.
        """
        dataset = self.sets[role].faces
        positions = range(len(dataset)) if faces is None else [int(i) for i in faces]

        def read(i: int) -> tuple[int, NDArray[np.uint8] | None]:
            try:
                return i, dataset[i].image.read()
            except InputError:
                return i, None

        with tqdm(total=len(positions), desc=f"{role} images", unit="face", delay=1) as bar:
            for i, image in in_threads(read, positions):
                bar.update()
                if image is not None:
                    yield i, image

    def looks(self, role: str) -> Looks:
        """Small grey copies of all images and faces of a dataset."""
        if role not in self._looks:
            self._looks[role] = look(self.sets[role], self.images(role))
        return self._looks[role]

    def predictions(self, role: str) -> Predicted | None:
        """Predictions of the bundled detector in the labels' boxes, on the faces of `drawn`.

        Faces whose image cannot be read, or whose labels are not on it, are left out.

        Returns:
            None if the dataset has another scheme than the detector, or no face can be predicted.
        """
        if role not in self._predicted:
            self._predicted[role] = self._predict(role, self.drawn(role))
        return self._predicted[role]

    def errors_of(
        self,
        role: str,
        faces: Sequence[int] | NDArray[np.intp],
        change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    ) -> dict[int, float]:
        """NME of the bundled detector on changed images, with the labels as they are.

        Args:
            role: The dataset; of the detector's scheme.
            faces: Positions in it.
            change: From an image, (H, W, 3), to another.

        Returns:
            By position. Faces whose labels are not on the changed image are left out.
        """
        predicted = self._predict(role, faces, change)
        if predicted is None:
            return {}
        return dict(zip(predicted.faces.tolist(), predicted.errors.tolist(), strict=True))

    def predicted_of(self, role: str, face: int) -> NDArray[np.float32] | None:
        """(K, 2) prediction of a face, source pixels; None unless it has been computed."""
        predicted = self._predicted.get(role)
        if predicted is None or face not in predicted.faces:
            return None
        points: NDArray[np.float32] = predicted.points[np.searchsorted(predicted.faces, face)]
        return points

    @cached_property
    def _detector(self) -> Detector:
        return Detector.load(device=self.device)

    def _predict(
        self,
        role: str,
        positions: Sequence[int] | NDArray[np.intp],
        change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None = None,
    ) -> Predicted | None:
        dataset, detector = self.sets[role], self._detector
        if not _same_places(dataset.scheme, detector.scheme):
            return None
        found: dict[int, NDArray[np.float32]] = {}
        batch: list[tuple[int, NDArray[np.uint8]]] = []
        for i, original in self.images(role, positions):
            image = original if change is None else change(original)
            if _on_image(dataset.faces[i], image):
                batch.append((i, image))
            if len(batch) == _AT_ONCE:
                found |= _predict_batch(detector, dataset, batch)
                batch = []
        found |= _predict_batch(detector, dataset, batch)
        if not found:
            return None
        faces = [dataset.faces[i] for i in found]
        return Predicted(
            faces=np.array(list(found), np.intp),
            points=np.stack(list(found.values())),
            labels=np.stack([face.landmarks for face in faces]),
            visible=np.stack([face.seen for face in faces]),
            scheme=detector.scheme,
        )


def _same_places(one: LandmarkScheme, other: LandmarkScheme) -> bool:
    """Whether two schemes have the same landmarks; their mirror tables may be wrong."""
    return (one.num_landmarks, one.interocular, one.pupils) == (
        other.num_landmarks,
        other.interocular,
        other.pupils,
    )


def _on_image(face: Face, image: NDArray[np.uint8]) -> bool:
    """Whether the box of a face's labels can be given to a detector."""
    if len(face.labelled) == 0:
        return False
    x0, y0, x1, y1 = tight_box(face.labelled)
    height, width = image.shape[:2]
    side = max(x1 - x0, y1 - y0)
    inside = x1 >= 0 and y1 >= 0 and x0 <= width - 1 and y0 <= height - 1
    return inside and min(x1 - x0, y1 - y0) > 0 and 2 <= side <= 10 * max(height, width)


def _predict_batch(
    detector: Detector, dataset: FaceDataset, batch: Sequence[tuple[int, NDArray[np.uint8]]]
) -> dict[int, NDArray[np.float32]]:
    """Predicted landmarks, (K, 2) source pixels, by position in the dataset."""
    boxes = [[tight_box(dataset.faces[i].labelled)] for i, _ in batch]
    faces = detector.on_boxes([image for _, image in batch], boxes)
    return {i: own[0].points for (i, _), own in zip(batch, faces, strict=True)}
