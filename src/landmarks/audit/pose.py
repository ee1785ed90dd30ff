"""Head pose and openings of mouth and eyes, from 68 landmarks."""

import numpy as np
from numpy.typing import NDArray

from landmarks.data.mean_face import MEAN_FACE
from landmarks.scheme import IBUG68, LandmarkScheme

Values = NDArray[np.float64]

# (68,) away from the camera, from the tip of the nose, of the head that MEAN_FACE is of; the
# distance of the outer eye corners is 1.
DEPTH = np.array(
    [
        1.07, 1.04, 1.06, 1.03, 0.99, 0.87, 0.66, 0.37, 0.3, 0.37, 0.66, 0.87, 0.99, 1.03, 1.06,
        1.04, 1.07, 0.51, 0.36, 0.26, 0.21, 0.19, 0.19, 0.21, 0.26, 0.36, 0.51, 0.22, 0.16, 0.06,
        0.0, 0.2, 0.14, 0.11, 0.14, 0.2, 0.39, 0.3, 0.29, 0.33, 0.31, 0.31, 0.33, 0.29, 0.3, 0.39,
        0.31, 0.31, 0.25, 0.16, 0.08, 0.07, 0.08, 0.16, 0.25, 0.2, 0.15, 0.14, 0.15, 0.2, 0.25,
        0.19, 0.18, 0.19, 0.25, 0.16, 0.15, 0.16,
    ]
)  # fmt: skip

# The jaw is labelled along the visible outline, and faces are not the mean face: slopes of the true
# angles of 1,000 rendered faces over the estimates. What is left is 1.2, 2.9 and 1.0 degrees.
_SLOPES = np.array([1.27, 0.91, 0.93])


def has_pose(scheme: LandmarkScheme) -> bool:
    """Whether landmarks of a scheme have known places on the mean head."""
    return scheme.mirror == IBUG68.mirror


def pose_of(points: NDArray[np.floating]) -> tuple[Values, Values]:
    """Yaw, pitch and roll as of `landmarks.synthesis.scene.view.View`, and the face's scale.

    A camera without perspective, fitted to the mean head (Dementhon and Davis, "Model-based object
    pose in 25 lines of code", 1995, the first step).

    Args:
        points: (N, 68, 2) pixels.

    Returns:
        (N, 3) degrees, and (N,) pixels between the outer eye corners of a face seen from the front.
    """
    head = np.column_stack([MEAN_FACE, DEPTH])
    head = head - head.mean(axis=0)
    centred = points.astype(np.float64) - points.mean(axis=1, keepdims=True)
    affine = np.einsum("nkd,ek->nde", centred, np.linalg.pinv(head))
    u, scales, vt = np.linalg.svd(affine, full_matrices=False)
    rows = u @ vt  # the nearest two rows of a rotation
    third = np.cross(rows[:, 0], rows[:, 1])
    yaw = np.arctan2(third[:, 0], third[:, 2])
    pitch = -np.arcsin(np.clip(third[:, 1], -1, 1))
    roll = np.arctan2(-rows[:, 0, 1], rows[:, 1, 1])
    angles = np.degrees(np.stack([yaw, pitch, roll], axis=1)) * _SLOPES
    return np.asarray(angles), np.asarray(scales.mean(axis=1))


def openings(points: NDArray[np.floating], scale: Values) -> tuple[Values, Values]:
    """Opening of the mouth and of the eyes, (N,) each: height over `scale`, upright faces."""
    mouth = np.linalg.norm(points[:, [61, 62, 63]] - points[:, [67, 66, 65]], axis=-1)
    lids = np.linalg.norm(points[:, [37, 38, 43, 44]] - points[:, [41, 40, 47, 46]], axis=-1)
    return mouth.mean(axis=1) / scale, lids.mean(axis=1) / scale
