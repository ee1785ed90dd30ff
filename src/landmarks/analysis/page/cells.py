"""Cells: which columns of a table hold numbers, which hold words, which rows are the article's."""

import re

from landmarks.analysis.table import ARTICLE, Table

NUMBER = re.compile(r"-|[<>]? ?-?[\d,]+(\.\d+)?( \[.*\])?")
LONG_CELL = 30  # characters; a column with a longer one is wrapped
LONG_NAME = 14  # the same for names of columns


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
