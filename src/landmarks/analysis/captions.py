"""Captions: what the figures and the page say of their marks and intervals, in the same words."""

from collections.abc import Iterable, Sequence

from landmarks.analysis.exchange import Exchange
from landmarks.analysis.findings import CurvePoint
from landmarks.analysis.insights import LEVEL, NO_TELLING, Comparison
from landmarks.analysis.styles import look

BAND = f"{100 * LEVEL:.0f} % interval over seeds and test photos"
DOTS = "Dots: one seed each."
ONE_SEED = "Open markers: one seed, interval over photos alone."


def one_seed(points: Iterable[CurvePoint]) -> str:
    """A sentence on means of one seed; empty without any."""
    return ONE_SEED if any(point.mean.seeds < 2 for point in points) else ""


def dots(points: Iterable[CurvePoint]) -> str:
    """A sentence on the dots beside means of several seeds; empty without any."""
    return DOTS if any(len(point.runs) > 1 for point in points) else ""


def no_interval(found: Sequence[Comparison]) -> str:
    """A sentence on what has too few seeds for an interval; empty if nothing."""
    gaps: dict[str, list[str]] = {}
    for one in found:
        if one.lower is None:
            gaps.setdefault(look(one.strategy).label, []).append(f"{one.n_real:,}")
    if not gaps:
        return ""
    parts = (f"{label} at {', '.join(sizes)}" for label, sizes in gaps.items())
    return f"No interval, {NO_TELLING}: {'; '.join(parts)}."


def level_of(one: Exchange) -> str:
    """Of the interval in an exchange's brackets."""
    return f"{100 * one.level:.0f} % interval"
