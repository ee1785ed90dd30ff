"""Predicted and true landmarks of a test set, from which all metrics are computed."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.data.array_files import read_npz
from landmarks.errors import InputError
from landmarks.metrics import Summary, cumulative_error, nme, point_errors, summarise
from landmarks.scheme import IBUG68, LandmarkScheme, restored_scheme, stored_scheme
from landmarks.scheme.units import Normaliser, unit
from landmarks.storage.atomic import atomic_write

PREDICTIONS = "predictions.npz"

# What the file holds for the attributes of `Predictions`, as in NumPy's dtypes.
_KINDS = {
    "ids": "U",
    "groups": "U",
    "subsets": "U",
    "predicted": "f",
    "target": "f",
    "visible": "b",
}

# Raise it with any change of the landmarks or metrics that the same detector and faces lead to;
# runs are then tested again.
PREDICTIONS_VERSION = 1

DIVERGED = (
    "the model diverged or learned nothing: its error is no less than with all landmarks of a face "
    "in one point; train it longer or at a lower learning rate"
)


class NotFiniteError(InputError):
    """A model predicts NaN or infinity."""


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Predicted and true landmarks of a test set.

    Attributes:
        ids: (N,) names of the faces.
        groups: (N,) photo of each.
        subsets: (N,) subset of each.
        predicted: (N, K, 2) source pixels.
        target: (N, K, 2) source pixels.
        visible: (N, K).
        scheme: What the indices mean.
    """

    ids: NDArray[np.str_]
    groups: NDArray[np.str_]
    subsets: NDArray[np.str_]
    predicted: NDArray[np.float32]
    target: NDArray[np.float32]
    visible: NDArray[np.bool_]
    scheme: LandmarkScheme

    def __post_init__(self) -> None:
        """Refuse predictions that are not finite: metrics would take NaN for an invisible landmark.

        Raises:
            NotFiniteError: The prediction of a visible landmark is not finite.
        """
        lost = self.visible & ~np.isfinite(self.predicted).all(axis=-1)
        if lost.any():
            i, k = np.argwhere(lost)[0]
            raise NotFiniteError(
                f"face {str(self.ids[i])!r}: landmark {k} is predicted at "
                f"{self.predicted[i, k].tolist()} ({lost.any(axis=1).sum():,} of {len(lost):,} "
                "faces have such a landmark); expected finite numbers, so train the model again at "
                "a lower learning rate"
            )

    @property
    def errors(self) -> NDArray[np.float64]:
        """(N,) NME of each face, by the scheme's normaliser."""
        return self.errors_of(tuple(range(self.scheme.num_landmarks)))

    def errors_of(self, landmarks: tuple[int, ...]) -> NDArray[np.float64]:
        """(N,) NME of some landmarks; NaN where a face shows none of them."""
        points = point_errors(self.predicted, self.target, self.visible)
        return nme(points, unit(self.target, self.visible, self.scheme), landmarks)

    @property
    def diverged(self) -> bool:
        """Whether the mean error is no less than with all landmarks of a face in one point.

        The point is the centroid of the true landmarks. On AFW and HELEN that gives an NME of 59
        and 56 %; the mean face, placed in the true box, gives 22 and 17 %.
        """
        counts = self.visible[..., None]
        centroids = np.sum(self.target, axis=1, keepdims=True, where=counts)
        centroids /= np.maximum(counts.sum(axis=1, keepdims=True), 1)
        points = np.broadcast_to(centroids, self.target.shape)
        limit = replace(self, predicted=points).errors
        return bool(np.nanmean(self.errors) >= np.nanmean(limit))

    def summaries(self, by: Mapping[str, Normaliser] | None = None) -> dict[str, Summary]:
        """Metrics of the whole and of each subset; `by` are the normalisers of `summarise`."""
        names = sorted(set(self.subsets.tolist()) - {"all"})
        parts = {name: self.subsets == name for name in names}
        parts = {"all": np.ones(len(self.ids), bool), **(parts if len(parts) > 1 else {})}
        return {
            name: summarise(
                self.predicted[chosen],
                self.target[chosen],
                self.visible[chosen],
                self.groups[chosen],
                self.scheme,
                by,
            )
            for name, chosen in parts.items()
        }

    def write(self, directory: Path) -> None:
        """Write `predictions.npz`."""
        with atomic_write(directory / PREDICTIONS) as partial, partial.open("wb") as file:
            np.savez(
                file,
                ids=self.ids,
                groups=self.groups,
                subsets=self.subsets,
                predicted=self.predicted,
                target=self.target,
                visible=self.visible,
                error=self.errors,
                scheme=np.array(stored_scheme(self.scheme)),
            )


def write_cumulative_error(path: Path, errors: NDArray[np.float64]) -> None:
    """Write the cumulative error distribution as CSV: NME, share of faces up to it.

    Args:
        path: The file.
        errors: (N,); NaN of faces that do not count.
    """
    with atomic_write(path) as partial, partial.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["nme", "share"])
        writer.writerows(zip(*cumulative_error(errors[~np.isnan(errors)]), strict=True))


def read_predictions(directory: Path) -> Predictions:
    """Read what `Predictions.write` wrote.

    Args:
        directory: Of a finished run.
        scheme: What the indices mean.

    Raises:
        InputError: The file is missing, or does not contain predictions.
        NotFiniteError: Some are not finite.
    """
    path = directory / PREDICTIONS
    try:
        parts = read_npz(path, _KINDS, {"scheme": "U"})
        scheme = restored_scheme(str(parts.pop("scheme"))) if "scheme" in parts else IBUG68
    except InputError as error:
        reason = str(error).removeprefix(str(path)).lstrip(": ")
        raise InputError(
            f"{path}: not the predictions of a finished run ({reason}); run it again"
        ) from None
    faces = parts["ids"].shape[:1]
    shape = (*faces, scheme.num_landmarks, 2)
    for name, expected in (
        *((name, faces) for name in ("ids", "groups", "subsets")),
        *(("predicted", shape), ("target", shape), ("visible", shape[:-1])),
    ):
        if not faces or parts[name].shape != expected:
            raise InputError(
                f"{path}: {name!r} is of shape {parts[name].shape}; expected {expected}, scheme "
                f"{scheme.name!r}"
            )
    if not np.isfinite(parts["target"][parts["visible"]]).all():
        raise InputError(f"{path}: true landmarks that are not finite; run it again")
    try:
        return Predictions(scheme=scheme, **parts)
    except NotFiniteError as error:
        raise NotFiniteError(f"{path}: {error}") from None
