"""Mirror: the scheme's table, and faces whose left and right are exchanged."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from landmarks.audit.finding import Finding, Price
from landmarks.audit.label_cost import label_cost
from landmarks.audit.material import Material, Predicted
from landmarks.audit.shapes import (
    Complex,
    Frames,
    Seen,
    as_complex,
    mean_shape,
    reflected,
)
from landmarks.data.dataset import FaceDataset
from landmarks.data.plausibility import left_over
from landmarks.errors import InputError

_UPRIGHT = np.radians(30)  # rotation that is left when an exchange is undone
_ROUNDS = 20  # of matching a mean shape with its reflection; the pairs settle in two or three


@dataclass(frozen=True)
class MirrorCheck:
    """Finds wrong entries of a mirror table, and faces with left and right exchanged.

    - The table: the mean shape of all faces and its reflection are matched one to one, after an
      affine map, so that a dataset that looks to one side is no exception. An entry is wrong if its
      landmark is `far` from the place that the table says and `ratio` times nearer to another one.
    - The indices of a face: its labels come `ratio` times nearer to the mean shape (symmetric by
      the pairs that were found) when left and right are exchanged.
    - The image of a face: its labels come `ratio` times nearer to the detector's prediction when
      they are reflected about the image's middle. Frontal faces in the middle of their images look
      the same either way, so only some of the faces are found; only the sample is predicted.

    Measured in `docs/audit-labels.md`.

    Attributes:
        faces: Least number of faces for a mean shape.
        far: Share of the root mean square size of a face.
        mixed: Median distance of a landmark from its mean place beyond which a table is not
            judged, in root mean square sizes; at most 0.4 for faces of one order.
        ratio: Of distances without and with a fault undone.
        near: Greatest distance from the prediction once a reflection is undone, as a share of the
            inter-ocular distance.
    """

    faces: int = 50
    far: float = 0.03
    mixed: float = 0.9
    ratio: float = 2.0
    near: float = 0.12

    name: str = "mirror"
    method: str = (
        "The mean shape is matched with its reflection; each face is compared with its left and "
        "right exchanged, and with its image mirrored."
    )

    def looked_at(self, material: Material) -> str:
        """See `Check`."""
        return material.counted()

    def __call__(self, material: Material) -> list[Finding]:
        """See `Check`."""
        return [
            finding
            for role, dataset in material.sets.items()
            for finding in self._on(material, role, dataset)
        ]

    def _on(self, material: Material, role: str, dataset: FaceDataset) -> list[Finding]:
        points, seen = labels_of(dataset)
        table = np.array(dataset.scheme.mirror)
        predicted = material.predictions(role)
        found = []
        if len(points) >= self.faces:
            mean = mean_shape(points, seen)
            pairs = mirror_pairs(mean)
            wrong = self._wrong_entries(mean, table, pairs)
            if _spread(points, seen, mean) > self.mixed:
                wrong = wrong[:0]  # half of the faces have another order: there is no mean shape
            if len(wrong):
                found.append(_table_finding(self.name, role, dataset, wrong, pairs, predicted))
                table = pairs
            exchanged = self._exchanged(points, seen, mean, table)
            if len(exchanged):
                price = _price(role, predicted, exchanged, table, len(points))
                found.append(_indices_finding(self.name, role, exchanged, len(points), price))
        if predicted is not None:
            mirrored = self._mirrored_images(predicted, dataset, table)
            if len(mirrored):
                found.append(_image_finding(self.name, role, mirrored, len(predicted.faces)))
        return found

    def _wrong_entries(
        self, mean: Complex, table: NDArray[np.intp], pairs: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Landmarks whose entry in the table is wrong."""
        other = _onto(reflected(mean)[pairs], mean)(reflected(mean))
        by_table, by_pairs = np.abs(other[table] - mean), np.abs(other[pairs] - mean)
        wrong = (by_table > self.far) & (by_table > self.ratio * by_pairs)
        return np.flatnonzero(wrong)

    def _exchanged(
        self, points: Complex, seen: Seen, mean: Complex, pairs: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Faces whose indices are exchanged, the surest first."""
        symmetric = (mean + reflected(mean)[pairs]) / 2
        plain = left_over(points, seen, symmetric, np.pi)
        undone = left_over(points[:, pairs], seen[:, pairs], symmetric, _UPRIGHT)
        found = np.flatnonzero(undone * self.ratio < plain)
        return np.asarray(found[np.argsort(undone[found] / plain[found])])

    def _mirrored_images(
        self, predicted: Predicted, dataset: FaceDataset, pairs: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Faces whose labels are those of the mirrored image, the surest first."""
        suspects = np.flatnonzero(predicted.errors > self.near / 2)
        apart = []
        for i in suspects:
            width = _width(dataset, int(predicted.faces[i]))
            labels, seen = predicted.labels[i].astype(np.float64), predicted.visible[i]
            other = np.stack([width - 1 - labels[pairs, 0], labels[pairs, 1]], axis=-1)
            both = seen & seen[pairs]
            off = np.linalg.norm(predicted.points[i] - other, axis=-1)[both].mean()
            apart.append(off / predicted.unit[i])
        undone, plain = np.array(apart), predicted.errors[suspects]
        sure = np.flatnonzero((undone * self.ratio < plain) & (undone < self.near))
        order = sure[np.argsort((undone / plain)[sure])]
        return np.asarray(predicted.faces[suspects[order]])


def _spread(points: Complex, seen: Seen, mean: Complex) -> float:
    """The largest median distance of a landmark from its mean place."""
    apart = np.abs(Frames.of(points, seen, mean).normalise(points) - mean)
    known = seen.any(axis=0)
    return float(np.nanmedian(np.where(seen, apart, np.nan)[:, known], axis=0).max())


def labels_of(dataset: FaceDataset) -> tuple[Complex, Seen]:
    """Labels, (N, K) complex pixels, and which of them count."""
    return as_complex(dataset.landmarks), dataset.seen


def mirror_pairs(mean: Complex) -> NDArray[np.intp]:
    """The landmark that each one becomes in the reflection of a mean shape, (K,)."""
    other, pairs = reflected(mean), None
    for _ in range(_ROUNDS):
        _, found = linear_sum_assignment(np.abs(other[None] - mean[:, None]) ** 2)
        if pairs is not None and (found == pairs).all():
            break
        pairs = found
        other = _onto(reflected(mean)[pairs], mean)(reflected(mean))
    return np.asarray(pairs, np.intp)


def _onto(shape: Complex, goal: Complex) -> "_Affine":
    """The affine map from one shape to another, by least squares."""
    rows = np.stack([shape.real, shape.imag, np.ones(len(shape))], axis=1)
    return _Affine(np.asarray(np.linalg.lstsq(rows, goal, rcond=None)[0], np.complex128))


@dataclass(frozen=True, eq=False)
class _Affine:
    weights: Complex

    def __call__(self, shape: Complex) -> Complex:
        rows = np.stack([shape.real, shape.imag, np.ones(len(shape))], axis=1)
        return np.asarray(rows @ self.weights)


def _width(dataset: FaceDataset, face: int) -> float:
    try:
        return float(dataset.faces[face].image.shape()[1])
    except InputError:
        return float("nan")


def _table_finding(
    check: str,
    role: str,
    dataset: FaceDataset,
    wrong: NDArray[np.intp],
    pairs: NDArray[np.intp],
    predicted: Predicted | None,
) -> Finding:
    table = dataset.scheme.mirror
    shown = ", ".join(f"{k} with {table[k]} instead of {pairs[k]}" for k in wrong[:4])
    more = f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
    return Finding(
        check=check,
        data=role,
        fault="wrong mirror table",
        text=(
            f"The scheme {dataset.scheme.name!r} exchanges landmark {shown}{more}; the mean shape "
            f"of {len(dataset):,} faces says otherwise. Mirrored training images and mirrored "
            "test-time averages get wrong labels."
        ),
        fix="correct `mirror` of the scheme",
        price=_table_price(predicted, np.array(table), pairs),
    )


def _table_price(
    predicted: Predicted | None, table: NDArray[np.intp], pairs: NDArray[np.intp]
) -> Price | None:
    """What a wrong table costs: half of the training images are mirrored, and labelled with it.

    So half of the labels of landmark k are where the partner of `table[k]` is.
    """
    if predicted is None:
        return None
    labels = predicted.labels
    return label_cost("real", predicted, labels, labels[:, pairs[table]], share=0.5)


def _price(
    role: str,
    predicted: Predicted | None,
    faces: NDArray[np.intp],
    table: NDArray[np.intp],
    count: int,
) -> Price | None:
    """What exchanged indices cost on some of `count` faces."""
    if predicted is None:
        return None
    undone = predicted.labels.copy()
    wrong = np.isin(predicted.faces, faces)
    undone[wrong] = undone[wrong][:, table]
    return label_cost(role, predicted, undone, undone[:, table], len(faces) / count)


def _indices_finding(
    check: str, role: str, faces: NDArray[np.intp], count: int, price: Price | None
) -> Finding:
    return Finding(
        check=check,
        data=role,
        fault="left and right exchanged",
        text=(
            f"{len(faces):,} of {count:,} faces resemble the mean shape only when the landmarks of "
            "left and right are exchanged."
        ),
        fix="exchange their landmarks by the scheme's `mirror`, or leave these faces out",
        faces=tuple(faces.tolist()),
        price=price,
    )


def _image_finding(check: str, role: str, faces: NDArray[np.intp], count: int) -> Finding:
    return Finding(
        check=check,
        data=role,
        fault="image mirrored without its labels",
        text=(
            f"On {len(faces):,} of {count:,} faces compared, the detector's landmarks agree with "
            "the labels only when these are mirrored. Frontal faces in the middle of an image "
            "cannot show it, so more faces may have the fault."
        ),
        fix="mirror the images back, or the labels too, or leave these faces out",
        faces=tuple(faces.tolist()),
    )
