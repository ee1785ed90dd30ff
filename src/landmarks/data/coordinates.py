"""Numbers in annotation files.

Formats differ in the coordinate that they give to the centre of the top-left pixel, here called
`first_pixel`: usually 0.0, 0.5 or 1.0. Everything after the reader counts it as (0, 0).
"""

import math
import reprlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError

Box = tuple[float, float, float, float]

# Sums and products of coordinates overflow long before the largest float. JSON has integers that
# are too large for one; NaN is not below this either.
_TOO_LARGE = 1e30


def finite_numbers(texts: Iterable[str], where: str) -> list[float]:
    """Texts as numbers; `where` begins the message if one is not a finite number."""
    numbers = []
    for text in texts:
        try:
            number = math.nan if "_" in text else float(text)  # which takes 1_0 for 10
        except ValueError:
            number = math.nan
        if not abs(number) < _TOO_LARGE:
            raise InputError(f"{where}: {text[:40]!r} is not a finite number below {_TOO_LARGE:g}")
        numbers.append(number)
    return numbers


def number_list(values: object, where: str, count: int | None = None) -> list[float]:
    """A list from a JSON file, refused unless all its values are finite numbers.

    Args:
        values: The value in the file.
        where: The place in the file, for messages.
        count: Expected number of values; None: any number.
    """
    if (
        not isinstance(values, list)
        or (count is not None and len(values) != count)
        or not all(type(value) in (int, float) and abs(value) < _TOO_LARGE for value in values)
    ):
        amount = "a flat list of" if count is None else f"{count}"
        raise InputError(f"{where} is {reprlib.repr(values)}; expected {amount} finite numbers")
    return [float(value) for value in values]


def points_of_lines(lines: Iterable[tuple[int, str]], file: str) -> NDArray[np.float64]:
    """Lines `x y` as points.

    Args:
        lines: Each with its number in the file.
        file: Its name, for messages.

    Returns:
        (number of lines, 2) in the file's numbers.
    """
    points = []
    for number, line in lines:
        where = f"{file}, line {number}"
        numbers = finite_numbers(line.split(), where)
        if len(numbers) != 2:
            raise InputError(f"{where}: {len(numbers)} numbers; expected 2, x and y")
        points.append(numbers)
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def check_first_pixel(first_pixel: float) -> None:
    """Refuse a value that is not a finite number."""
    number = isinstance(first_pixel, int | float) and not isinstance(first_pixel, bool)
    if not number or not math.isfinite(first_pixel):
        raise InputError(
            f"first_pixel is {first_pixel!r}; expected the coordinate that the files give to the "
            "centre of the top-left pixel, usually 0.0, 0.5 or 1.0"
        )


def first_pixel_note(first_pixel: float) -> str:
    """The pixel origin that was used, for the notes of a dataset."""
    return f"centre of the top-left pixel: taken as ({first_pixel:g}, {first_pixel:g})"


def from_pixel_centres(landmarks: NDArray[np.float32], first_pixel: float) -> NDArray[np.float64]:
    """(K, 2) source pixels in the numbers of a file."""
    return landmarks.astype(np.float64) + first_pixel
