"""From the numbers of an annotation file to source pixels.

Formats differ in the coordinate that they give to the centre of the top-left pixel, here called
`first_pixel`: 0.0, 0.5 or 1.0 as a rule. Everything after the reader counts it as (0, 0).
"""

import math
import reprlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError

Box = tuple[float, float, float, float]

# JSON has integers that no float can hold; NaN is not below it either.
_TOO_LARGE = 1e30


def finite_numbers(words: Iterable[str], where: str) -> list[float]:
    """`words` as numbers; `where` begins the message if one is not a finite number."""
    numbers = []
    for word in words:
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise InputError(f"{where}: {word[:40]!r} is not a finite number")
        numbers.append(number)
    return numbers


def number_list(values: object, where: str, count: int | None = None) -> list[float]:
    """A list of a JSON file, if it holds finite numbers alone.

    Args:
        values: Whatever the file has there.
        where: Begins the message if it is something else.
        count: How many numbers it must hold; None: any number of them.
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
        file: Begins the message if one holds something else.

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


def checked_box(box: Iterable[float], where: str) -> Box:
    """`box` as (x0, y0, x1, y1), the centres of its first and last pixels, if it has an extent."""
    x0, y0, x1, y1 = (float(value) for value in box)
    if not (x0 < x1 and y0 < y1 and all(map(math.isfinite, (x0, y0, x1, y1)))):
        raise InputError(
            f"{where}: face box from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}) has no extent"
        )
    return x0, y0, x1, y1


def check_first_pixel(first_pixel: float) -> None:
    """Refuse what is not a coordinate."""
    number = isinstance(first_pixel, int | float) and not isinstance(first_pixel, bool)
    if not number or not math.isfinite(first_pixel):
        raise InputError(
            f"first_pixel is {first_pixel!r}; expected the coordinate that the files give to the "
            "centre of the top-left pixel: 0.0, 0.5 or 1.0 as a rule"
        )


def first_pixel_note(first_pixel: float) -> str:
    """What was taken for the pixel origin, for the notes of readers that let one choose."""
    return f"centre of the top-left pixel: taken as ({first_pixel:g}, {first_pixel:g})"


def to_pixel_centres(points: NDArray[np.float64], first_pixel: float) -> NDArray[np.float32]:
    """(K, 2) coordinates of a file as source pixels, (0, 0) at the centre of the top-left pixel."""
    with np.errstate(over="ignore"):  # becomes infinite, which `FaceDataset` refuses
        return (points - first_pixel).astype(np.float32)


def from_pixel_centres(landmarks: NDArray[np.float32], first_pixel: float) -> NDArray[np.float64]:
    """The way back: (K, 2) source pixels as a file counts them."""
    return landmarks.astype(np.float64) + first_pixel
