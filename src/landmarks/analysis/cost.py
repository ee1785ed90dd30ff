"""What training costs: optimiser steps and hours of a study, and time estimates."""

import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from landmarks.analysis.study import Study
from landmarks.experiment.results import Result
from landmarks.experiment.steps import Real


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Optimiser steps and hours of a study.

    Attributes:
        runs: Finished runs.
        steps: Optimiser steps; a step that several runs share counts once.
        naive_steps: Optimiser steps if no run shared any.
        hours: Wall-clock hours of training and adapter fits; shared ones count once.
        naive_hours: Hours if no run shared any.
        is_partial: Whether a step was interrupted, so that only its last part was timed.
    """

    runs: int
    steps: int
    naive_steps: int
    hours: float
    naive_hours: float
    is_partial: bool


def cost(study: Study) -> Cost:
    """Add up the recorded steps of all runs."""
    steps: dict[str, int] = {}
    seconds: dict[str, float] = {}
    naive_steps, naive_seconds, partial = 0, 0.0, False
    for run in study.runs:
        timings = run.result.timings["steps"]
        for step in run.result.steps:
            timing = timings[step["name"]]
            steps[step["artifact"]] = step["optimiser_steps"]
            seconds[step["artifact"]] = timing["seconds"]
            naive_steps += step["optimiser_steps"]
            naive_seconds += timing["seconds"]
            partial |= timing["continued"]
    return Cost(
        runs=len(study.runs),
        steps=sum(steps.values()),
        naive_steps=naive_steps,
        hours=sum(seconds.values()) / 3600,
        naive_hours=naive_seconds / 3600,
        is_partial=partial,
    )


def updates(result: Result) -> int:
    """Optimiser updates behind the final model, including those of the weights it started from."""
    return sum(int(training["schedule"]["steps"]) for training in _trainings(result))


def batch_sizes(result: Result) -> set[int]:
    """Batch size of each training behind the final model."""
    return {int(training["schedule"]["batch_size"]) for training in _trainings(result)}


def synthetic_draws(result: Result) -> int:
    """Synthetic samples drawn for the final model, repeated draws included."""
    return sum(
        round(training["schedule"]["steps"] * training["schedule"]["batch_size"] * part["share"])
        for training in _trainings(result)
        for part in training["on"]
        if part["source"]["_target_"] != Real.__name__
    )


def _trainings(result: Result) -> Iterator[Mapping[str, Any]]:
    """The records of the trainings behind the final model, the last one first."""
    training = result.settings["strategy"]["model"]
    while training is not None:
        yield training
        training = training["start"]


def expected_time(done: Iterable[Result], steps: int) -> str:
    """The end of a sentence that says how long `steps` updates take in one process."""
    if not steps:
        return ""
    rates = [rate for result in done for rate in _steps_per_second(result)]
    if not rates:
        return "; no time estimate until one run has finished"
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
