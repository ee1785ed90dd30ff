"""Design: the seeds and the sizes of real faces alone that a strategy is compared with.

Pairs need every seed at every size. A sweep that is not finished, or that was gone on with, lacks
some; which of its runs to use is decided by what was run alone, never by what came out.
"""

from dataclasses import dataclass
from itertools import pairwise

from landmarks.analysis.contrasts import MIN_SEEDS
from landmarks.analysis.study import BASELINE, Cell, Study

MIN_SIZES = 2  # of a curve
# What the interval of the exchange rate was held against known truths with; docs/numbers.md.
CALIBRATED_SIZES = 4
CALIBRATED_RATIO = 2.6  # of neighbouring sizes


@dataclass(frozen=True, kw_only=True)
class Design:
    """Runs of real faces alone that a cell is compared with: each seed at each size.

    Attributes:
        seeds: Rising.
        sizes: Every size that was run with all of these seeds, rising.
    """

    seeds: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def has_seeds(self) -> bool:
        """Whether they say anything of other seeds."""
        return len(self.seeds) >= MIN_SEEDS

    def is_sparse(self, low: float, high: float) -> bool:
        """Whether the sizes are too few, or too far apart between these two, for a curve."""
        if len(self.sizes) < CALIBRATED_SIZES:
            return True
        return any(b > CALIBRATED_RATIO * a for a, b in self._gaps(low, high))

    def size_between(self, low: float, high: float) -> int | None:
        """The size that halves the widest gap between these two; None if there is none."""
        a, b = max(self._gaps(low, high), key=lambda gap: gap[1] / gap[0], default=(1, 1))
        size = round((a * b) ** 0.5)
        return size if a < size < b else None

    def _gaps(self, low: float, high: float) -> list[tuple[int, int]]:
        """Neighbouring sizes that enclose anything between these two."""
        return [(a, b) for a, b in pairwise(self.sizes) if a < high and b > low]


def common_design(study: Study, cell: Cell) -> Design | None:
    """The design with the most runs; None if real only shares two sizes with no seed of a cell.

    With two seeds or more where that can be; of designs with equally many runs, the one with more
    seeds, then the one that spans more.
    """
    at = {n: set(study.by_cell[BASELINE, n]) for n in study.sizes(BASELINE)}
    patterns = {
        frozenset(n for n, seeds in at.items() if seed in seeds) for seed in study.seeds([cell])
    }
    designs = []
    for sizes in _intersections(patterns):
        if len(sizes) >= MIN_SIZES:
            seeds = study.seeds([cell, *((BASELINE, n) for n in sizes)])
            designs.append(Design(seeds=seeds, sizes=tuple(sorted(sizes))))
    return max(designs, key=_rank, default=None)


def _rank(one: Design) -> tuple[object, ...]:
    seeds, sizes = len(one.seeds), len(one.sizes)
    return one.has_seeds, seeds * sizes, seeds, one.sizes[-1] / one.sizes[0], one.sizes


def _intersections(sets: set[frozenset[int]]) -> set[frozenset[int]]:
    """What any of the sets have in common: every largest choice of sizes for some seeds."""
    found: set[frozenset[int]] = set()
    for one in sets:
        found |= {one, *(one & other for other in found)}
    return found
