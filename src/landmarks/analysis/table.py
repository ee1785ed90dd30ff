"""Table: cells as text, written the same way everywhere."""

import csv
import io
from dataclasses import dataclass

# Whose numbers a row holds, where some are the article's.
OURS, ARTICLE = "this study", "article"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells as text.

    Attributes:
        name: File name without suffix.
        title: For people.
        header: Names of the columns.
        rows: As many cells as the header.
        note: What a reader must know.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def csv(self) -> str:
        """As a CSV file."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.header, *self.rows])
        return text.getvalue()

    def markdown(self) -> str:
        """As a Markdown file."""
        cells = [self.header, *self.rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.header))]
        lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join(
            [f"### {self.title}", "", *lines, *(["", self.note] * bool(self.note)), ""]
        )
