"""The contents of a result, and how a stored one differs from the run that is asked for."""

import json
from dataclasses import asdict
from typing import Any

from landmarks.experiment.experiment import Experiment
from landmarks.experiment.products import product_versions, version_differences
from landmarks.experiment.results import Ledger, Result
from landmarks.experiment.runner import StepRunner
from landmarks.experiment.steps import Real
from landmarks.inference.predictions import DIVERGED, Predictions
from landmarks.storage.serialization import differences, record
from landmarks.storage.versions import versions

SHOWN = 3  # differing settings that an error names


def result_of(
    experiment: Experiment,
    predictions: Predictions,
    steps: StepRunner,
    ledger: Ledger,
    shared_photos: int,
    seconds: float,
) -> Result:
    """The contents of `result.json`.

    Args:
        experiment: What was run.
        predictions: On the test set.
        steps: What its steps made.
        ledger: How many real labels were used.
        shared_photos: Test faces whose photo training saw too, in another picture.
        seconds: From start to end.
    """
    test = experiment.faces("test")
    return Result(
        fingerprint=experiment.fingerprint,
        **description(experiment),
        optimiser_steps=experiment.strategy.optimiser_steps,
        shared_photos=shared_photos,
        rendered_test=test.rendered,
        box_source=experiment.crop.box_source,
        scheme=experiment.faces("test").scheme.name,
        normaliser=experiment.faces("test").scheme.normaliser,
        diverged=predictions.diverged,
        metrics={name: asdict(part) for name, part in predictions.summaries().items()},
        ledger=asdict(ledger),
        steps=[asdict(step) for step in steps.records],
        products=product_versions(experiment.strategy),
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
    """Count the labels of the real subset by what they are used for, and photos without labels."""
    n = len(experiment.subset)
    photos = {experiment.faces("real").faces[i].group for i in experiment.subset}
    strategy = experiment.strategy
    return Ledger(
        n_real=n,
        photos=len(photos),
        training=n if strategy.draws_on(Real) else 0,
        adapter=n if strategy.adapts else 0,
        validation=0,
        total=n if strategy.uses_real else 0,
        unlabelled=len(experiment.faces("unlabelled")) if strategy.uses_unlabelled else 0,
    )


def what_differs(result: Result, experiment: Experiment) -> str:
    """How a finished run differs from the one that is asked for."""
    now = _comparable(description(experiment))
    before = _comparable({key: getattr(result, key) for key in now})
    settings = [f"{at} is {a}, now {b}" for at, a, b in differences(before, now)]
    found = []
    if settings:
        more = f", and {len(settings) - SHOWN} more" if len(settings) > SHOWN else ""
        found.append(f"with other settings ({'; '.join(settings[:SHOWN])}{more})")
    products = version_differences(result.products, product_versions(experiment.strategy))
    if products:
        found.append(f"by another version ({products})")
    return " and ".join(found) or (
        "on other images or labels, or with another number of ranks or machine.accumulate"
    )


def _comparable(description: dict[str, Any]) -> dict[str, Any]:
    """As JSON, without the folders of data, which do not matter."""
    data = {role: {**used, "origin": None} for role, used in description["data"].items()}
    settings = dict(description["settings"])
    recipes = settings["augmentation"]
    settings["augmentation"] = {domain: recipes[domain] for domain in recipes if domain in data}
    compared = {**description, "settings": settings, "data": data}
    plain: dict[str, Any] = json.loads(json.dumps(compared))
    return plain


def description(experiment: Experiment) -> dict[str, Any]:
    """The settings and data of a run, as its result has them."""
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
    """The error of a run in one line."""
    estimate = result.estimate
    kind = " on drawn or rendered faces" if result.rendered_test else ""
    warning = f"; {DIVERGED}" if result.diverged else ""
    return (
        f"{result.strategy}, n_real {result.n_real}, seed {result.seed}: NME "
        f"{100 * estimate['value']:.2f} % [{100 * estimate['low']:.2f}, "
        f"{100 * estimate['high']:.2f}]{kind} ({result.metrics['all']['faces']} faces)"
        f"{warning}"
    )
