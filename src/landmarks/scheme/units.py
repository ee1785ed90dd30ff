"""Lengths of a face by which errors are divided, in pixels.

Every function takes landmarks (N, K, 2), (N, K) which of them are labelled, and their scheme.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme.definition import LandmarkScheme


def interocular(
    target: NDArray[np.float32], visible: NDArray[np.bool_], scheme: LandmarkScheme
) -> NDArray[np.float64]:
    """Distance of the outer eye corners of each face, (N,).

    Hidden corners count too: without them a face has no error.
    """
    right, left = scheme.interocular
    return _length(target[:, left] - target[:, right])


def interpupil(
    target: NDArray[np.float32], visible: NDArray[np.bool_], scheme: LandmarkScheme
) -> NDArray[np.float64]:
    """Distance of the mean landmarks of the two eyes, (N,); NaN where one is not visible."""
    right, left = (target[:, list(eye)].mean(axis=1) for eye in scheme.pupils)
    whole = visible[:, [k for eye in scheme.pupils for k in eye]].all(axis=1)
    return np.where(whole, _length(left - right), np.nan)


def box(
    target: NDArray[np.float32], visible: NDArray[np.bool_], scheme: LandmarkScheme
) -> NDArray[np.float64]:
    """Square root of the area of the landmarks' tight box, (N,); NaN where one is not visible."""
    width_height = (target.max(axis=1) - target.min(axis=1)).astype(np.float64)
    return np.where(visible.all(axis=1), np.sqrt(width_height.prod(axis=-1)), np.nan)


def diagonal(
    target: NDArray[np.float32], visible: NDArray[np.bool_], scheme: LandmarkScheme
) -> NDArray[np.float64]:
    """Diagonal of the landmarks' tight box, (N,); NaN where one is not visible."""
    return np.where(visible.all(axis=1), _length(target.max(axis=1) - target.min(axis=1)), np.nan)


def _length(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(vectors.astype(np.float64), axis=-1))


Normaliser = Callable[[NDArray[np.float32], NDArray[np.bool_], LandmarkScheme], NDArray[np.float64]]
_LENGTHS: Mapping[str, Normaliser] = {
    "interocular": interocular,
    "interpupil": interpupil,
    "box": box,
}


# What errors are divided by, in words.
IN_WORDS: Mapping[str, str] = {
    "interocular": "inter-ocular distance",
    "interpupil": "inter-pupil distance",
    "box": "square root of the area of the landmarks' box",
}


def normalisers(scheme: LandmarkScheme) -> dict[str, Normaliser]:
    """The lengths that a scheme has the landmarks for, by name."""
    return {name: _LENGTHS[name] for name in scheme.normalisers}


def all_normalisers(scheme: LandmarkScheme) -> dict[str, Normaliser]:
    """Those of `normalisers`, and the diagonal, which some projects use."""
    return {**normalisers(scheme), "diagonal": diagonal}


def unit(
    target: NDArray[np.float32], visible: NDArray[np.bool_], scheme: LandmarkScheme
) -> NDArray[np.float64]:
    """The length by which the scheme's errors are divided, (N,)."""
    return _LENGTHS[scheme.normaliser](target, visible, scheme)
