"""Names of points in files of annotation tools, which say which landmark each is.

`landmarks predict` names points "jaw_00" to "inner_lip_67" (`LandmarkScheme.point_names`). Tools
may store points in another order, so readers go by the scheme's names, or by the number at the end.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from landmarks.data.labels import LabelRule
from landmarks.errors import InputError
from landmarks.scheme import LandmarkScheme

_NUMBER = re.compile(r"[0-9]{1,4}\Z")
_MOST = 1000


def trailing_number(name: object) -> int | None:
    """The number at the end of a name; None if there is none."""
    found = _NUMBER.search(name) if isinstance(name, str) else None
    return None if found is None else int(found[0])


def order_by_name(names: object, scheme: LandmarkScheme) -> NDArray[np.intp] | None:
    """The positions of a file's points in the order of the landmarks, by their names.

    Args:
        names: Of the file's points. They contain the scheme's own names, or each ends in a number.
        scheme: Of the landmarks.

    Returns:
        None if the names say nothing of the order.
    """
    if not isinstance(names, list):
        return None
    if set(scheme.point_names) <= {name for name in names if isinstance(name, str)}:
        return np.array([names.index(name) for name in scheme.point_names])
    numbers = [trailing_number(name) for name in names]
    if None in numbers or len(set(numbers)) < len(numbers):
        return None
    return np.argsort(np.array(numbers))


def placed_points(
    named: Sequence[tuple[object, tuple[float, float]]], first: int, rule: LabelRule, where: str
) -> NDArray[np.float64]:
    """Points by their names: those of the scheme, or with a number at the end.

    Args:
        named: Name, and x and y in the file's numbers, of each labelled point.
        first: Number of the first landmark: 0, or 1 if names count from 1.
        rule: Says how many points there are, and their names.
        where: The place in the file, for messages.

    Returns:
        (n, 2) in the file's numbers; NaN for points that are not labelled.

    Raises:
        InputError: A name has no number, one that is too small or large, or is there twice.
    """
    found: dict[int, tuple[float, float]] = {}
    own = {name: k + first for k, name in enumerate(rule.scheme.names)}
    for name, point in named:
        number = own.get(name) if isinstance(name, str) and name in own else trailing_number(name)
        if number is None or not 0 <= number - first < (rule.num_points or _MOST):
            raise InputError(
                f"{where}: point {name!r:.40}; expected {_expected(first, rule)}, such as "
                f"{rule.scheme.point_names[0]!r}"
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


def _expected(first: int, rule: LabelRule) -> str:
    if rule.scheme.names:
        return "the names of the scheme"
    return f"names that end in {first:02d} to {first + rule.scheme.num_landmarks - 1}"
