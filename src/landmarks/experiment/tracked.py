"""A run as a tracker of experiments gets to know it."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from landmarks.experiment.experiment import Experiment
from landmarks.experiment.results import Result
from landmarks.experiment.summary import description
from landmarks.training.tracking.tracker import TrackedRun


def tracked_run(experiment: Experiment, config: str) -> TrackedRun:
    """Name, tags and parameters of a run.

    Args:
        experiment: What is run.
        config: The composed YAML, whose names users know; without it, the settings as the result
            has them.
    """
    strategy, n_real, seed = experiment.strategy.name, len(experiment.subset), experiment.seed
    settings = yaml.safe_load(config) or description(experiment)
    place = f"{experiment.fingerprint} {experiment.out.resolve()}"
    return TrackedRun(
        id=hashlib.blake2b(place.encode(), digest_size=8).hexdigest(),
        name=f"{strategy} n_real {n_real} seed {seed}",
        tags={"strategy": strategy, "n_real": str(n_real), "seed": str(seed)},
        parameters={".".join(path): str(value) for path, value in _leaves(settings)},
        folder=experiment.out,
    )


def tracked_metrics(result: Result) -> dict[str, float]:
    """The numbers of a result without their intervals: "all/nme/interocular"."""
    return {
        "/".join(path[:-1]): value for path, value in _leaves(result.metrics) if path[-1] == "value"
    }


def _leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything in nested mappings that is not a mapping, and the keys that lead there."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, (*path, str(key)))
    else:
        yield path, value
