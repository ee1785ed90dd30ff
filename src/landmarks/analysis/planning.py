"""Planning: which runs next make the answer sharper.

One more seed of everything that a strategy's N_eff rests on narrows its interval in two ways: the
mean is of more values, and Student's factor is smaller. Both are known beforehand, so the width
after each further seed can be told, and whether the seeds or the test photos are what limits it.
Where the sizes of real only are too far apart, more seeds would only make the interval narrow
around a wrong curve (docs/numbers.md); a size between comes first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from landmarks.analysis.design import common_design
from landmarks.analysis.exchange import (
    LEVEL,
    Exchange,
    compared,
    exchange,
    solve,
)
from landmarks.analysis.study import BASELINE, Cell, Study
from landmarks.errors import InputError

MOST_SEEDS = 100


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run next for one N_eff.

    Attributes:
        now: The interval as it is.
        width: What is asked for: the interval's width over its value.
        runs: Strategy, n_real and seed of the runs that complete the next seed, or a size of real
            only; empty if the interval is narrow enough.
        size: That size: one between those at hand, if they are too far apart; or one beyond them
            that other seeds were run with, if the interval is open there.
        after: Width after the next seed, as far as can be told; None with a `size`, or one seed.
        seeds_needed: How many seeds the width takes; None if no number of seeds is enough for the
            test photos at hand, or it cannot be told yet.
    """

    now: Exchange
    width: float
    runs: tuple[tuple[Cell, int], ...]
    size: int | None = None
    after: float | None = None
    seeds_needed: int | None = None

    @property
    def is_out_of_reach(self) -> bool:
        """Whether no number of seeds gives the width."""
        return bool(self.runs) and self.after is not None and self.seeds_needed is None


def plan(study: Study, strategy: str, n_real: int, width: float) -> Plan:
    """What narrows one N_eff most.

    Args:
        study: What has run.
        strategy: Whose N_eff.
        n_real: At which size.
        width: Stop when the interval is at most so wide, as a fraction of its value.

    Raises:
        InputError: There is no such run, or too few sizes of the baseline to compare it with.
    """
    if (strategy, n_real) not in study.by_cell:
        known = ", ".join(f"{name} {n}" for name, n in study.by_cell)
        raise InputError(
            f"{study.folder}: no run of {strategy} with n_real {n_real}; there are {known}"
        )
    now = exchange(study, strategy, n_real)
    if now is None:
        raise InputError(
            f"{study.folder}: {BASELINE} was run with fewer than two sizes with a seed of "
            f"{strategy} {n_real}, so nothing can be compared; run it with a smaller and a larger "
            "n_real"
        )
    between = now.design.size_between(now.low, now.high) if now.is_sparse else None
    size = _beyond(study, now) if between is None else between
    if size is not None:
        cell = BASELINE, size
        lacking = (seed for seed in now.design.seeds if seed not in study.by_cell.get(cell, {}))
        runs = tuple((cell, seed) for seed in lacking)
        return Plan(now=now, width=width, runs=runs, size=size)
    if relative_width(now.value, now.low, now.high) <= width:
        return Plan(now=now, width=width, runs=(), seeds_needed=len(now.design.seeds))
    forecast = list(_forecast(study, (strategy, n_real), width))
    enough = [seeds for seeds, expected in forecast if expected <= width]
    return Plan(
        now=now,
        width=width,
        runs=tuple(_next_seed(study, now)),
        after=forecast[0][1] if forecast else None,
        seeds_needed=enough[0] if enough else None,
    )


def _beyond(study: Study, now: Exchange) -> int | None:
    """The next size of real only beyond an open end, that was run, but not with all seeds."""
    if not now.design.has_seeds:
        return None
    sizes = study.sizes(BASELINE)
    if now.high == np.inf:
        return min((n for n in sizes if n > now.largest), default=None)
    if now.low <= 0:
        return max((n for n in sizes if n < now.smallest), default=None)
    return None


def relative_width(value: float, low: float, high: float) -> float:
    """Width of an interval over its value; infinite where an end is open."""
    if low <= 0 or not np.isfinite([value, low, high]).all():
        return float(np.inf)
    return (high - low) / value


def _forecast(study: Study, cell: Cell, width: float) -> Iterator[tuple[int, float]]:
    """Expected width with one seed more, two more, ..., until it is narrow enough."""
    design = common_design(study, cell)
    if design is None or not design.has_seeds:
        return
    found, candidates = compared(study, cell, design)
    for more in range(len(design.seeds) + 1, MOST_SEEDS + 1):
        expected = relative_width(*solve(replace(found, seeds=more), candidates, LEVEL))
        yield more, expected
        if expected <= width:
            return


def _next_seed(study: Study, now: Exchange) -> Iterator[tuple[Cell, int]]:
    """The runs that the seed lacks which needs the fewest; a new seed lacks them all.

    At every size of the design: a seed at some of them only would be left out of it.
    """
    cells = [(now.strategy, now.n_real), *((BASELINE, size) for size in now.design.sizes)]
    begun = {seed for one in cells for seed in study.by_cell.get(one, {})}
    new = max(begun, default=-1) + 1

    def missing(seed: int) -> list[Cell]:
        return [one for one in cells if seed not in study.by_cell.get(one, {})]

    incomplete = [seed for seed in sorted(begun) if missing(seed)]
    chosen = min(incomplete, key=lambda seed: len(missing(seed)), default=new)
    for one in missing(chosen):
        yield one, chosen


def describe(found: Plan) -> str:
    """A plan in lines, for people: what is known, and what the next runs will give."""
    now = found.now
    caveat = f", {now.caveat}" if now.caveat else ""
    lines = [
        f"N_eff of {now.strategy} with {now.n_real}: {now.text()} "
        f"(seeds: {len(now.design.seeds)}{caveat})"
    ]
    if not found.runs:
        return f"{lines[0]}: narrow enough (width at most {found.width:g} of its value)"
    if found.size is not None:
        between = now.smallest < found.size < now.largest
        return (
            f"{lines[0]}: more seeds do not help here; {len(found.runs)} runs of {BASELINE} with "
            f"{found.size} come first, a size {'between' if between else 'beyond'}"
        )
    lines.append(f"{len(found.runs)} runs complete the next seed")
    if found.after is not None and np.isfinite(found.after):
        lines.append(f"expected width then: {found.after:.2f} of its value")
    elif found.after is not None:
        lines.append("expected then: an end of the interval still beyond the sizes that were run")
    if found.seeds_needed is not None:
        lines.append(f"seeds needed in all for a width of {found.width:g}: {found.seeds_needed}")
    if found.is_out_of_reach:
        lines.append(
            f"no number of seeds up to {MOST_SEEDS} gives a width of {found.width:g} on these test "
            "photos and sizes: more test photos, or a larger n_real of real_only, would"
        )
    return "\n".join(lines)
