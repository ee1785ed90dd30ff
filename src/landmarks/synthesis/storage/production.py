"""Render the missing samples of a folder."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from landmarks.data.options import check_whole_number
from landmarks.errors import FILE_ERRORS, InputError, file_error
from landmarks.synthesis.picture import Picture
from landmarks.synthesis.storage.folder import MAX_SAMPLES, RenderedFolder
from landmarks.synthesis.storage.scheme_labels import Labelled
from landmarks.synthesis.storage.spec import Spec
from landmarks.synthesis.storage.workers import Starter, make_each


class Pictures(Labelled, Starter[Picture], Protocol):
    """The pictures of a dataset; picture i depends on i alone. Can be pickled."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of the recipe, with its "name" and, in "labels", the label set of the files."""
        ...

    @property
    def seed(self) -> int:
        """Random seed of the dataset."""
        ...

    @property
    def size(self) -> int:
        """Pixels of a side."""
        ...

    @property
    def write(self) -> tuple[str, ...]:
        """What is written with each picture besides its layout, of `EXTRAS`."""
        ...

    @property
    def renderer_version(self) -> str:
        """Text that changes whenever the same settings would give other pictures."""
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
    """Render the samples of a range that are missing in `folder`.

    Can be interrupted at any time; the same call resumes. Several processes and machines may
    render into one folder at once; give each its own range to share the work.

    Args:
        folder: Created if it does not exist.
        pictures: The pictures to render.
        start: First index.
        stop: Last index + 1.
        layout: "face_synthetics" or "datagen".
        workers: Number of processes; None: `pictures.processes`.

    Returns:
        The manifest of the folder.

    Raises:
        InputError: An option is out of its range, the folder contains something else, or the disk
            is full.
    """
    check_range(start, stop)
    check_whole_number("workers", workers, 1, or_null=True)
    spec = Spec(
        recipe=pictures.settings,
        seed=pictures.seed,
        size=pictures.size,
        renderer=pictures.renderer_version,
        layout=layout,
        write=pictures.write,
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
        closing(make_each(pictures, place.write, missing, workers)) as rendered,
        tqdm(rendered, desc=title, unit="face", total=total, initial=done) as bar,
    ):
        for _ in bar:
            pass


def check_range(start: int, stop: int) -> None:
    """Check that a range of indices is not empty and within the limit of a folder."""
    check_whole_number("start", start, 0)
    check_whole_number("stop", stop, start + 1)
    if stop > MAX_SAMPLES:
        raise InputError(
            f"samples up to {stop:,} were requested; a folder can have at most {MAX_SAMPLES:,}"
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
    except OSError:  # the folder does not exist, so there is nothing to resume
        return ""
    return f"; {done:,} of {stop - start:,} samples are done; run the same command to resume"
