"""Cost: what a study took, and what it would have taken had no step been shared."""

from dataclasses import dataclass

from landmarks.analysis.study import Study


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Optimiser steps and hours of a study.

    Attributes:
        runs: Finished runs.
        steps: Optimiser steps made; a shared one counts once.
        naive_steps: The same with every run making its own.
        hours: Of training and adapter fits, by the clock of the processes that made them.
        naive_hours: The same with every run making its own.
        is_partial: Whether some step was interrupted, so that its hours are only the last part.
    """

    runs: int
    steps: int
    naive_steps: int
    hours: float
    naive_hours: float
    is_partial: bool


def cost(study: Study) -> Cost:
    """Add up what the runs recorded of their steps."""
    steps: dict[str, int] = {}
    seconds: dict[str, float] = {}
    naive_steps, naive_seconds, partial = 0, 0.0, False
    for run in study.runs:
        timings = run.result.timings["steps"]
        for step in run.result.steps:
            made = timings[step["name"]]
            steps[step["artifact"]] = step["optimiser_steps"]
            seconds[step["artifact"]] = made["seconds"]
            naive_steps += step["optimiser_steps"]
            naive_seconds += made["seconds"]
            partial |= made["continued"]
    return Cost(
        runs=len(study.runs),
        steps=sum(steps.values()),
        naive_steps=naive_steps,
        hours=sum(seconds.values()) / 3600,
        naive_hours=naive_seconds / 3600,
        is_partial=partial,
    )
