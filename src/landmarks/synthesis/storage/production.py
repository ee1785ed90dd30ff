"""Production: a folder is filled with the samples that it does not have yet."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from landmarks.data.options import check_whole_number
from landmarks.errors import FILE_ERRORS, InputError, file_error
from landmarks.synthesis.storage.folder import MAX_SAMPLES, RenderedFolder
from landmarks.synthesis.storage.spec import Spec
from landmarks.synthesis.storage.workers import Render, render_each


class Pictures(Protocol):
    """What a data set shows: picture i is a function of i alone. Can be sent to a process."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """How scenes are drawn; has a "name" and, in "labels", the label set of the files."""
        ...

    @property
    def seed(self) -> int:
        """Of the data set."""
        ...

    @property
    def size(self) -> int:
        """Pixels of a side."""
        ...

    @property
    def dense(self) -> bool:
        """Whether their labels have every vertex of the face, to be stored."""
        ...

    @property
    def processes(self) -> int:
        """How many processes render them fastest here."""
        ...

    @property
    def renderer_version(self) -> str:
        """A text that changes when the pictures would, all else being equal."""
        ...

    def start(self) -> Render:
        """Get ready to render in this process, which may take seconds."""
        ...


def produce(
    folder: Path,
    pictures: Pictures,
    *,
    start: int,
    stop: int,
    layout: str = "face_synthetics",
    workers: int | None = None,
) -> dict[str, Any]:
    """Render the samples of a range that `folder` does not have.

    Stopped at any moment, the same call continues. Several processes and machines may fill one
    folder at once; each with a range of its own share the work.

    Args:
        folder: Is made if it is not there.
        pictures: What to render.
        start: First index.
        stop: Last index + 1.
        layout: "face_synthetics" or "datagen".
        workers: Processes; None: as many as are fastest.

    Returns:
        The manifest of the folder.

    Raises:
        InputError: An option is out of its range, the folder holds something else, or the disk is
            full.
    """
    check_range(start, stop)
    check_whole_number("workers", workers, 1, or_null=True)
    spec = Spec(
        recipe=pictures.settings,
        seed=pictures.seed,
        size=pictures.size,
        renderer=pictures.renderer_version,
        layout=layout,
        dense=pictures.dense,
    )
    place = RenderedFolder(root=folder, spec=spec)
    with _one_line_for_a_full_disk(place, start, stop):
        place.prepare()
        missing = start + np.flatnonzero(~place.known()[start:stop])
        if len(missing):
            processes = min(workers or pictures.processes, len(missing))
            _render(pictures, place, missing.tolist(), stop - start, processes)
        return place.merge()


def _render(
    pictures: Pictures, place: RenderedFolder, missing: list[int], total: int, workers: int
) -> None:
    title = f"rendering {place.spec.recipe['name']}"
    done = total - len(missing)
    with (
        closing(render_each(pictures, place.write, missing, workers)) as rendered,
        tqdm(rendered, desc=title, unit="face", total=total, initial=done) as bar,
    ):
        for _ in bar:
            pass


def check_range(start: int, stop: int) -> None:
    """Refuse a range without samples or beyond the ids."""
    check_whole_number("start", start, 0)
    check_whole_number("stop", stop, start + 1)
    if stop > MAX_SAMPLES:
        raise InputError(
            f"samples up to {stop:,} are asked for; a folder holds at most {MAX_SAMPLES:,}"
        )


@contextmanager
def _one_line_for_a_full_disk(place: RenderedFolder, start: int, stop: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in FILE_ERRORS:
            raise
        raise InputError(
            f"{place.root}: {file_error(error)}{_progress(place, start, stop)}"
        ) from error


def _progress(place: RenderedFolder, start: int, stop: int) -> str:
    try:
        done = int(place.known()[start:stop].sum())
    except OSError:  # there is no such folder, so it is not a matter of going on
        return ""
    return f"; {done:,} of {stop - start:,} samples are done, and the same command continues"
