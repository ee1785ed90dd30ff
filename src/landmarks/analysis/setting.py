"""What a study was trained and tested on, and with which software, in sentences."""

from collections.abc import Callable, Mapping
from typing import Any

from landmarks.analysis.cost import batch_sizes, updates
from landmarks.analysis.study import OWN_MODELS, Study, StudyRun
from landmarks.analysis.styles import style_of

NOT_PHOTOGRAPHS = (
    "The test faces are drawn or rendered: no number here is an accuracy on photographs."
)


def setting(study: Study) -> tuple[str, ...]:
    """What the runs have in common, and warnings about what they do not."""
    first = study.runs[0].result
    model = first.settings["model"]
    seeds = sorted({run.result.seed for run in study.runs})
    counts = " or ".join(f"{n:,}" for n in sorted({updates(run.result) for run in study.runs}))
    batches = sorted({size for run in study.runs for size in batch_sizes(run.result)})
    return (
        *((NOT_PHOTOGRAPHS,) if study.rendered_test else ()),
        f"Model: {_name(model['network'])} at {model['input_size']} pixels, trained for {counts} "
        f"updates with batches of {' or '.join(map(str, batches))}. Real: "
        f"{_datasets(study, 'real', _with_notes) or 'none'}; subsets are nested and drawn by "
        f"photo. Synthetic: {_datasets(study, 'synthetic', _with_faces) or 'none'}.",
        f"Test: {_datasets(study, 'test', _with_notes)}, on {int(study.photos.max()) + 1:,} "
        f"photos; face boxes: {first.box_source}. The software uses the test set for no choice.",
        f"{len(study.runs)} runs, seeds {', '.join(map(str, seeds))}. Errors are NME, in per cent "
        f"of the {study.unit}.",
        *_diverged(study),
        *_unequal_updates(study),
        *_mixed_versions(study),
        *_own_models(study),
    )


def _name(record: Mapping[str, str]) -> str:
    """The class of a recorded object."""
    return record["_target_"].rpartition(".")[2]


def _datasets(study: Study, role: str, describe: Callable[[Mapping[str, Any]], str]) -> str:
    """The datasets with a role; most studies have one of each."""
    used = (run.result.data[role] for run in study.runs if role in run.result.data)
    return " or ".join(dict.fromkeys(map(describe, used)))


def _with_faces(used: Mapping[str, Any]) -> str:
    return f"{used['name']}, {used['faces']:,} faces"


def _with_notes(used: Mapping[str, Any]) -> str:
    """With the notes of its reader, such as the parts of 300-W."""
    notes = f" ({'; '.join(used['notes'])})" if used["notes"] else ""
    return f"{_with_faces(used)}{notes}"


def _diverged(study: Study) -> tuple[str, ...]:
    """A warning about runs whose model diverged or learned nothing."""
    runs = [
        f"{style_of(result.strategy).label} with n_real {result.n_real:,}, seed {result.seed}"
        for result in (run.result for run in study.runs)
        if result.diverged
    ]
    if not runs:
        return ()
    return (
        f"The model of these runs diverged or learned nothing: {'; '.join(runs)}. Their errors are "
        "included everywhere; lower the learning rate or train longer, and run the sweep again.",
    )


def _unequal_updates(study: Study) -> tuple[str, ...]:
    """A warning where differences between strategies may be due to the length of training."""
    strategies: dict[int, dict[str, None]] = {}
    for run in study.runs:
        names = strategies.setdefault(updates(run.result), {})
        names[style_of(run.result.strategy).label] = None
    if len(strategies) == 1:
        return ()
    parts = (f"{count:,} ({', '.join(names)})" for count, names in sorted(strategies.items()))
    return (
        f"The final models were trained for different numbers of updates: {'; '.join(parts)}. "
        "Differences between these strategies may be due to the length of training.",
    )


def _mixed_versions(study: Study) -> tuple[str, ...]:
    """A warning where differences between runs may be due to the software."""
    mixed = "; ".join(
        f"{name} {' and '.join(map(str, versions))}"
        for name, versions in study.mixed_products.items()
    )
    if not mixed:
        return ()
    return (
        f"The runs were computed by different versions of this software ({mixed}); move those of "
        "older versions away and run the sweep again.",
    )


def _own_models(study: Study) -> tuple[str, ...]:
    """A sentence for each control that has a model of its own."""
    controls = [run for run in study.runs if run.result.strategy in OWN_MODELS]
    others = [run for run in study.runs if run.result.strategy not in OWN_MODELS]
    return tuple(dict.fromkeys(_own_model(run, others) for run in controls))


def _own_model(control: StudyRun, others: list[StudyRun]) -> str:
    model = control.result.settings["model"]
    network = model["network"]
    names = [_name(network), *([network["backbone"]] if "backbone" in network else [])]
    start = "random weights" if model["initial"] is None else _name(model["initial"])
    sentence = (
        f"{style_of(control.result.strategy).opening} uses a model of its own: {' '.join(names)} "
        f"at {model['input_size']} pixels, initialised with {start}."
    )
    if all(network == other.result.settings["model"]["network"] for other in others):
        return sentence
    return f"{sentence} Its network differs too, which may explain a difference in error."


def versions(study: Study) -> dict[str, str]:
    """Versions of the software and descriptions of the machines; all of them where runs differ."""
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
