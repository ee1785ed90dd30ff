"""Pace: how long training takes, judged by the runs that are done."""

import statistics
from collections.abc import Iterable, Iterator

from landmarks.experiment.results import Result


def expected_time(done: Iterable[Result], steps: int) -> str:
    """The end of a sentence: how long `steps` updates take in one process."""
    if not steps:
        return ""
    rates = [rate for result in done for rate in _steps_per_second(result)]
    if not rates:
        return "; how long they take cannot be told before a run is done"
    return f", about {duration(steps / statistics.median(rates))} in one process"


def _steps_per_second(result: Result) -> Iterator[float]:
    for step in result.steps:
        timing = result.timings["steps"][step["name"]]
        if step["optimiser_steps"] and not timing["continued"]:
            yield step["optimiser_steps"] / timing["seconds"]


def duration(seconds: float) -> str:
    """E.g. "2 h 05 min" or "40 s"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
