"""The finished runs of a sweep, read from what they stored and checked to be comparable."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError
from landmarks.experiment.results import RESULT, Result, read_result
from landmarks.inference.predictions import Predictions, read_predictions
from landmarks.scheme.units import IN_WORDS
from landmarks.storage.serialization import differences

BASELINE = "real_only"
COMBINED = ("finetune", "mixing", "self_training")  # strategies that train on both kinds of faces

SYNTHETIC_SET = "synthetic set"  # its name in `shared_settings`

# Controls that use a model of their own, and the name of that setting. Weights from elsewhere fit
# one network only.
OWN_MODELS = {"real_only_imagenet": "model with ImageNet weights"}

# A strategy at one number of real faces; it has one run per seed.
Cell = tuple[str, int]
SYNTHETIC: Cell = ("synthetic_only", 0)

# Order in reports; any other strategy follows, by name.
ORDER = (
    "synthetic_only",
    "label_adaptation",
    "data_adaptation",
    "real_only",
    "mixing",
    "finetune",
    "self_training",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class StudyRun:
    """A finished run and its errors on the test set.

    Attributes:
        directory: Folder of the run.
        result: Contents of its `result.json`.
        errors: (F,) NME of each test face, by region; "all" is the whole face.
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
        """Mean error on the whole test set, a fraction."""
        return float(np.nanmean(self.errors["all"]))


@dataclass(frozen=True, eq=False, kw_only=True)
class Study:
    """Runs that differ only in strategy, n_real and seed, tested on the same faces.

    Controls in `OWN_MODELS` may differ in their model too.

    Attributes:
        folder: Where the runs were found.
        runs: Sorted by strategy, n_real and seed.
        photos: (F,) index of the photo of each test face, from 0.
        rendered_test: Whether the test faces are drawn or rendered rather than photographed.
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
    def unit(self) -> str:
        """What errors are divided by, in words."""
        return IN_WORDS[self.runs[0].result.normaliser]

    @property
    def mixed_products(self) -> dict[str, tuple[int, ...]]:
        """The kinds of products that runs computed in different versions, with these versions."""
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
        """Every n_real that a strategy was run with, ascending."""
        return tuple(sorted(n for name, n in self.by_cell if name == strategy))

    def seeds(self, cells: Iterable[Cell]) -> tuple[int, ...]:
        """The seeds that all of these cells were run with, ascending."""
        sets = [set(self.by_cell.get(cell, {})) for cell in cells]
        return tuple(sorted(set.intersection(*sets))) if sets else ()

    def with_seeds(self, seeds: Container[int]) -> "Study":
        """The same test faces, with the runs of these seeds only."""
        return replace(self, runs=tuple(run for run in self.runs if run.result.seed in seeds))


def read_study(folder: Path) -> Study:
    """Read every finished run below a folder as one study.

    Raises:
        InputError: There are no finished runs; or two runs were tested on different faces, differ
            in more than strategy, n_real and seed, or have all three in common.
    """
    found = [
        (path.parent, result)
        for path in sorted(folder.rglob(RESULT))
        if (result := read_result(path.parent)) is not None
    ]
    if not found:
        raise InputError(f"{folder}: no {RESULT} below it; give the folder of finished runs")
    for name, directory, value, first_directory, first in _conflicts(found):
        place, one, other = next(differences({name: value}, {name: first}))
        raise InputError(
            f"{directory} differs from {first_directory} in its {name} "
            f"({place.removeprefix(name)[1:]} is {one!r}, there {other!r}); the runs of a study "
            "may differ only in strategy, n_real and seed, so give a folder with one study"
        )
    first_directory, first_result = found[0]
    reference = read_predictions(first_directory)
    runs = []
    for directory, result in found:
        predictions = read_predictions(directory)
        if not _same_faces(reference, predictions):
            raise InputError(
                f"{directory} was not tested on the same faces and labels as {first_directory}; "
                "give a folder with one study"
            )
        errors = errors_by_region(predictions)
        runs.append(StudyRun(directory=directory, result=result, errors=errors))
    return Study(
        folder=folder,
        runs=tuple(_without_duplicates(sorted(runs, key=_sort_key))),
        photos=np.unique(reference.groups, return_inverse=True)[1],
        rendered_test=first_result.rendered_test,
    )


def errors_by_region(predictions: Predictions) -> dict[str, NDArray[np.float64]]:
    """(F,) error of each face, of the whole face ("all") and each region that is ever visible."""
    scheme = predictions.scheme
    parts = {name: predictions.errors_of(indices) for name, indices in scheme.regions.items()}
    visible = {name: part for name, part in parts.items() if not np.isnan(part).all()}
    return {"all": predictions.errors, **visible}


def _sort_key(run: StudyRun) -> tuple[int, str, int, int]:
    name = run.result.strategy
    rank = ORDER.index(name) if name in ORDER else len(ORDER)
    return rank, name, run.result.n_real, run.result.seed


def _without_duplicates(runs: Iterable[StudyRun]) -> list[StudyRun]:
    """One run per strategy, n_real and seed; copies of one experiment count once."""
    kept: dict[tuple[int, str, int, int], StudyRun] = {}
    for run in runs:
        other = kept.setdefault(_sort_key(run), run)
        if other.result.fingerprint != run.result.fingerprint:
            raise InputError(
                f"{other.directory} and {run.directory} are both {run.result.strategy} with n_real "
                f"{run.result.n_real}, seed {run.result.seed}, but their settings differ; give a "
                "folder with one study"
            )
    return list(kept.values())


def shared_settings(result: Result) -> dict[str, object]:
    """The settings that must be the same in all runs that have them, by a readable name."""
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


def _conflicts(
    found: Iterable[tuple[Path, Result]],
) -> Iterator[tuple[str, Path, object, Path, object]]:
    """Each shared setting of a run that differs from that of the first run: folders and values."""
    seen: dict[str, tuple[Path, object]] = {}
    for directory, result in found:
        for name, value in shared_settings(result).items():
            first_directory, first = seen.setdefault(name, (directory, value))
            if value != first:
                yield name, directory, value, first_directory, first


def differing_settings(
    studies: Sequence[Study], strategies: Container[str] | None = None
) -> set[str]:
    """Names of the shared settings in which studies differ.

    Args:
        studies: Two or more.
        strategies: Only compare the runs of these; None: of all.
    """
    runs = (
        (run.directory, run.result)
        for study in studies
        for run in study.runs
        if strategies is None or run.result.strategy in strategies
    )
    differing = {name for name, *_ in _conflicts(runs)}
    tested = [read_predictions(study.runs[0].directory) for study in studies]
    if not all(_same_faces(tested[0], one) for one in tested):
        differing.add("test set")
    return differing


def _same_faces(a: Predictions, b: Predictions) -> bool:
    """Whether two runs were tested on the same faces and labels."""
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("ids", "target", "visible")
    )
