"""Read MATLAB's files of version 5 to 7.2, as far as tables of text and numbers need it.

`scipy.io.loadmat` trusts the types and sizes that a file states: a changed byte can crash the
process or fill its memory. Here nothing is read but slices of the file. The format: MathWorks,
"MAT-File Level 5 File Format".
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER = 128  # bytes, the last two of which tell the byte order

# Types of elements.
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"},
    **{16: "u1", 17: "u2", 18: "u4"},  # UTF-8, 16 and 32
}
_TEXT = {16: "utf-8", 2: "utf-8", 1: "utf-8", 17: "utf-16", 4: "utf-16", 18: "utf-32"}

# Classes of matrices.
_CELL, _STRUCT, _CHAR = 1, 2, 4
_NUMERIC = range(6, 16)

_DEEPEST = 8  # cells and structs within each other


def read_variables(content: bytes, largest: int) -> dict[str, Any]:
    """The variables of a file.

    Args:
        content: The file.
        largest: Bytes that a compressed variable may have.

    Returns:
        By name: text, an array of float64, or a list of the elements of a cell array or of an array
        of structs, each a mapping. None: of a class that is not read.

    Raises:
        ValueError: The file is damaged, or not of this format.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[_HEADER - 2 : _HEADER])
    if order is None:
        raise ValueError("no MATLAB file before version 7.3")
    found = {}
    for kind, element in _elements(content[_HEADER:], order):
        if kind == _COMPRESSED:
            kind, element = next(_elements(_unpacked(element, largest), order), (0, b""))
        if kind == _MATRIX:
            name, value = _matrix(element, order, _DEEPEST)
            found[name] = value
    return found


def _unpacked(element: bytes, largest: int) -> bytes:
    unpack = zlib.decompressobj()
    try:
        unpacked = unpack.decompress(element, largest)
    except zlib.error as error:
        raise ValueError(f"damaged: {error}") from None
    if unpack.unconsumed_tail:
        raise ValueError(f"a variable of more than {largest:,} bytes")
    return unpacked


def _elements(content: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and bytes of each element; small ones share eight bytes with their tag."""
    place = 0
    while place + 8 <= len(content):
        kind, size = struct.unpack_from(order + "II", content, place)
        if kind >> 16:
            kind, size, begin, end = kind & 0xFFFF, kind >> 16, place + 4, place + 8
        else:
            begin = place + 8
            end = begin + size + (0 if kind == _COMPRESSED else -size % 8)
        if begin + size > len(content):
            raise ValueError("cut short")
        yield kind, content[begin : begin + size]
        place = end


def _numbers(kind: int, element: bytes, order: str) -> NDArray[Any]:
    if kind not in _NUMBERS:
        raise ValueError(f"elements of type {kind}, not numbers")
    dtype = np.dtype(order + _NUMBERS[kind])
    return np.frombuffer(element[: len(element) // dtype.itemsize * dtype.itemsize], dtype)


@dataclass(frozen=True)
class _Reader:
    """The elements of a matrix, one after the other."""

    left: Iterator[tuple[int, bytes]]
    order: str

    def next(self) -> tuple[int, bytes]:
        element = next(self.left, None)
        if element is None:
            raise ValueError("cut short")
        return element

    def numbers(self) -> NDArray[Any]:
        return _numbers(*self.next(), self.order)


def _matrix(element: bytes, order: str, deepest: int) -> tuple[str, Any]:
    """Name and value of a matrix; empty ones may lack everything."""
    if not element:
        return "", np.empty(0)
    if not deepest:
        raise ValueError("too many cells within each other")
    parts = _Reader(_elements(element, order), order)
    flags, shape = parts.numbers(), parts.numbers()
    if not len(flags) or not len(shape):
        raise ValueError("a matrix without class or shape")
    name = parts.next()[1].decode("ascii", "replace")
    kind, count = int(flags[0]) & 0xFF, int(np.prod(shape.astype(object)))

    def inner(names: list[str]) -> Iterator[Any]:
        for _ in names:
            part, content = parts.next()
            if part != _MATRIX:
                raise ValueError(f"a cell of type {part}")
            yield _matrix(content, order, deepest - 1)[1]

    if kind == _CELL:
        return name, [value for _ in _few(count, element) for value in inner([""])]
    if kind == _STRUCT:
        width = parts.numbers()
        names = _names(parts.next()[1], int(width[0]) if len(width) else 0)
        few = _few(count, element)
        return name, [dict(zip(names, inner(names), strict=True)) for _ in few]
    if kind == _CHAR:
        return name, _text(*parts.next(), order)
    return name, parts.numbers().astype(np.float64) if kind in _NUMERIC else None


def _few(count: int, element: bytes) -> range:
    """As many as fit in the bytes of a matrix, at eight bytes each."""
    if not 0 <= count <= len(element) // 8:
        raise ValueError("more cells than bytes")
    return range(count)


def _names(content: bytes, width: int) -> list[str]:
    """Names of fields, each of `width` bytes and ended by a null byte."""
    if not 0 < width <= len(content) or len(content) > 64 * 64:
        raise ValueError("a struct without names")
    starts = range(0, len(content), width)
    return [content[i : i + width].partition(b"\0")[0].decode("ascii", "replace") for i in starts]


def _text(kind: int, element: bytes, order: str) -> str:
    if kind not in _TEXT:
        raise ValueError(f"text of type {kind}")
    name = _TEXT[kind]
    return element.decode(name if name == "utf-8" else f"{name}-{'lb'[order == '>']}e", "replace")
