"""Label the samples of a rendered folder for a scheme, without rendering them again."""

import os
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.scheme_labels import LABEL_SETS, labels_file, row_type, stored_labels
from landmarks.errors import FILE_ERRORS, InputError, file_error
from landmarks.scheme import LandmarkScheme, as_mapping
from landmarks.storage.atomic import atomic_write
from landmarks.storage.locks import lock
from landmarks.synthesis.picture import SchemeLabels
from landmarks.synthesis.storage.encoding import json_file
from landmarks.synthesis.storage.files import replace_file
from landmarks.synthesis.storage.workers import Starter, make_each

_DECIMALS = 3  # of a pixel, as in the records

# Labelling so many faces takes as long as starting a process.
_WORTH_A_PROCESS = 300


class Labelled(Protocol):
    """Pictures whose landmarks are known in any scheme."""

    @property
    def processes(self) -> int:
        """The number of processes that is fastest on this machine."""
        ...

    def labelling(self, scheme: LandmarkScheme) -> Starter[SchemeLabels]:
        """Labels pictures by their index.

        Raises:
            InputError: The scheme has a landmark without a place.
        """
        ...


def label_folder(
    folder: Path,
    pictures: Labelled,
    scheme: LandmarkScheme,
    *,
    start: int,
    stop: int,
    workers: int | None = None,
) -> None:
    """Add the labels of a scheme for the samples of a range, unless they are there.

    The file of labels is replaced in one step. Several processes may call this at the same time.

    Args:
        folder: A rendered folder with these samples.
        pictures: What it was rendered from.
        scheme: The scheme.
        start: First index.
        stop: Last index + 1.
        workers: Number of processes; None: `pictures.processes`.

    Raises:
        InputError: A landmark has no place, or the file cannot be written.
    """
    path = labels_file(folder, scheme)
    asked = np.arange(start, stop)
    if np.isin(asked, stored_labels(path, scheme)["index"]).all():
        return
    starter = pictures.labelling(scheme)
    try:
        path.parent.mkdir(exist_ok=True)
        with lock(path.with_name(f".{path.name}.lock"), what=f"labelling {folder}"):
            known = stored_labels(path, scheme)
            missing = np.setdiff1d(asked, known["index"])
            if not len(missing):  # by the process that held the lock
                return
            _add(path, scheme, known, missing, starter, workers or pictures.processes)
    except OSError as error:
        if error.errno not in FILE_ERRORS:
            raise
        raise InputError(f"{path}: {file_error(error)}; fix this and run it again") from error


def _add(
    path: Path,
    scheme: LandmarkScheme,
    known: NDArray[np.void],
    missing: NDArray[np.int64],
    starter: Starter[SchemeLabels],
    workers: int,
) -> None:
    rows = np.zeros(len(known) + len(missing), row_type(scheme))
    rows["index"] = np.union1d(known["index"], missing)
    rows[np.searchsorted(rows["index"], known["index"])] = known
    replace_file(path.with_suffix(".json"), json_file(as_mapping(scheme)))
    with atomic_write(path) as partial:
        with partial.open("wb") as file:
            np.save(file, rows, allow_pickle=False)
        writer = _Rows(partial, scheme, rows["index"].copy())
        processes = min(workers, 1 + len(missing) // _WORTH_A_PROCESS)
        with (
            closing(make_each(starter, writer, missing.tolist(), processes)) as labelled,
            tqdm(
                labelled, desc=f"labelling for {scheme.name}", unit="face", total=len(missing)
            ) as bar,
        ):
            for _ in bar:
                pass


@dataclass(frozen=True, eq=False)
class _Rows:
    """Writes rows of the file, from any process: a full disk is then an error in all of them.

    Attributes:
        path: The file, with a row for each index.
        scheme: The scheme.
        indices: (N,) sorted.
    """

    path: Path
    scheme: LandmarkScheme
    indices: NDArray[np.int32]

    def __call__(self, index: int, labels: SchemeLabels) -> None:
        """Write the labels of one sample."""
        row = np.zeros((), self._type)
        row["index"], row["visible"] = index, labels.visible
        for name in LABEL_SETS:
            row[name] = getattr(labels, name).astype(np.float64).round(_DECIMALS)
        below = len(self.indices) - int(np.searchsorted(self.indices, index))
        with self.path.open("r+b") as file:
            file.seek(-below * self._type.itemsize, os.SEEK_END)
            file.write(row.tobytes())

    @cached_property
    def _type(self) -> np.dtype[np.void]:
        return row_type(self.scheme)
