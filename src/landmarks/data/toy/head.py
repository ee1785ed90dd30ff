"""The face of a drawn head: 68 points in 3D, and how faces differ.

Model units are inter-ocular distances of the mean face. The model's axes are x to the right of the
image, y down, z towards the camera; (0, 0, 0) is between the eyes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import IBUG68

Array = NDArray[np.float64]

# Made by hand: the person's right half and the middle line; the rest is their mirror image.
_RIGHT_HALF: Final[dict[int, tuple[float, float, float]]] = {
    0: (-0.80, 0.02, -0.75),  # jaw, from the ear to the chin
    1: (-0.79, 0.24, -0.72),
    2: (-0.76, 0.46, -0.66),
    3: (-0.70, 0.67, -0.56),
    4: (-0.61, 0.86, -0.42),
    5: (-0.48, 1.03, -0.24),
    6: (-0.33, 1.16, -0.07),
    7: (-0.17, 1.245, 0.05),
    8: (0.0, 1.27, 0.10),
    17: (-0.66, -0.20, -0.17),  # brow, from the outside
    18: (-0.56, -0.29, -0.05),
    19: (-0.43, -0.32, 0.04),
    20: (-0.29, -0.305, 0.10),
    21: (-0.16, -0.26, 0.13),
    27: (0.0, -0.03, 0.13),  # nose, down its bridge
    28: (0.0, 0.12, 0.22),
    29: (0.0, 0.27, 0.32),
    30: (0.0, 0.42, 0.42),
    31: (-0.18, 0.50, 0.15),  # nostrils
    32: (-0.09, 0.535, 0.23),
    33: (0.0, 0.555, 0.27),
    36: (-0.50, 0.0, -0.12),  # eye, from the outer corner over the upper lid
    37: (-0.41, -0.06, -0.04),
    38: (-0.29, -0.06, -0.01),
    39: (-0.20, 0.015, -0.03),
    40: (-0.295, 0.055, -0.01),
    41: (-0.41, 0.055, -0.04),
    48: (-0.30, 0.84, 0.07),  # outer lip, upper edge
    49: (-0.19, 0.785, 0.17),
    50: (-0.075, 0.755, 0.23),
    51: (0.0, 0.77, 0.24),
    57: (0.0, 0.965, 0.21),  # outer lip, lower edge
    58: (-0.085, 0.955, 0.20),
    59: (-0.19, 0.91, 0.15),
    60: (-0.265, 0.842, 0.09),  # inner lip
    61: (-0.09, 0.838, 0.20),
    62: (0.0, 0.842, 0.21),
    66: (0.0, 0.852, 0.21),
    67: (-0.09, 0.850, 0.20),
}


def _mean_face() -> Array:
    mean = np.full((IBUG68.num_landmarks, 3), np.nan)
    for k, (x, y, z) in _RIGHT_HALF.items():
        mean[k] = x, y, z
        mean[IBUG68.mirror[k]] = -x, y, z
    return mean


MEAN_FACE: Final = _mean_face()
"""(68, 3) model units."""


def _on(region: str) -> Array:
    """(68,) 1 on the landmarks of a region, 0 elsewhere."""
    return np.isin(np.arange(IBUG68.num_landmarks), IBUG68.regions[region]).astype(np.float64)


def _at(weights: dict[int, float]) -> Array:
    """(68,) weights of single landmarks and of their mirror partners, 0 elsewhere."""
    spread = np.zeros(IBUG68.num_landmarks)
    for k, weight in weights.items():
        spread[[k, IBUG68.mirror[k]]] = weight
    return spread


def _variations() -> dict[str, tuple[float, Array]]:
    """Ways in which faces differ: standard deviation, and the displacement (68, 3) of one unit."""
    x, y, _ = MEAN_FACE.T
    side = np.sign(x)
    zero = np.zeros_like(x)
    jaw, brows, eyes, mouth, nose = map(_on, ("jaw", "brows", "eyes", "mouth", "nose"))
    along_jaw = np.where(jaw > 0, np.arange(len(x)), 0)
    cheek = jaw * np.sin(np.pi * along_jaw / 8) ** 2
    chin = jaw * np.exp(-(((along_jaw - 8) / 3.0) ** 2))
    eye_x, eye_y = np.abs(x[36:42]).mean(), y[36:42].mean()
    closing = zero.copy()
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        closing[upper] = y[lower] - y[upper]
    upper_lip = _at({49: 0.6, 50: 1.0, 51: 0.9})
    lower_lip = _at({57: 1.0, 58: 1.0, 59: 0.6})
    opening = _at({48: 0.25, 57: 1.0, 58: 0.95, 59: 0.6, 60: 0.3, 66: 1.0, 67: 0.95})
    corners = _at({48: 1.0, 49: 0.5, 59: 0.45, 60: 1.0, 61: 0.15, 67: 0.15})
    nostrils = _at({31: 1.0, 32: 1.0, 33: 1.0})
    tip = _at({28: 0.35, 29: 0.7, 30: 1.0, 31: 0.4, 32: 0.7, 33: 0.8})
    table = {
        "face_width": (0.045, x, zero, zero),
        "face_length": (0.045, zero, np.maximum(y, 0), zero),
        "jaw_width": (0.06, x * cheek, zero, zero),
        "chin_length": (0.035, zero, chin, zero),
        "eye_size": (0.09, eyes * side * (abs(x) - eye_x), eyes * (y - eye_y), zero),
        "eye_spacing": (0.018, (eyes + 0.5 * brows) * side, zero, zero),
        "eye_height": (0.02, zero, eyes + 0.7 * brows, zero),
        "eye_tilt": (0.08, zero, -eyes * (abs(x) - eye_x), zero),
        "nose_length": (0.035, zero, nose * (y - y[27]) / (y[33] - y[27]), zero),
        "nose_width": (0.025, nostrils * x / x[35], zero, zero),
        "nose_depth": (0.04, zero, zero, tip),
        "mouth_width": (0.03, mouth * x / x[54], zero, zero),
        "mouth_height": (0.025, zero, mouth, zero),
        "upper_lip": (0.012, zero, -upper_lip, zero),
        "lower_lip": (0.015, zero, lower_lip, zero),
        "brow_height": (0.028, zero, -brows, zero),
        "brow_tilt": (0.028, zero, brows * (abs(x) - 0.4) / 0.25, zero),
        "smile": (0.0, corners * side * 0.5, -0.7 * corners, -0.3 * corners),
        "mouth_open": (0.0, -0.15 * opening * x, opening + 0.7 * chin - 0.1 * upper_lip, zero),
        "eye_close": (0.0, zero, closing, zero),
    }
    return {name: (sd, np.stack(field, axis=1)) for name, (sd, *field) in table.items()}


_VARIATIONS: Final = _variations()
_NAMES: Final = tuple(_VARIATIONS)
_SPREADS: Final = np.array([sd for sd, _ in _VARIATIONS.values()])
_FIELDS: Final = np.stack([field for _, field in _VARIATIONS.values()])  # (V, 68, 3)


@dataclass(frozen=True, kw_only=True)
class Variation:
    """How widely the faces of a domain differ.

    Attributes:
        spread: Factor on the standard deviations of proportions.
        offsets: Shift of the mean of single proportions, by name, in their own units.
        yaw: Standard deviation of the turn to a side, degrees.
        pitch: Of the nod, degrees.
        roll: Of the tilt, degrees.
        open_mouths: Share of faces with an open mouth.
        heights: Smallest and largest height of the landmarks, as a share of the frame.
    """

    spread: float = 1.0
    offsets: tuple[tuple[str, float], ...] = ()
    yaw: float = 20.0
    pitch: float = 8.0
    roll: float = 10.0
    open_mouths: float = 0.35
    heights: tuple[float, float] = (0.44, 0.60)


def draw_face(rng: np.random.Generator, variation: Variation) -> Array:
    """A face of its own proportions and expression, (68, 3) model units, not yet turned."""
    drawn = np.clip(rng.standard_normal(len(_NAMES)), -2.5, 2.5) * _SPREADS * variation.spread
    values = dict(zip(_NAMES, drawn, strict=True))
    for name, offset in variation.offsets:
        values[name] += offset
    is_open, closes = rng.random(2) < (variation.open_mouths, 0.08)
    values["mouth_open"] = rng.uniform(0.03, 0.28) if is_open else rng.uniform(0, 0.01)
    values["eye_close"] = rng.uniform(0.5, 0.95) if closes else rng.uniform(-0.15, 0.25)
    values["smile"] = np.clip(rng.normal(0.03, 0.04), -0.06, 0.12)
    values["brow_height"] += max(rng.normal(0, 0.03), -0.03)
    return MEAN_FACE + np.tensordot([values[name] for name in _NAMES], _FIELDS, axes=1)
