"""Tables of what was run: the data, the numbers of Figure 4, labels used, runs and cost."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from landmarks.analysis.comparisons import LEVEL
from landmarks.analysis.contrasts import mean_error
from landmarks.analysis.cost import Cost
from landmarks.analysis.study import Study
from landmarks.analysis.styles import region_label, style_of

OURS, ARTICLE = "this study", "article"  # where the numbers of a row are from

# Datagen, 2022, Table 1.
ARTICLE_TABLE1 = (
    ("synthetic", "DGFaces (Datagen)", "10,000"),
    ("synthetic", "Microsoft FaceSynthetics", "100,000, 10,000 used"),
    ("real", "300-W Train", "6,296"),
    ("test", "300-W Common", "1,108"),
)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with text in its cells.

    Attributes:
        name: File name without suffix.
        title: For people.
        header: Names of the columns.
        rows: Each with as many cells as the header.
        note: How to read it; may be empty.
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


def table_of(name: str, title: str, rows: Iterable[Mapping[str, object]], note: str = "") -> Table:
    """A table from rows by column; the first row names the columns.

    Args:
        name: File name without suffix.
        title: For people.
        rows: With the same keys, in the same order.
        note: How to read it.
    """
    rows = list(rows)
    return Table(
        name=name,
        title=title,
        header=tuple(rows[0]) if rows else (),
        rows=tuple(tuple(str(cell) for cell in row.values()) for row in rows),
        note=note,
    )


def data_table(study: Study) -> Table:
    """The datasets, next to the article's."""
    used = [(role, one) for run in study.runs for role, one in run.result.data.items()]
    ours = dict.fromkeys((role, one["name"], f"{one['faces']:,}") for role, one in used)
    order = ("synthetic", "real", "unlabelled", "test")
    rows = [(*row, OURS) for row in sorted(ours, key=lambda row: order.index(row[0]))]
    rows += [(*row, ARTICLE) for row in ARTICLE_TABLE1]
    notes = (f"{one['name']}: {'; '.join(one['notes'])}." for _, one in used if one["notes"])
    return Table(
        name="table1",
        title="Table 1. Data",
        header=("role", "set", "faces", "source"),
        rows=tuple(rows),
        note=" ".join(dict.fromkeys(notes)),
    )


def figure4_table(study: Study) -> Table:
    """The numbers of Figure 4, with every region."""
    regions = [name for name in study.runs[0].errors if name != "all"]
    rows = []
    for cell, runs in study.by_cell.items():
        value, low, high = (f"{part:.2f}" for part in mean_error(study, cell, LEVEL).percent)
        labels = sorted({run.result.ledger["total"] for run in runs.values()})
        errors = {
            region_label(name): f"{100 * mean_error(study, cell, LEVEL, name).value:.2f}"
            for name in regions
        }
        rows.append(
            {
                "strategy": style_of(cell[0]).label,
                "n_real": cell[1],
                "real labels": "/".join(map(str, labels)),
                "NME": value,
                "low": low,
                "high": high,
                **errors,
                "seeds": " ".join(map(str, runs)),
            }
        )
    return table_of(
        "figure4",
        "Figure 4 in numbers, NME %",
        rows,
        "NME: geometric mean over seeds; low to high: 95 % interval over seeds and test photos, or "
        "over photos only with one seed.",
    )


def ledger_table(study: Study) -> Table:
    """The real labels that each run used, and for what."""
    parts = ("n_real", "photos", "training", "adapter", "validation", "total", "unlabelled")
    return table_of(
        "ledger",
        "Ledger: real faces whose labels a run used",
        (
            {
                "strategy": style_of(run.result.strategy).label,
                "seed": run.result.seed,
                **{part: run.result.ledger.get(part, 0) for part in parts},
                "test faces on a training photo": run.result.shared_photos,
            }
            for run in study.runs
        ),
        "total counts each face once, even if it was used for several purposes; unlabelled: "
        "faces on photos that were used without labels.",
    )


def runs_table(study: Study) -> Table:
    """Every run and its folder."""
    return table_of(
        "runs",
        "Runs",
        (
            {
                "strategy": style_of(run.result.strategy).label,
                "n_real": run.result.n_real,
                "seed": run.result.seed,
                "NME %": f"{100 * run.nme:.3f}{' (diverged)' * run.result.diverged}",
                "steps": run.result.optimiser_steps,
                "fingerprint": run.result.fingerprint,
                "folder": run.directory.relative_to(study.folder).as_posix(),
            }
            for run in study.runs
        ),
        "Each folder contains config.yaml, run.log, result.json and predictions.npz.",
    )


def cost_table(cost: Cost) -> Table:
    """What training took, and what it would have taken without shared steps."""
    partial = " Some steps were interrupted; only their last part was timed."
    return Table(
        name="cost",
        title="Cost",
        header=("", "optimiser steps", "hours"),
        rows=(
            ("shared steps computed once", f"{cost.steps:,}", f"{cost.hours:.2f}"),
            ("every run on its own", f"{cost.naive_steps:,}", f"{cost.naive_hours:.2f}"),
        ),
        note="Wall-clock hours of training and adapter fits." + partial * cost.is_partial,
    )
