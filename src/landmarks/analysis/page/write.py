"""The report page: everything a study says in one file that needs neither server nor network."""

import base64
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from landmarks.analysis.captions import BAND, dots, level_of, no_interval, one_seed
from landmarks.analysis.faces import FaceSheet
from landmarks.analysis.findings import Findings
from landmarks.analysis.insights import COMBINED, LEVEL
from landmarks.analysis.page.cells import LONG_NAME, article_rows, numeric, unbroken, wordy
from landmarks.analysis.page.marks import marks
from landmarks.analysis.page.mean_face import draw_mean_face
from landmarks.analysis.page.plots import plot_data
from landmarks.analysis.page.tables import cost_table, parts_table
from landmarks.analysis.setting import NOT_PHOTOGRAPHS

STYLE = ("page.css",)
SCRIPTS = ("plots.js", "figure4.js", "figures.js")  # in the order in which they are run
EXCHANGE = "exchange"  # the table that the page is about
RECORDS = ("ledger", "runs")  # tables that belong to the end of the page
LONG_TABLE = 16  # rows; longer ones are folded


def write_page(
    findings: Findings,
    path: Path,
    *,
    how_to_repeat: Sequence[str],
    faces: Sequence[FaceSheet] = (),
) -> None:
    """Write the report as one HTML file; the same findings give the same bytes.

    Args:
        findings: Of a study.
        path: Of the file; its folder exists.
        how_to_repeat: Commands that make the study and this page again.
        faces: Pictures of faces; without any, the page has no such part.
    """
    text = page(findings, how_to_repeat=how_to_repeat, faces=faces)
    path.write_text(text, encoding="utf-8", newline="\n")


def page(findings: Findings, *, how_to_repeat: Sequence[str], faces: Sequence[FaceSheet]) -> str:
    """The text of `write_page`'s file."""
    environment = Environment(
        loader=PackageLoader("landmarks.analysis", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Strategies and regions come in an order that means something.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.globals.update(numeric=numeric, wordy=wordy, article_rows=article_rows)
    environment.globals.update(unbroken=unbroken, level_of=level_of, no_interval=no_interval)
    curves = findings.curves["all"]
    points = [point for curve in curves.values() for point in curve]
    shown = marks(tuple(curves))
    compared = {one.strategy for one in findings.comparisons if one.lower is not None}
    found = findings.attribution
    tables = [table for table in findings.tables if table.rows]
    return environment.get_template("page.html.j2").render(
        findings=findings,
        notice=NOT_PHOTOGRAPHS,
        marks=shown,
        combined=[mark for mark in shown if mark.name in compared & set(COMBINED)],
        compared=[mark for mark in shown if mark.name in compared],
        data=plot_data(findings, shown),
        gaps=[one for one in findings.comparisons if one.strategy in COMBINED],
        exchange=next((table for table in tables if table.name == EXCHANGE), None),
        tables=[table for table in tables if table.name not in (EXCHANGE, *RECORDS)],
        records=[table for table in tables if table.name in RECORDS],
        level=f"{100 * LEVEL:g}",
        band=BAND,
        dots=dots(points),
        one_seed=one_seed(points),
        long_table=LONG_TABLE,
        long_name=LONG_NAME,
        mean_face=None if found is None else draw_mean_face(found),
        parts=None if found is None else parts_table(found),
        cost=cost_table(findings.cost),
        faces=[(data_uri(sheet.png), sheet.caption) for sheet in faces],
        how_to_repeat=how_to_repeat,
        plotly=get_plotlyjs(),
        style=_own(STYLE),
        scripts=_own(SCRIPTS),
    )


def data_uri(png: bytes) -> str:
    """A picture inside an address."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _own(names: Sequence[str]) -> str:
    folder = files("landmarks.analysis.page")
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
