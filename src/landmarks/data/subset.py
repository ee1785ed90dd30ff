"""The real subset of a run: the photos that it may use."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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
