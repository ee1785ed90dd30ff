"""Budget: how long the model that a run kept was trained, read from its recorded strategy."""

from collections.abc import Iterator, Mapping
from typing import Any

from landmarks.experiment.results import Result
from landmarks.experiment.strategies import Real


def updates(result: Result) -> int:
    """Optimiser updates of the kept model, those of what it started from included."""
    return sum(int(training["schedule"]["steps"]) for training in _trainings(result))


def batch_sizes(result: Result) -> set[int]:
    """Faces of an update, of each training of the kept model."""
    return {int(training["schedule"]["batch_size"]) for training in _trainings(result)}


def synthetic_draws(result: Result) -> int:
    """Synthetic faces that the kept model saw, each as often as it was drawn."""
    return sum(
        round(training["schedule"]["steps"] * training["schedule"]["batch_size"] * part["share"])
        for training in _trainings(result)
        for part in training["on"]
        if part["source"]["_target_"] != Real.__name__
    )


def _trainings(result: Result) -> Iterator[Mapping[str, Any]]:
    """The records of the trainings of the kept model, the last one first."""
    training = result.settings["strategy"]["model"]
    while training is not None:
        yield training
        training = training["start"]
