"""Names of points in files of annotation tools: the number at the end says which landmark it is.

`landmarks predict` names points "jaw_00" to "inner_lip_67" (`LandmarkScheme.point_names`). Tools
may store points in another order, so readers go by these numbers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from landmarks.data.labels import LabelRule
from landmarks.errors import InputError
from landmarks.scheme import IBUG68

_NUMBER = re.compile(r"[0-9]{1,4}\Z")
_MOST = 1000


def trailing_number(name: object) -> int | None:
    """The number at the end of a name; None if there is none."""
    found = _NUMBER.search(name) if isinstance(name, str) else None
    return None if found is None else int(found[0])


def order_by_number(names: object) -> NDArray[np.intp] | None:
    """The positions of names in the order of their numbers; None if not all have different ones."""
    if not isinstance(names, list):
        return None
    numbers = [trailing_number(name) for name in names]
    if None in numbers or len(set(numbers)) < len(numbers):
        return None
    return np.argsort(np.array(numbers))


def placed_points(
    named: Sequence[tuple[object, tuple[float, float]]], first: int, rule: LabelRule, where: str
) -> NDArray[np.float64]:
    """Points by the number at the end of their names.

    Args:
        named: Name, and x and y in the file's numbers, of each labelled point.
        first: Number of the first landmark: 0, or 1 if names count from 1.
        rule: Says how many points there are.
        where: The place in the file, for messages.

    Returns:
        (n, 2) in the file's numbers; NaN for points that are not labelled.

    Raises:
        InputError: A name has no number, one that is too small or large, or is there twice.
    """
    found: dict[int, tuple[float, float]] = {}
    for name, point in named:
        number = trailing_number(name)
        if number is None or not 0 <= number - first < (rule.num_points or _MOST):
            raise InputError(
                f"{where}: point {name!r:.40}; expected names that end in {_expected(first)}, such "
                f"as {IBUG68.point_names[0]!r}"
            )
        if number - first in found:
            raise InputError(
                f"{where}: two points {name!r:.40}; expected one of each for a face, so remove one"
            )
        found[number - first] = point
    points = np.full((rule.num_points or max(found) + 1, 2), np.nan)
    points[list(found)] = list(found.values())
    return points


def skipped(counts: Mapping[str, int]) -> Iterator[str]:
    """A note for each kind of entry that a reader skipped."""
    yield from (f"{what}: {n:,} skipped" for what, n in counts.items() if n)


def _expected(first: int) -> str:
    return f"{first:02d} to {first + IBUG68.num_landmarks - 1}"
