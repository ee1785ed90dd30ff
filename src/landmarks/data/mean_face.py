"""A frontal mean face: the shape that plausible labels resemble."""

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import IBUG68, Between, LandmarkScheme, OnLine, Place, Pupil

# (68, 2) x to the right and y down, centred; the distance of the outer eye corners is 1. These are
# the landmarks of the project's own CC0 head (landmarks.synthesis.mesh.assets, average shape) seen
# from the front and made symmetric; a test compares them.
MEAN_FACE = np.array(
    [
        [-0.8, -0.42], [-0.79, -0.17], [-0.76, 0.08], [-0.72, 0.22], [-0.66, 0.34], [-0.57, 0.5],
        [-0.4, 0.68], [-0.17, 0.81], [0, 0.81], [0.17, 0.81], [0.4, 0.68], [0.57, 0.5],
        [0.66, 0.34], [0.72, 0.22], [0.76, 0.08], [0.79, -0.17], [0.8, -0.42], [-0.65, -0.55],
        [-0.55, -0.63], [-0.42, -0.67], [-0.27, -0.66], [-0.13, -0.61], [0.13, -0.61],
        [0.27, -0.66], [0.42, -0.67], [0.55, -0.63], [0.65, -0.55], [0, -0.49], [0, -0.32],
        [0, -0.18], [0, -0.06], [-0.16, 0.08], [-0.07, 0.1], [0, 0.12], [0.07, 0.1], [0.16, 0.08],
        [-0.5, -0.43], [-0.4, -0.47], [-0.31, -0.47], [-0.2, -0.41], [-0.31, -0.38],
        [-0.4, -0.37], [0.2, -0.41], [0.31, -0.47], [0.4, -0.47], [0.5, -0.43], [0.4, -0.37],
        [0.31, -0.38], [-0.29, 0.35], [-0.2, 0.26], [-0.06, 0.23], [0, 0.25], [0.06, 0.23],
        [0.2, 0.26], [0.29, 0.35], [0.21, 0.42], [0.06, 0.47], [0, 0.48], [-0.06, 0.47],
        [-0.21, 0.42], [-0.24, 0.35], [-0.05, 0.33], [0, 0.34], [0.05, 0.33], [0.24, 0.35],
        [0.06, 0.35], [0, 0.35], [-0.06, 0.35],
    ]
)  # fmt: skip


def mean_face_of(scheme: LandmarkScheme) -> NDArray[np.float64]:
    """(K, 2) the same face in a scheme; NaN for landmarks whose place in it is not known.

    Known are those that files of iBUG's scheme have, by `sources` of either scheme, and those whose
    place on the head follows from iBUG's lines.
    """
    face = np.full((scheme.num_landmarks, 2), np.nan)
    for k, place in scheme.places.items():
        face[k] = _position(place)
    if scheme.name in IBUG68.sources:
        face[list(IBUG68.sources[scheme.name])] = MEAN_FACE
    if IBUG68.name in (scheme.name, *scheme.sources):
        face = MEAN_FACE[list(scheme.picked_from(IBUG68))]
    return face


def _position(place: Place) -> NDArray[np.float64]:
    """(2,) in the mean face; NaN if it is not known."""
    if isinstance(place, OnLine) and place.line in IBUG68.lines:
        line = MEAN_FACE[list(IBUG68.lines[place.line])]
        return np.array([np.interp(place.at, np.arange(len(line)), line[:, d]) for d in range(2)])
    if isinstance(place, Pupil):
        return np.asarray(MEAN_FACE[list(IBUG68.pupils[place.pupil == "left"])].mean(axis=0))
    if isinstance(place, Between):
        first, second = map(_position, place.between)
        return np.asarray(first + place.at * (second - first))
    return np.full(2, np.nan)


def drawn_face(scheme: LandmarkScheme) -> NDArray[np.float64]:
    """(K, 2) the same, with landmarks of unknown place on a circle around the face."""
    face = mean_face_of(scheme)
    angle = np.linspace(0, 2 * np.pi, len(face), endpoint=False)
    return np.where(np.isnan(face), np.stack([np.cos(angle), np.sin(angle)], axis=1), face)
