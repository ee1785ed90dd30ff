"""How far labels are from what is expected, by models that did not see them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.adapters.ridge import RidgeFit
from landmarks.audit.material import Predicted
from landmarks.audit.shapes import Complex, Frames, as_complex, mean_shape
from landmarks.data.dataset import FaceDataset
from landmarks.scheme import LandmarkScheme

Values = NDArray[np.float64]

FOLDS = 5
_EXPLAINED = 0.98  # share of the variance of faces that a shape model has
_MODES = 40  # of a shape model, at most
_CLIPPED = 6.0  # median deviations beyond which a coordinate counts less in a shape model


@dataclass(frozen=True, eq=False)
class Residuals:
    """Labels of a sample against two models fitted on other photos of the same dataset.

    Attributes:
        adapted: (n, K, 2) predictions of the bundled detector, adapted to the dataset's convention
            by ridge regression on the other folds, source pixels.
        from_prediction: (n, K) distance of each label from it, in inter-ocular distances.
        from_shape: (n, K) distance of each label from its place in a model of the other folds'
            shapes, in root mean square sizes of a face.
        turned: (n, K) labels minus adapted predictions in the face's upright frame, complex, in
            inter-ocular distances.
    """

    adapted: NDArray[np.float32]
    from_prediction: Values
    from_shape: Values
    turned: Complex


def residuals(predicted: Predicted, dataset: FaceDataset) -> Residuals:
    """Cross-fit: each fold by models of the others; faces of one photo are in one fold."""
    groups = [dataset.faces[i].group for i in predicted.faces]
    folds = folds_of(groups)
    adapted = _cross_fitted(predicted, folds)
    unit = predicted.unit[:, None]
    labels, points = as_complex(predicted.labels), as_complex(adapted)
    everything = np.ones(labels.shape, bool)
    frames = Frames.of(points, everything, mean_shape(points, everything))
    turned = (labels - points) * np.exp(-1j * frames.roll)[:, None] / unit
    return Residuals(
        adapted=adapted,
        from_prediction=np.where(predicted.visible, np.abs(turned), 0.0),
        from_shape=_from_shape(labels, predicted, folds),
        turned=np.where(predicted.visible, turned, 0.0),
    )


def folds_of(groups: list[str]) -> NDArray[np.intp]:
    """(n,) fold of each face, drawn at random by photo."""
    names, which = np.unique(groups, return_inverse=True)
    of_group = np.random.default_rng(0).permutation(len(names)) % FOLDS
    return np.asarray(of_group[which], np.intp)


def _cross_fitted(predicted: Predicted, folds: NDArray[np.intp]) -> NDArray[np.float32]:
    adapted = np.empty_like(predicted.points)
    for fold in range(FOLDS):
        own, rest = folds == fold, folds != fold
        if own.any():
            adapter = RidgeFit()(
                predicted.points[rest],
                predicted.labels[rest],
                predicted.visible[rest],
                predicted.scheme,
                seed=0,
            )
            adapted[own] = adapter.adapt(predicted.points[own])
    return adapted


def _from_shape(labels: Complex, predicted: Predicted, folds: NDArray[np.intp]) -> Values:
    seen = predicted.visible
    mean = mean_shape(labels, seen)
    shapes = Frames.of(labels, seen, mean).normalise(labels)
    shapes = np.where(seen, shapes, mean)
    rows = np.hstack([shapes.real, shapes.imag])
    left, K = np.zeros_like(rows), labels.shape[1]
    for fold in range(FOLDS):
        own, rest = folds == fold, folds != fold
        middle = np.median(rows[rest], axis=0)
        moved = rows[rest] - middle
        most = _CLIPPED * np.median(np.abs(moved), axis=0) + 1e-9
        _, values, modes = np.linalg.svd(np.clip(moved, -most, most), full_matrices=False)
        explained = np.cumsum(values**2) / max(float((values**2).sum()), 1e-12)
        modes = modes[: min(int(np.searchsorted(explained, _EXPLAINED)) + 1, _MODES)]
        apart = rows[own] - middle
        # A model with many modes follows a label that is wrong: divide by the share it leaves.
        leaves = np.maximum(1 - (modes**2).sum(axis=0), 0.05)
        left[own] = (apart - apart @ modes.T @ modes) / np.sqrt(leaves)
    return np.where(seen, np.hypot(left[:, :K], left[:, K:]), 0.0)


def noise_of_lines(found: Residuals, scheme: LandmarkScheme) -> Values:
    """(K,) standard deviation of each landmark's noise, inter-ocular; NaN off the lines.

    Errors of a detector and differences of shape change slowly along a line, noise does not: the
    second difference of labels minus predictions has 6 times the variance of the noise. An upper
    bound: 0.5 to 0.8 % remain on exact labels.
    """
    triples = _triples(scheme)
    sigma = np.full(scheme.num_landmarks, np.nan)
    if not len(triples):
        return sigma
    a, b, c = triples.T
    second = found.turned[:, a] - 2 * found.turned[:, b] + found.turned[:, c]
    spread = [np.median(np.abs(p - np.median(p, axis=0)), axis=0) for p in _parts(second)]
    values = 1.4826 * np.hypot(*spread) / np.sqrt(2 * 6)
    for k, value in zip(b.tolist(), values.tolist(), strict=True):
        sigma[k] = np.fmin(sigma[k], value)
    return sigma


def _parts(values: Complex) -> tuple[Values, Values]:
    return values.real, values.imag


def _triples(scheme: LandmarkScheme) -> NDArray[np.intp]:
    """(T, 3) neighbours along the lines; a closed line has one at its end too."""
    found = [
        triple
        for along in scheme.lines.values()
        for triple in zip(along, along[1:], along[2:], strict=False)
    ]
    found += [
        (along[-2], along[0], along[1])
        for along in scheme.lines.values()
        if along[0] == along[-1] and len(along) > 3
    ]
    return np.array(found, np.intp).reshape(-1, 3)


def regions_of(scheme: LandmarkScheme) -> dict[str, tuple[int, ...]]:
    """The regions that are not several others together; all landmarks if there are none."""
    sets = {name: set(own) for name, own in scheme.regions.items()}
    parts = {
        name: scheme.regions[name]
        for name, own in sets.items()
        if not any(other < own for other in sets.values())
    }
    return parts or {"all": tuple(range(scheme.num_landmarks))}
