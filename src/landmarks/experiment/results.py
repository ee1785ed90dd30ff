"""The files of a finished run: `result.json` says everything that a figure needs to know of it.

A folder with `result.json` holds a finished run; that file is written last.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from landmarks.data.files import parsed_json
from landmarks.errors import InputError
from landmarks.metrics import Estimate
from landmarks.storage.atomic import atomic_write

RESULT = "result.json"
LEDGER = "ledger.json"
ROLES = ("synthetic", "real", "unlabelled", "test")  # of data
LARGEST = 2**24  # bytes of a result

_JSON_TYPES: Mapping[Any, Any] = {float: (int, float), Sequence: list, Mapping: dict}


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """One step of a run.

    Attributes:
        name: E.g. "pretrain".
        artifact: Fingerprint of its product.
        optimiser_steps: Updates, 0 for an adapter.
        real_labels: Number of faces of the real subset whose labels it used.
        moved: For an adapter: how far it moved each region of the real subset, a fraction of the
            inter-ocular distance.
        versions: Of the software that made its product, perhaps in another run.
    """

    name: str
    artifact: str
    optimiser_steps: int
    real_labels: int
    moved: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StepTiming:
    """How long a step took.

    Attributes:
        seconds: Of the call that finished it, perhaps in another run.
        reused: Whether it was finished before this run.
        continued: Whether that call continued an interrupted one, so that `seconds` is a part.
        machine: What a training was computed on; empty for an adapter.
    """

    seconds: float
    reused: bool
    continued: bool
    machine: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """How many real labels a run used, and what for.

    Attributes:
        n_real: Faces of the real subset.
        photos: Photos they come from.
        training: Faces whose labels trained the model.
        adapter: Faces whose labels fitted the adapter.
        validation: Faces whose labels chose among models; none, the last weights are kept.
        total: Different faces whose labels were used at all.
        unlabelled: Faces on photos that were used without labels.
    """

    n_real: int
    photos: int
    training: int
    adapter: int
    validation: int
    total: int
    unlabelled: int = 0


@dataclass(frozen=True, kw_only=True)
class Result:
    """Everything that a figure needs to know of a run: the contents of `result.json`.

    Two runs of one experiment differ in `timings`, in `versions`, and in "origin" of `data` if the
    files are in other folders; on different machines, numbers differ by rounding.

    Attributes:
        fingerprint: Of every setting and all data.
        strategy: Name.
        n_real: Faces of the real subset.
        seed: Of subset, weights and batches.
        optimiser_steps: Of the whole strategy.
        settings: Record of the strategy, the model and the augmentation.
        data: Description of each dataset that was used.
        shared_photos: Test faces whose photo or person training saw too, in another picture.
        rendered_test: Whether the test faces are drawn or rendered, so that no number here is an
            accuracy on photographs.
        crop: The crop rule.
        box_source: Where the test faces' boxes come from.
        scheme: Name of the landmark scheme.
        normaliser: The length by which its errors are divided.
        diverged: Whether the model knows nothing of faces; see `Predictions.diverged`.
        metrics: By subset of the test set; "all" is the whole.
        ledger: A `Ledger`.
        steps: A `StepRecord` for each step.
        products: Version of each kind of product, see `landmarks.experiment.products`.
        versions: Of the software that ended the run, for information; see each of "steps" for the
            software that made those.
        timings: "seconds" of this run, the "machine", and a `StepTiming` for each of "steps".
    """

    fingerprint: str
    strategy: str
    n_real: int
    seed: int
    optimiser_steps: int
    settings: Mapping[str, Any]
    data: Mapping[str, Any]
    shared_photos: int
    rendered_test: bool
    crop: Mapping[str, Any]
    box_source: str
    scheme: str = "ibug68"
    normaliser: str = "interocular"
    diverged: bool = False
    metrics: Mapping[str, Any]
    ledger: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    products: Mapping[str, int]
    versions: Mapping[str, str]
    timings: Mapping[str, Any]

    @property
    def estimate(self) -> Mapping[str, float]:
        """The NME of the whole test set, by the scheme's normaliser, as an `Estimate`."""
        found: Mapping[str, float] = self.metrics["all"]["nme"][self.normaliser]
        return found

    @property
    def nme(self) -> float:
        """NME of the whole test set, by the scheme's normaliser, a fraction."""
        return float(self.estimate["value"])

    @property
    def augmentation(self) -> dict[str, Any]:
        """The recipes of the domains that were drawn from; the others change nothing."""
        recipes = self.settings["augmentation"]
        return {domain: recipe for domain, recipe in recipes.items() if domain in self.data}

    def write(self, directory: Path) -> None:
        """Write `result.json`, whose presence says that the run is finished."""
        write_json(directory / RESULT, asdict(self))


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file."""
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")


def is_finished(directory: Path) -> bool:
    """Whether a folder holds a finished run."""
    return (directory / RESULT).exists()


def read_result(directory: Path) -> Result | None:
    """The result of a finished run, or None if `directory` holds none.

    Raises:
        InputError: There is a `result.json`, but not one of this version.
    """
    path = directory / RESULT
    if not path.exists():
        return None
    try:
        content = parsed_json(path, LARGEST)
        _check(content)
        return Result(**content)
    except (ValueError, KeyError, TypeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        reason = reason.removeprefix(str(path)).lstrip(":, ")
        raise InputError(
            f"{path}: not a result of this version of landmarks ({reason}); move it away"
        ) from None


def _check(content: Any) -> None:  # noqa: ANN401 - JSON
    """Refuse a result that lacks a part, or has one of another type.

    Raises:
        ValueError: The first such part.
        KeyError: The metrics or the timings lack a part.
    """
    _check_fields(Result, content, "result")
    _check_fields(Ledger, content["ledger"], "ledger")
    own = content.get("normaliser", "interocular")
    _check_fields(Estimate, content["metrics"]["all"]["nme"][own], f"{own} NME")
    for role, used in content["data"].items():
        kinds = {"name": str, "faces": int, "notes": list}
        if role not in ROLES or not isinstance(used, dict):
            raise ValueError(f"no data of a role {role!r:.40}; there are {', '.join(ROLES)}")
        if any(not isinstance(used.get(key), kind) for key, kind in kinds.items()):
            raise ValueError(f"its data of {role!r} lack a name, a number of faces or notes")
    for step in content["steps"]:
        _check_fields(StepRecord, step, "step")
        timing = content["timings"]["steps"][step["name"]]
        _check_fields(StepTiming, timing, f"timing of {step['name']!r}")


def _check_fields(kind: type, content: Any, name: str) -> None:  # noqa: ANN401 - JSON
    """Refuse what is not an object with the fields of a dataclass, each of its type."""
    hints = get_type_hints(kind)
    if not isinstance(content, dict):
        raise ValueError(f"its {name} is {content!r:.40}, not an object")
    required = {f.name for f in fields(kind) if f.default is f.default_factory is MISSING}
    for wrong, what in ((required - content.keys(), "no"), (content.keys() - hints, "an unknown")):
        if wrong:
            raise ValueError(f"its {name} has {what} {min(wrong)!r}")
    for key, value in content.items():
        plain = get_origin(hints[key]) or hints[key]
        expected = _JSON_TYPES.get(plain, plain)
        if not isinstance(value, expected) or (isinstance(value, bool) and plain is not bool):
            raise ValueError(f"{key} of its {name} is {value!r:.40}, not {plain.__name__}")


def read_results(folder: Path) -> list[Result]:
    """Every finished run below a folder, in the order of their paths.

    Raises:
        InputError: There is none, or one is not of this version.
    """
    found = [read_result(path.parent) for path in sorted(folder.rglob(RESULT))]
    if not found:
        raise InputError(f"{folder}: no {RESULT} below it; give the folder of finished runs")
    return [result for result in found if result is not None]


def write_curve(path: Path, curves: Mapping[str, NDArray[np.float64]]) -> None:
    """Write the loss of each training as `loss.csv`: its name, update, loss, learning rate."""
    with atomic_write(path) as partial, partial.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["training", "step", "loss", "learning_rate"])
        for name, curve in curves.items():
            writer.writerows([name, int(step), loss, rate] for step, loss, rate in curve)
