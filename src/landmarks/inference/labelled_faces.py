"""The 68 landmarks of labelled faces, as a detector finds them in the photos."""

import numpy as np
from numpy.typing import NDArray

from landmarks.data.dataset import Face, FaceDataset
from landmarks.errors import InputError
from landmarks.inference.detector import Detector
from landmarks.scheme import IBUG68

AROUND = 0.4  # sides of the landmarks' box by which it is enlarged: ears and foreheads are outside
INSIDE = 0.8  # share of the labels that must be in the box of a found face


def detected_landmarks(
    faces: FaceDataset, detector: Detector
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the labelled faces in their photos.

    Args:
        faces: Labelled in any scheme.
        detector: Predicts the 68 landmarks.

    Returns:
        Positions of the faces that were found, (N,), and their landmarks, (N, 68, 2) pixels.

    Raises:
        InputError: The detector predicts other landmarks.
    """
    if detector.scheme.name != IBUG68.name:
        raise InputError(
            f"the detector predicts landmarks of the scheme {detector.scheme.name}; expected one "
            f"of {IBUG68.name}, such as the bundled one"
        )
    found = {i: _landmarks(face, detector) for i, face in enumerate(faces.faces)}
    kept = {i: points for i, points in found.items() if points is not None}
    points = np.array(list(kept.values()), np.float64).reshape(-1, IBUG68.num_landmarks, 2)
    return np.array(list(kept), np.intp), points


def _landmarks(face: Face, detector: Detector) -> NDArray[np.floating] | None:
    """Landmarks of the face in the photo that the labels are of, if it is found."""
    options = [found.points for found in detector(face.image.read())]
    shares = [_share_inside(face.labelled, points) for points in options]
    best = int(np.argmax(shares)) if shares else -1
    return options[best] if shares and shares[best] >= INSIDE else None


def _share_inside(labels: NDArray[np.floating], points: NDArray[np.floating]) -> float:
    low, high = points.min(axis=0), points.max(axis=0)
    margin = AROUND * (high - low)
    return float(((labels >= low - margin) & (labels <= high + margin)).all(axis=1).mean())
