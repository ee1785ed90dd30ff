"""Outcome: what a run says of itself, and how a stored one differs from what is asked for."""

import json
from dataclasses import asdict
from typing import Any

from landmarks.experiment.experiment import Experiment
from landmarks.experiment.results import Ledger, Result
from landmarks.experiment.runner import StepRunner
from landmarks.experiment.strategies import FitAdapter, Real, Train
from landmarks.inference.predictions import DIVERGED, Predictions
from landmarks.storage.serialization import code, differences, record
from landmarks.storage.versions import versions

SHOWN = 3  # settings that an error names, of those that differ


def result_of(
    experiment: Experiment,
    predictions: Predictions,
    steps: StepRunner,
    ledger: Ledger,
    shared_photos: int,
    seconds: float,
) -> Result:
    """Everything that `result.json` holds.

    Args:
        experiment: What was done.
        predictions: On the test set.
        steps: How it was done.
        ledger: Which real labels it took.
        shared_photos: Photos of the test set that are training photos in another picture.
        seconds: From the start to the end.
    """
    test = experiment.faces("test")
    return Result(
        fingerprint=experiment.fingerprint,
        **_told(experiment),
        optimiser_steps=experiment.strategy.optimiser_steps,
        shared_photos=shared_photos,
        rendered_test=test.rendered,
        box_source=experiment.crop.box_source,
        diverged=predictions.diverged,
        metrics={name: asdict(part) for name, part in predictions.summaries().items()},
        ledger=asdict(ledger),
        steps=[asdict(step) for step in steps.records],
        versions=versions(),
        timings={
            "seconds": seconds,
            "machine": {
                **experiment.computed_on,
                "statistics_parts": experiment.statistics_parts,
            },
            "steps": {name: asdict(timing) for name, timing in steps.timings.items()},
        },
    )


def ledger_of(experiment: Experiment) -> Ledger:
    """Count the labels of the subset by what they did; the strategy's steps say."""
    n = len(experiment.subset)
    photos = {experiment.faces("real").faces[i].group for i in experiment.subset}
    steps = experiment.strategy.steps
    trains = any(isinstance(step, Train) and step.draws_on(Real) for step in steps)
    adapts = any(isinstance(step, FitAdapter) for step in steps)
    return Ledger(
        n_real=n,
        photos=len(photos),
        training=n if trains else 0,
        adapter=n if adapts else 0,
        validation=0,
        total=n if trains or adapts else 0,
    )


def what_differs(result: Result, experiment: Experiment) -> str:
    """Why a finished run is not the one that is asked for."""
    now = _comparable(_told(experiment))
    before = _comparable({key: getattr(result, key) for key in now})
    found = [f"{at} is {a}, now {b}" for at, a, b in differences(before, now)]
    other_code = result.versions.get("code") != code()
    if not found:
        return "made by other code" if other_code else "of other images or labels, or ranks"
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    made = ", made by other code too" if other_code else ""
    return f"of other settings ({'; '.join(found[:SHOWN])}{more}){made}"


def _comparable(told: dict[str, Any]) -> dict[str, Any]:
    """As JSON, without the places of data, which do not matter."""
    data = {role: {**used, "origin": None} for role, used in told["data"].items()}
    plain: dict[str, Any] = json.loads(json.dumps({**told, "data": data}))
    return plain


def _told(experiment: Experiment) -> dict[str, Any]:
    """What a result says of the settings and data of its run."""
    return {
        "strategy": experiment.strategy.name,
        "n_real": len(experiment.subset),
        "seed": experiment.seed,
        "settings": record(
            {
                "strategy": experiment.strategy,
                "model": experiment.model,
                "augmentation": dict(experiment.augmentation),
            }
        ),
        "crop": record(experiment.crop),
        "data": {role: asdict(experiment.faces(role).describe()) for role in experiment.roles},
    }


def headline(result: Result) -> str:
    """The result of a run in one line."""
    estimate = result.metrics["all"]["nme"]["interocular"]
    kind = " on drawn or rendered faces" if result.rendered_test else ""
    warning = f"; {DIVERGED}" if result.diverged else ""
    return (
        f"{result.strategy}, n_real {result.n_real}, seed {result.seed}: NME "
        f"{100 * estimate['value']:.2f} % [{100 * estimate['low']:.2f}, "
        f"{100 * estimate['high']:.2f}]{kind} ({result.metrics['all']['faces']} faces)"
        f"{warning}"
    )
