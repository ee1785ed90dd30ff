"""The people who label: conventions that differ from the 3D model's, and noise.

The magnitudes are invented, of the size that studies of annotators find (Sagonas et al., "300
faces in-the-wild challenge: database and results", 2016, on the noise of 300-W), and are told to
nobody but the record: a label gap whose truth is known.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import IBUG68
from landmarks.synthesis.ranges import check_strength

Points = NDArray[np.float64]

# Landmarks and their shift along the eyes' axis (away from the nose) and downwards, in shares of
# the inter-ocular distance: brows at their middle, a wider base of the nose, a lower chin, a
# higher nasion, a wider mouth.
OFFSETS: tuple[tuple[tuple[int, ...], float, float], ...] = (
    (tuple(range(17, 27)), 0.0, 0.030),
    ((27,), 0.0, -0.035),
    ((31, 35), 0.02, 0.0),
    ((7, 8, 9), 0.0, 0.02),
    ((0, 16), 0.0, -0.06),
    ((1, 15), 0.0, -0.03),
    ((37, 38, 43, 44), 0.0, -0.008),
    ((48, 54), 0.012, 0.0),
)

# Lines that annotators follow: first and last landmark, closed or not, and the noise along and
# across the line in shares of the inter-ocular distance.
LINES: tuple[tuple[int, int, bool, float, float], ...] = (
    (0, 16, False, 0.030, 0.012),
    (17, 21, False, 0.022, 0.011),
    (22, 26, False, 0.022, 0.011),
    (27, 30, False, 0.018, 0.008),
    (31, 35, False, 0.012, 0.009),
    (36, 41, True, 0.008, 0.006),
    (42, 47, True, 0.008, 0.006),
    (48, 59, True, 0.011, 0.008),
    (60, 67, True, 0.011, 0.007),
)


@dataclass(frozen=True, kw_only=True)
class Annotator:
    """Who labels one picture.

    Attributes:
        offsets: Strength of the convention's offsets; 1: as in `OFFSETS`, 0: none.
        noise: Strength of the noise; 1: as in `LINES`, 0: none.
        seed: Of the noise.
    """

    offsets: float
    noise: float
    seed: int

    def label(self, landmarks: NDArray[np.floating]) -> Points:
        """(68, 2) landmarks as this annotator places them, in the same pixels."""
        right, left = IBUG68.interocular
        axis = landmarks[left].astype(np.float64) - landmarks[right]
        size = float(np.hypot(*axis))
        moved = landmarks.astype(np.float64)
        across = axis / size
        down = np.array([-across[1], across[0]])
        for indices, outwards, downwards in OFFSETS:
            for k in indices:
                side = 1.0 if k > IBUG68.mirror[k] else -1.0  # the person's left is on the right
                step = outwards * side * across + downwards * down
                moved[k] += self.offsets * size * step
        rng = np.random.default_rng(self.seed)
        for first, last, closed, along, beside in LINES:
            line = slice(first, last + 1)
            noise = self.noise * size
            moved[line] = _jittered(moved[line], closed, noise * along, noise * beside, rng)
        return moved


def _jittered(
    line: Points, closed: bool, along: float, beside: float, rng: np.random.Generator
) -> Points:
    """Points slid along their line and pushed off it, partly all together, as one hand does."""
    after, before = np.roll(line, -1, axis=0), np.roll(line, 1, axis=0)
    if not closed:
        after[-1], before[0] = line[-1], line[0]
    tangent = after - before
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-6
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    together, each = (0.0, along) if closed else (0.8 * along, 0.6 * along)
    slide = rng.normal(0, together) + rng.normal(0, each, len(line))
    push = rng.normal(0, 0.7 * beside) + rng.normal(0, 0.7 * beside, len(line))
    return np.asarray(line + tangent * slide[:, None] + normal * push[:, None])


@dataclass(frozen=True, kw_only=True)
class AnnotatorRecipe:
    """How annotators are drawn.

    Attributes:
        offsets: See `Annotator`.
        noise: See `Annotator`.
    """

    offsets: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        check_strength("annotator.offsets", self.offsets, 5)
        check_strength("annotator.noise", self.noise, 5)

    def draw(self, rng: np.random.Generator) -> Annotator:
        """One person with one eye for lines."""
        return Annotator(offsets=self.offsets, noise=self.noise, seed=int(rng.integers(2**31)))
