"""Which runs to do next to narrow the interval of an exchange rate.

One more seed of all runs that N_eff is derived from narrows its interval in two ways: the mean is
over more values, and Student's factor is smaller. Both are known in advance, so the width after
each further seed can be predicted, and whether seeds or test photos limit it. Where the sizes of
`real_only` are too far apart, more seeds would only narrow the interval around a wrong curve
(docs/numbers.md); a size in between comes first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from landmarks.analysis.exchange import (
    LEVEL,
    Exchange,
    against_baseline,
    common_design,
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
        now: The current N_eff.
        width: Requested width of the interval, relative to its value.
        runs: Cell and seed of the runs that complete the next seed, or one size of `real_only`;
            empty if the interval is narrow enough.
        size: That size of `real_only`: one between the existing ones if they are too far apart, or
            one beyond them that other seeds were run with if the interval is open there.
        after: Expected width after the next seed; None with a `size`, or with a single seed.
        seeds_needed: Total number of seeds needed; None if no number of seeds is enough with these
            test photos, or if it is not yet known.
    """

    now: Exchange
    width: float
    runs: tuple[tuple[Cell, int], ...]
    size: int | None = None
    after: float | None = None
    seeds_needed: int | None = None

    @property
    def is_out_of_reach(self) -> bool:
        """Whether no number of seeds reaches the width."""
        return bool(self.runs) and self.after is not None and self.seeds_needed is None


def plan(study: Study, strategy: str, n_real: int, width: float) -> Plan:
    """Plan the runs that narrow one N_eff most.

    Args:
        study: The finished runs.
        strategy: The strategy of the N_eff.
        n_real: Its number of real faces.
        width: Requested width of the interval, relative to its value.

    Raises:
        InputError: There is no such run, or `real_only` has too few sizes to compare it with.
    """
    if (strategy, n_real) not in study.by_cell:
        known = ", ".join(f"{name} {n}" for name, n in study.by_cell)
        raise InputError(
            f"{study.folder}: no run of {strategy} with n_real {n_real}; finished runs: {known}"
        )
    now = exchange(study, strategy, n_real)
    if now is None:
        raise InputError(
            f"{study.folder}: {BASELINE} has fewer than two sizes with a seed of {strategy} "
            f"{n_real}; run it with a smaller and a larger n_real"
        )
    between = now.design.size_between(now.low, now.high) if now.is_sparse else None
    size = _beyond(study, now) if between is None else between
    if size is not None:
        cell = BASELINE, size
        missing = (seed for seed in now.design.seeds if seed not in study.by_cell.get(cell, {}))
        runs = tuple((cell, seed) for seed in missing)
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
    """The next size of `real_only` beyond an open end that was run, but not with all seeds."""
    if not now.design.has_seeds:
        return None
    sizes = study.sizes(BASELINE)
    if now.high == np.inf:
        return min((n for n in sizes if n > now.largest), default=None)
    if now.low <= 0:
        return max((n for n in sizes if n < now.smallest), default=None)
    return None


def relative_width(value: float, low: float, high: float) -> float:
    """Width of an interval relative to its value; infinite where an end is open."""
    if low <= 0 or not np.isfinite([value, low, high]).all():
        return float(np.inf)
    return (high - low) / value


def _forecast(study: Study, cell: Cell, width: float) -> Iterator[tuple[int, float]]:
    """Expected width with one more seed, two more, ..., until it is narrow enough."""
    design = common_design(study, cell)
    if design is None or not design.has_seeds:
        return
    found, candidates = against_baseline(study, cell, design)
    for more in range(len(design.seeds) + 1, MOST_SEEDS + 1):
        expected = relative_width(*solve(replace(found, seeds=more), candidates, LEVEL))
        yield more, expected
        if expected <= width:
            return


def _next_seed(study: Study, now: Exchange) -> Iterator[tuple[Cell, int]]:
    """The missing runs of the seed that lacks the fewest, or all runs of a new seed.

    At every size of the design, because a seed with only some of them would not be used.
    """
    cells = [(now.strategy, now.n_real), *((BASELINE, size) for size in now.design.sizes)]
    started = {seed for one in cells for seed in study.by_cell.get(one, {})}
    new = max(started, default=-1) + 1

    def missing(seed: int) -> list[Cell]:
        return [one for one in cells if seed not in study.by_cell.get(one, {})]

    incomplete = [seed for seed in sorted(started) if missing(seed)]
    chosen = min(incomplete, key=lambda seed: len(missing(seed)), default=new)
    for one in missing(chosen):
        yield one, chosen


def describe(found: Plan) -> str:
    """A plan in lines for people: what is known, and what the next runs are expected to give."""
    now = found.now
    caveat = f", {now.caveat}" if now.caveat else ""
    lines = [
        f"N_eff of {now.strategy} with {now.n_real}: {now.text()} "
        f"(seeds: {len(now.design.seeds)}{caveat})"
    ]
    if not found.runs:
        return f"{lines[0]}: narrow enough (at most {found.width:g} of N_eff)"
    if found.size is not None:
        between = now.smallest < found.size < now.largest
        return (
            f"{lines[0]}: more seeds do not help here; first run {BASELINE} with n_real "
            f"{found.size}, a size {'between' if between else 'beyond'} the existing ones "
            f"({len(found.runs)} runs)"
        )
    lines.append(f"next: {len(found.runs)} runs that complete one more seed")
    if found.after is not None and np.isfinite(found.after):
        lines.append(f"expected width after them: {found.after:.2f} of N_eff")
    elif found.after is not None:
        lines.append("the interval is expected to extend beyond the sizes that were run even then")
    if found.seeds_needed is not None:
        lines.append(f"total seeds needed for a width of {found.width:g}: {found.seeds_needed}")
    if found.is_out_of_reach:
        lines.append(
            f"no number of seeds up to {MOST_SEEDS} reaches a width of {found.width:g} with these "
            f"test photos and sizes: add test photos, or a larger n_real of {BASELINE}"
        )
    return "\n".join(lines)
