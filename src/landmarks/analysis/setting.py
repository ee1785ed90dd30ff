"""Setting: what was trained and tested on what, and by which software, in words."""

from collections.abc import Callable, Mapping
from typing import Any

from landmarks.analysis.budget import batch_sizes, updates
from landmarks.analysis.controls import own_models
from landmarks.analysis.study import Study
from landmarks.analysis.styles import look

NOT_PHOTOGRAPHS = (
    "The test faces are drawn or rendered: no number here is an accuracy on photographs."
)


def setting(study: Study) -> tuple[str, ...]:
    """What was trained and tested on what, in sentences."""
    first = study.runs[0].result
    network = first.settings["model"]["network"]["_target_"].rpartition(".")[2]
    size = first.settings["model"]["input_size"]
    seeds = sorted({run.result.seed for run in study.runs})
    stand_in = (NOT_PHOTOGRAPHS,) if study.rendered_test else ()
    return (
        *stand_in,
        f"One model, {network} at {size} pixels, {_budget(study)}. Subsets are nested and drawn by "
        f"photo from {_sets(study, 'real', _noted) or 'no real faces'}. Synthetic: "
        f"{_sets(study, 'synthetic', _named) or 'none'}.",
        f"Test: {_sets(study, 'test', _noted)}, on {int(study.photos.max()) + 1:,} photos; "
        f"boxes of the crops: {first.box_source}. The program chooses nothing on them.",
        f"{len(study.runs)} runs, seeds {', '.join(map(str, seeds))}. Errors: per cent of the "
        "inter-ocular distance (NME).",
        *_unequal_updates(study),
        *_mixed(study),
        *own_models(study),
    )


def _budget(study: Study) -> str:
    """How long the models that were kept were trained."""
    counts = sorted({updates(run.result) for run in study.runs})
    batches = sorted({size for run in study.runs for size in batch_sizes(run.result)})
    told = " or ".join(f"{count:,}" for count in counts)
    return f"trained for {told} updates of {' or '.join(map(str, batches))} faces"


def _sets(study: Study, role: str, told: Callable[[Mapping[str, Any]], str]) -> str:
    """The data sets of a role; most studies have one of each."""
    return " or ".join(
        dict.fromkeys(told(run.result.data[role]) for run in study.runs if role in run.result.data)
    )


def _named(used: Mapping[str, Any]) -> str:
    return f"{used['name']}, {used['faces']:,} faces"


def _noted(used: Mapping[str, Any]) -> str:
    """With what its reader noted, such as the parts of 300-W."""
    return f"{_named(used)} ({'; '.join(used['notes'])})" if used["notes"] else _named(used)


def _unequal_updates(study: Study) -> tuple[str, ...]:
    """A warning, if differences between strategies may be differences between budgets."""
    strategies: dict[int, dict[str, None]] = {}
    for run in study.runs:
        names = strategies.setdefault(updates(run.result), {})
        names[look(run.result.strategy).label] = None
    if len(strategies) == 1:
        return ()
    told = (f"{count:,} ({', '.join(names)})" for count, names in sorted(strategies.items()))
    return (
        f"The models that were kept were not trained for equally many updates: {'; '.join(told)}. "
        "So a difference between these strategies may be one of training.",
    )


def _mixed(study: Study) -> tuple[str, ...]:
    """A warning, if differences between runs may be differences between versions."""
    if not study.mixed_products:
        return ()
    mixed = "; ".join(
        f"{name} {' and '.join(map(str, versions))}"
        for name, versions in study.mixed_products.items()
    )
    return (
        f"The runs were computed by different versions of this software ({mixed}); move those of "
        "older versions away and run the sweep again.",
    )


def versions(study: Study) -> dict[str, str]:
    """Versions and machines of all runs; where they differ, every one."""
    found: dict[str, dict[str, None]] = {}
    for run in study.runs:
        machine = ", ".join(
            f"{name} {value}" for name, value in run.result.timings["machine"].items()
        )
        products = ", ".join(f"{name} {n}" for name, n in run.result.products.items())
        shown = {**run.result.versions, "products": products, "machine": machine}
        for name, value in shown.items():
            found.setdefault(name, {})[value] = None
    return {name: "; ".join(values) for name, values in found.items()}
