"""The real subset of a run: the photos that it may use."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from landmarks.data.decoding import IMAGE_SUFFIXES
from landmarks.data.files import expanded, read_text
from landmarks.errors import InputError


def check_n_real(n_real: object) -> None:
    """Refuse values that are neither a number of faces nor "all"."""
    if n_real != "all" and (type(n_real) is not int or n_real < 0):
        raise InputError(f"n_real is {n_real!r}; it must be a whole number from 0, or all")


def real_subset(groups: Sequence[str], n_real: int | str, seed: int) -> NDArray[np.intp]:
    """Indices of the faces that a run may use: nested for one seed, drawn photo by photo.

    The photos are put in a random order and their faces taken in this order. So the 50 faces of a
    seed are among its 100, and at most one photo is used in part.

    Args:
        groups: (N,) photo of each face of the real training set.
        n_real: Faces to draw, or "all".
        seed: Decides the order.

    Returns:
        (n_real,) indices, in the order drawn.

    Raises:
        InputError: More faces are asked for than there are.
    """
    check_n_real(n_real)
    count = len(groups) if n_real == "all" else int(n_real)
    if count > len(groups):
        raise InputError(
            f"n_real is {n_real!r}; it must be a whole number from 0 to {len(groups)}, the size of "
            "the real training set, or all"
        )
    photos, photo_of_face = np.unique(np.asarray(groups), return_inverse=True)
    rank = np.random.default_rng([seed, 0x5EED]).permutation(len(photos))
    return np.argsort(rank[photo_of_face], kind="stable")[:count]


def named_faces(names: Path, ids: Sequence[str]) -> NDArray[np.intp]:
    """Indices of the faces that a file names, in its order.

    Published protocols with few labels are lists of images. A name can be a face's id
    ("helen/trainset/30427236_2"), its path with the suffix of an image or of an annotation, or the
    last part of either where no other face has it. Empty lines and lines that start with "#" are
    skipped.

    Args:
        names: A text file with a name a line.
        ids: (N,) of the real training set.

    Raises:
        InputError: The file cannot be read, names a face twice or none at all, or a name belongs to
            no face or to several.
    """
    lines = read_text(expanded(names, "data.subset")).splitlines()
    by_name: dict[str, list[int]] = {}
    for i, id in enumerate(ids):
        for name in {id, PurePosixPath(id).name}:
            by_name.setdefault(name, []).append(i)
    found: dict[int, int] = {}
    for number, line in enumerate(lines, 1):
        name = line.strip().replace("\\", "/")
        if not name or name.startswith("#"):
            continue
        stem = PurePosixPath(name)
        if stem.suffix.lower() in (*IMAGE_SUFFIXES, ".pts"):
            stem = stem.with_suffix("")
        matches = by_name.get(str(stem)) or by_name.get(stem.name, [])
        if len(matches) != 1:
            problem = "several faces are called so" if matches else "no face is called so"
            raise InputError(
                f"{names}, line {number}: {name!r}: {problem}; ids of the real training set are "
                f"like {ids[0]!r}"
            )
        if matches[0] in found:
            raise InputError(
                f"{names}, line {number}: {name!r} is the face of line {found[matches[0]]} again"
            )
        found[matches[0]] = number
    if not found:
        raise InputError(f"{names}: names no face; write an id a line, like {ids[0]!r}")
    return np.array(list(found), np.intp)
