"""Controls with a model of their own, in words: what they differ in beside where they start."""

from landmarks.analysis.study import OWN_MODELS, Study, StudyRun
from landmarks.analysis.styles import look


def own_models(study: Study) -> tuple[str, ...]:
    """A sentence for each such control."""
    controls = [run for run in study.runs if run.result.strategy in OWN_MODELS]
    others = [run for run in study.runs if run.result.strategy not in OWN_MODELS]
    return tuple(dict.fromkeys(_told(run, others) for run in controls))


def _told(control: StudyRun, others: list[StudyRun]) -> str:
    model = control.result.settings["model"]
    label = look(control.result.strategy).opening
    network = model["network"]
    shown = [_name(network), *([network["backbone"]] if "backbone" in network else [])]
    start = "random weights" if model["initial"] is None else _name(model["initial"])
    told = (
        f"{label} has a model of its own: {' '.join(shown)} at "
        f"{model['input_size']} pixels, started with {start}."
    )
    if all(network == other.result.settings["model"]["network"] for other in others):
        return told
    return f"{told} Its network is another too, so that may be why its error differs."


def _name(record: dict[str, str]) -> str:
    """Of the class that a record is of."""
    return record["_target_"].rpartition(".")[2]
