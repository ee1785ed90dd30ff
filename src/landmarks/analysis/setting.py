"""Setting: what was trained and tested on what, and by which software, in words."""

from landmarks.analysis.budget import updates
from landmarks.analysis.looks import look
from landmarks.analysis.study import Study

NOT_PHOTOGRAPHS = (
    "The test faces are drawn or rendered: no number here is an accuracy on photographs."
)


def setting(study: Study) -> tuple[str, ...]:
    """What was trained and tested on what, in sentences."""
    first = study.runs[0].result
    network = first.settings["model"]["network"]["_target_"].rpartition(".")[2]
    size = first.settings["model"]["input_size"]
    test = first.data["test"]
    seeds = sorted({run.result.seed for run in study.runs})
    trained = {
        role: dict.fromkeys(
            f"{run.result.data[role]['faces']:,} faces of {run.result.data[role]['name']}"
            for run in study.runs
            if role in run.result.data
        )
        for role in ("real", "synthetic")
    }
    stand_in = (NOT_PHOTOGRAPHS,) if study.rendered_test else ()
    photos = int(study.photos.max()) + 1
    return (
        *stand_in,
        f"One model: {network} at {size} pixels. Subsets are nested and drawn by photo from "
        f"{' or '.join(trained['real']) or 'no real faces'}; synthetic: "
        f"{' or '.join(trained['synthetic']) or 'none'}.",
        f"Test: {test['faces']:,} faces on {photos:,} photos of {test['name']}; boxes from "
        f"{first.box_source}. The program chooses nothing on them.",
        f"{len(study.runs)} runs, seeds {', '.join(map(str, seeds))}. Errors are fractions of the "
        "inter-ocular distance (NME), in per cent.",
        *_unequal_updates(study),
        *_mixed(study),
    )


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
    """A warning, if differences between runs may be differences between programs."""
    if study.code_versions == 1:
        return ()
    return (
        f"The runs were made by {study.code_versions} versions of this software's code; to be sure "
        "that only strategies differ, move those of other versions away and run the sweep again.",
    )


def versions(study: Study) -> dict[str, str]:
    """Versions and machines of all runs; where they differ, every one."""
    found: dict[str, dict[str, None]] = {}
    for run in study.runs:
        machine = ", ".join(
            f"{name} {value}" for name, value in run.result.timings["machine"].items()
        )
        for name, value in {"code": "not told", **run.result.versions, "machine": machine}.items():
            found.setdefault(name, {})[value] = None
    return {name: "; ".join(values) for name, values in found.items()}
