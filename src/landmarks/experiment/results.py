"""Results: what a run leaves behind, written whole or not at all.

A folder with `result.json` holds a finished run; the file is written last.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError
from landmarks.storage.atomic import written_whole

RESULT = "result.json"
LEDGER = "ledger.json"


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
        versions: Of the software that made its product, which may have been another run's.
    """

    name: str
    artifact: str
    optimiser_steps: int
    real_labels: int
    moved: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StepTiming:
    """What a step took.

    Attributes:
        seconds: Of the call that finished it, whoever made it.
        reused: Whether it had been made before this run.
        continued: Whether that call continued an interrupted one, so that `seconds` is a part.
        machine: What a training was computed on; empty for an adapter.
    """

    seconds: float
    reused: bool
    continued: bool
    machine: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Every real label that a run touched, and for what.

    Attributes:
        n_real: Faces of the real subset.
        photos: Photos they come from.
        training: Faces whose labels trained the model.
        adapter: Faces whose labels fitted the adapter.
        validation: Faces whose labels chose among models; none, the last weights are kept.
        total: Different faces whose labels were used at all.
    """

    n_real: int
    photos: int
    training: int
    adapter: int
    validation: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """Everything a figure needs to know of a run. Field by field the contents of `result.json`.

    Two runs of one experiment differ in `timings`, in `versions`, and in "origin" of `data` where
    the files lie elsewhere; on different machines, numbers differ by rounding.

    Attributes:
        fingerprint: Of every setting and all data.
        strategy: Name.
        n_real: Faces of the real subset.
        seed: Of subset, weights and batches.
        optimiser_steps: Of the whole strategy.
        settings: Record of the strategy, the model and the augmentation.
        data: Description of each data set that was used.
        shared_photos: Test faces whose photo or person training saw too, in another picture.
        rendered_test: Whether the test faces are drawn or rendered, so that no number here is an
            accuracy on photographs.
        crop: The crop rule.
        box_source: Where the test faces' boxes come from.
        diverged: Whether the model knows nothing of faces; see `Predictions.diverged`.
        metrics: By subset of the test set; "all" is the whole.
        ledger: Real labels used.
        steps: What was made or reused.
        versions: Of the software that ended the run; see each of "steps" for those that made it.
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
    diverged: bool = False
    metrics: Mapping[str, Any]
    ledger: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    versions: Mapping[str, str]
    timings: Mapping[str, Any]

    @property
    def nme(self) -> float:
        """Inter-ocular NME of the whole test set, a fraction."""
        return float(self.metrics["all"]["nme"]["interocular"]["value"])

    @property
    def augmentation(self) -> dict[str, Any]:
        """The recipes of the domains that were drawn from; another for the rest changes nothing."""
        recipes = self.settings["augmentation"]
        return {domain: recipe for domain, recipe in recipes.items() if domain in self.data}

    def write(self, directory: Path) -> None:
        """Write `result.json`, whose presence says that the run is complete."""
        write_json(directory / RESULT, asdict(self))


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file."""
    with written_whole(path) as partial:
        partial.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")


def read_result(directory: Path) -> Result | None:
    """The result of a finished run, or None if `directory` holds none.

    Raises:
        InputError: There is a `result.json`, but not one of this version.
    """
    path = directory / RESULT
    if not path.exists():
        return None
    try:
        return Result(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path}: not a result of this version of landmarks ({error}); move it away"
        ) from None


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
    """Write the loss of each training step as `loss.csv`: step name, update, loss, rate."""
    with written_whole(path) as partial, partial.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["training", "step", "loss", "learning_rate"])
        for name, curve in curves.items():
            writer.writerows([name, int(step), loss, rate] for step, loss, rate in curve)
