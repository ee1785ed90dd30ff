"""Study: the finished runs of a sweep side by side, read from what they stored."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError
from landmarks.experiment.results import RESULT, Result, read_result
from landmarks.inference.predictions import Predictions, read_predictions
from landmarks.storage.serialization import differences

BASELINE = "real_only"

SYNTHETIC_SET = "synthetic set"  # as `common` calls it

# Controls with a model of their own, and what it is called: weights from elsewhere fit one network.
OWN_MODELS = {"real_only_imagenet": "model with ImageNet weights"}

# A strategy at one number of real faces; one run of it for each seed.
Cell = tuple[str, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class StudyRun:
    """A finished run and the errors that its stored predictions make.

    Attributes:
        directory: Where it lies, below the folder of the study.
        result: What it says of itself.
        errors: (F,) inter-ocular NME of each test face, by region; "all" is the whole face.
    """

    directory: Path
    result: Result
    errors: Mapping[str, NDArray[np.float64]]

    @property
    def cell(self) -> Cell:
        """Strategy and number of real faces."""
        return self.result.strategy, self.result.n_real

    @property
    def nme(self) -> float:
        """Mean error of the whole test set, a fraction."""
        return float(np.nanmean(self.errors["all"]))


@dataclass(frozen=True, eq=False, kw_only=True)
class Study:
    """Runs that differ in strategy, n_real and seed alone, tested on the same faces.

    A control may also have a model of its own.

    Attributes:
        folder: Where they were found.
        runs: In the order of strategy, n_real and seed.
        photos: (F,) number of the photo of each test face, from 0.
        rendered_test: Whether the test faces are drawn or rendered, not photographs.
    """

    folder: Path
    runs: tuple[StudyRun, ...]
    photos: NDArray[np.intp]
    rendered_test: bool

    @cached_property
    def by_cell(self) -> Mapping[Cell, Mapping[int, StudyRun]]:
        """The runs of each cell, by seed."""
        cells: dict[Cell, dict[int, StudyRun]] = {}
        for run in self.runs:
            cells.setdefault(run.cell, {})[run.result.seed] = run
        return cells

    @property
    def mixed_products(self) -> dict[str, tuple[int, ...]]:
        """The kinds of products that runs computed by different versions, with these versions."""
        found: dict[str, set[int]] = {}
        for run in self.runs:
            for name, version in run.result.products.items():
                found.setdefault(name, set()).add(version)
        return {name: tuple(sorted(those)) for name, those in found.items() if len(those) > 1}

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names, in the order of the runs."""
        return tuple(dict.fromkeys(run.result.strategy for run in self.runs))

    def sizes(self, strategy: str) -> tuple[int, ...]:
        """Every n_real that a strategy was run with, rising."""
        return tuple(sorted(n for name, n in self.by_cell if name == strategy))

    def seeds(self, cells: Iterable[Cell]) -> tuple[int, ...]:
        """The seeds that every one of these cells was run with."""
        sets = [set(self.by_cell.get(cell, {})) for cell in cells]
        return tuple(sorted(set.intersection(*sets))) if sets else ()

    def of_seeds(self, seeds: Container[int]) -> "Study":
        """The same faces, with the runs of these seeds alone."""
        return replace(self, runs=tuple(run for run in self.runs if run.result.seed in seeds))


# From no real label to all of them at once; anything else comes after, by name.
ORDER = (
    "synthetic_only",
    "label_adaptation",
    "data_adaptation",
    "real_only",
    "mixing",
    "finetune",
)


def read_study(folder: Path) -> Study:
    """Every finished run below a folder, as one study.

    Raises:
        InputError: There is none; or two runs were not tested on the same faces, differ in more
            than strategy, n_real and seed, or claim the same place in the study.
    """
    found = [
        (path.parent, result)
        for path in sorted(folder.rglob(RESULT))
        if (result := read_result(path.parent)) is not None
    ]
    if not found:
        raise InputError(f"{folder}: no {RESULT} below it; give the folder of finished runs")
    _check_comparable(found)
    first_directory, first = found[0]
    reference = read_predictions(first_directory)
    runs = []
    for directory, result in found:
        predictions = read_predictions(directory)
        _check_same_faces(first_directory, reference, directory, predictions)
        runs.append(
            StudyRun(directory=directory, result=result, errors=errors_by_region(predictions))
        )
    return Study(
        folder=folder,
        runs=tuple(_without_repeats(sorted(runs, key=_place))),
        photos=np.unique(reference.groups, return_inverse=True)[1],
        rendered_test=first.rendered_test,
    )


def errors_by_region(predictions: Predictions) -> dict[str, NDArray[np.float64]]:
    """(F,) error of each face, for the whole face ("all") and each region that a face shows."""
    scheme = predictions.scheme
    parts = {name: predictions.errors_of(indices) for name, indices in scheme.regions.items()}
    shown = {name: part for name, part in parts.items() if not np.isnan(part).all()}
    return {"all": predictions.errors, **shown}


def _place(run: StudyRun) -> tuple[int, str, int, int]:
    name = run.result.strategy
    rank = ORDER.index(name) if name in ORDER else len(ORDER)
    return rank, name, run.result.n_real, run.result.seed


def _without_repeats(runs: Iterable[StudyRun]) -> list[StudyRun]:
    """One run for each place; the same experiment in two folders is one run."""
    kept: dict[tuple[int, str, int, int], StudyRun] = {}
    for run in runs:
        other = kept.setdefault(_place(run), run)
        if other.result.fingerprint != run.result.fingerprint:
            raise InputError(
                f"{other.directory} and {run.directory} are both {run.result.strategy} with n_real "
                f"{run.result.n_real}, seed {run.result.seed}, but of different settings; give a "
                "folder with one study"
            )
    return list(kept.values())


def common(result: Result) -> dict[str, object]:
    """What must be the same in all runs that have it, by a name that a person understands."""
    return {
        OWN_MODELS.get(result.strategy, "model"): result.settings["model"],
        "crop rule": result.crop,
        f"settings of {result.strategy}": result.settings["strategy"],
        **{
            f"{role} set": {key: used[key] for key in ("name", "faces", "notes")}
            for role, used in result.data.items()
        },
        **{
            f"augmentation of {domain} faces": recipe
            for domain, recipe in result.augmentation.items()
        },
    }


def _check_comparable(found: Iterable[tuple[Path, Result]]) -> None:
    seen: dict[str, tuple[Path, object]] = {}
    for at, result in found:
        for what, value in common(result).items():
            first_at, first = seen.setdefault(what, (at, value))
            if value != first:
                place, one, other = next(differences({what: value}, {what: first}))
                raise InputError(
                    f"{at} differs from {first_at} in its {what} ({place.removeprefix(what)[1:]} "
                    f"is {one!r}, there {other!r}); only runs that differ in "
                    "strategy, n_real and seed can be compared, so give a folder with one study"
                )


def apart(studies: Sequence[Study], strategies: Container[str] | None = None) -> set[str]:
    """What studies differ in, of all that their runs have in common, by its names there.

    Args:
        studies: Two or more.
        strategies: Those whose runs count; None: all.
    """
    seen: dict[str, list[object]] = {}
    for study in studies:
        for run in study.runs:
            if strategies is None or run.result.strategy in strategies:
                for what, value in common(run.result).items():
                    values = seen.setdefault(what, [])
                    values.extend([value] * (value not in values))
    differ = {what for what, values in seen.items() if len(values) > 1}
    tested = [read_predictions(study.runs[0].directory) for study in studies]
    if not all(same_faces(tested[0], one) for one in tested):
        differ.add("test set")
    return differ


def _check_same_faces(
    first_at: Path, reference: Predictions, at: Path, predictions: Predictions
) -> None:
    if not same_faces(reference, predictions):
        raise InputError(
            f"{at} was not tested on the same faces and labels as {first_at}; give a folder with "
            "one study"
        )


def same_faces(a: Predictions, b: Predictions) -> bool:
    """Whether two runs were tested on the same faces and labels."""
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("ids", "target", "visible")
    )
