"""Simulated annotators: a labelling convention that differs from the 3D model's, and noise.

The magnitudes are invented, of the size that studies of annotators find (Sagonas et al., "300
faces in-the-wild challenge: database and results", 2016, on the noise of 300-W). They are stored
only in the record of a sample, which makes this a label gap with known ground truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import IBUG68
from landmarks.synthesis.ranges import check_pairs, check_strength

Points = NDArray[np.float64]

# What a convention may move: away from the nose along the eyes' axis, and downwards, in shares of
# the inter-ocular distance. These: brows at their middle, a higher nasion, a wider base of the
# nose, a lower chin, a wider mouth.
SHIFTS: Mapping[str, tuple[float, float]] = {
    "brows": (0.0, 0.030), "nasion": (0.0, -0.035), "nostrils": (0.02, 0.0), "chin": (0.0, 0.02),
    "jaw_ends": (0.0, -0.06), "beside_jaw_ends": (0.0, -0.03), "upper_lids": (0.0, -0.008),
    "mouth_corners": (0.012, 0.0),
}  # fmt: skip
SHIFTED: Mapping[str, tuple[int, ...]] = {
    "brows": tuple(range(17, 27)), "nasion": (27,), "nostrils": (31, 35), "chin": (7, 8, 9),
    "jaw_ends": (0, 16), "beside_jaw_ends": (1, 15), "upper_lids": (37, 38, 43, 44),
    "mouth_corners": (48, 54),
}  # fmt: skip

# Noise along and across the lines that annotators follow, in shares of the inter-ocular distance.
JITTER: Mapping[str, tuple[float, float]] = {
    "jaw": (0.030, 0.012), "brows": (0.022, 0.011), "bridge": (0.018, 0.008),
    "nostrils": (0.012, 0.009), "eyes": (0.008, 0.006), "outer_lips": (0.011, 0.008),
    "inner_lips": (0.011, 0.007),
}  # fmt: skip
# Their kind, first and last landmark, and whether they are closed.
LINES: tuple[tuple[str, int, int, bool], ...] = (
    ("jaw", 0, 16, False),
    ("brows", 17, 21, False),
    ("brows", 22, 26, False),
    ("bridge", 27, 30, False),
    ("nostrils", 31, 35, False),
    ("eyes", 36, 41, True),
    ("eyes", 42, 47, True),
    ("outer_lips", 48, 59, True),
    ("inner_lips", 60, 67, True),
)


@dataclass(frozen=True, kw_only=True)
class Annotator:
    """The annotator of one picture.

    Attributes:
        offsets: Strength of the convention's offsets; 1: as in `shifts`, 0: none.
        noise: Strength of the noise; 1: as in `jitter`, 0: none.
        seed: Random seed of the noise.
        shifts: Offset of each kind in `SHIFTED`, outwards and downwards, inter-ocular distances.
        jitter: Noise of each kind in `LINES`, along and across the line, inter-ocular distances.
    """

    offsets: float
    noise: float
    seed: int
    shifts: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict(SHIFTS))
    jitter: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict(JITTER))

    def label(self, landmarks: NDArray[np.floating]) -> Points:
        """(68, 2) landmarks as this annotator places them, in the same pixels."""
        right, left = IBUG68.interocular
        axis = landmarks[left].astype(np.float64) - landmarks[right]
        size = float(np.hypot(*axis))
        moved = landmarks.astype(np.float64)
        across = axis / size
        down = np.array([-across[1], across[0]])
        for kind, (outwards, downwards) in self.shifts.items():
            for k in SHIFTED[kind]:
                side = 1.0 if k > IBUG68.mirror[k] else -1.0  # the person's left is on the right
                step = outwards * side * across + downwards * down
                moved[k] += self.offsets * size * step
        rng = np.random.default_rng(self.seed)
        for kind, first, last, closed in LINES:
            line = slice(first, last + 1)
            along, beside = (self.noise * size * part for part in self.jitter[kind])
            moved[line] = _jittered(moved[line], closed, along, beside, rng)
        return moved


def _jittered(
    line: Points, closed: bool, along: float, beside: float, rng: np.random.Generator
) -> Points:
    """Move points along and across their line, with a component shared by the whole line."""
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
    """Distribution of annotators.

    Attributes:
        offsets: Strength of the convention's offsets; 0: none.
        noise: Strength of the noise; 0: none.
        shifts: Offsets of each group of landmarks; see `Annotator`.
        jitter: Noise of each group of landmarks; see `Annotator`.
    """

    offsets: float = 0.0
    noise: float = 0.0
    shifts: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict(SHIFTS))
    jitter: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict(JITTER))

    def __post_init__(self) -> None:
        """Validate the settings."""
        check_strength("annotator.offsets", self.offsets, 5)
        check_strength("annotator.noise", self.noise, 5)
        check_pairs("annotator.shifts", self.shifts, SHIFTS, least=-0.5, most=0.5)
        check_pairs("annotator.jitter", self.jitter, JITTER, least=0.0, most=0.5)

    def draw(self, rng: np.random.Generator) -> Annotator:
        """Draw one annotator."""
        return Annotator(
            offsets=self.offsets,
            noise=self.noise,
            seed=int(rng.integers(2**31)),
            shifts=self.shifts,
            jitter=self.jitter,
        )
