"""Cells: what columns and rows of a table hold, and where their text must not be broken."""

import re

from landmarks.analysis.table import ARTICLE, Table

NUMBER = re.compile(r"-|[<>]? ?-?[\d,]+(\.\d+)?( \[.*\])?")
LONG_CELL = 30  # characters; a column with a longer one is wrapped
LONG_NAME = 14  # the same for names of columns
# What stands in brackets, such as an interval, and a per cent sign with its number.
TOGETHER = re.compile(r"\[[^\[\]]{,24}\]| %")


def numeric(table: Table) -> frozenset[int]:
    """The columns that hold numbers: right-aligned, so that digits stand below each other."""
    columns = enumerate(zip(*table.rows, strict=True))
    return frozenset(i for i, cells in columns if all(NUMBER.fullmatch(cell) for cell in cells))


def wordy(table: Table) -> frozenset[int]:
    """The columns that hold words enough for several lines."""
    columns = enumerate(zip(*table.rows, strict=True))
    return frozenset(i for i, cells in columns if max(map(len, cells)) > LONG_CELL)


def article_rows(table: Table) -> frozenset[tuple[str, ...]]:
    """The rows that are not of this study."""
    return frozenset(row for row in table.rows if "source" in table.header and row[-1] == ARTICLE)


def unbroken(text: str) -> str:
    """The same with spaces that end no line where the parts belong together."""
    return TOGETHER.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
