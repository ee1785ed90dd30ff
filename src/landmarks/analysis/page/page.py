"""The report as one HTML file that needs neither a server nor a network connection."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from landmarks.analysis.comparisons import LEVEL
from landmarks.analysis.error_curves import BAND, marker_notes
from landmarks.analysis.findings import Findings
from landmarks.analysis.page.figures import cumulative_figure, mean_face_figure
from landmarks.analysis.page.menus import figures_over_sizes, menus
from landmarks.analysis.sentences import level_of, missing_intervals
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.study import COMBINED
from landmarks.analysis.styles import region_label
from landmarks.analysis.tables import ARTICLE, Table
from landmarks.errors import InputError

PNG = b"\x89PNG\r\n\x1a\n"  # the first bytes of such a file
SECTIONS = ("exchange", "attribution", "cost")  # tables with a section of their own
RECORDS = ("ledger", "runs")  # tables at the end of the page
NUMBER = re.compile(r"-|[<>]? ?-?[\d,]+(\.\d+)?( \[.*\])?")
# Not to be split over two lines: an interval in brackets, a number and its per cent sign.
TOGETHER = re.compile(r"\[[^\[\]]{,24}\]| %")


@dataclass(frozen=True, kw_only=True)
class FaceSheet:
    """A picture of test faces.

    Attributes:
        caption: For people.
        png: Contents of a PNG file.
    """

    caption: str
    png: bytes

    def __post_init__(self) -> None:
        """Refuse a file that a browser would show as a broken picture."""
        if not self.png.startswith(PNG):
            raise InputError(
                f"{self.caption!r} is not a PNG file: it starts with {self.png[:8]!r}; run it again"
            )

    @property
    def address(self) -> str:
        """The picture as the address of an `<img>`."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


def write_page(
    findings: Findings, path: Path, *, commands: Sequence[str], faces: Sequence[FaceSheet] = ()
) -> None:
    """Write the report as one HTML file; the same findings give the same bytes.

    Args:
        findings: Of a study.
        path: Of the file; its folder exists.
        commands: Shell commands that reproduce the study and this page.
        faces: Pictures of test faces; without any, the page has no such section.
    """
    environment = Environment(
        loader=PackageLoader("landmarks.analysis", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(unbroken=unbroken, numeric=numeric_columns, html=figure_html)
    combined = [one for one in findings.comparisons if one.strategy in COMBINED]
    tables = {table.name: table for table in findings.tables}
    text = environment.get_template("page.html.j2").render(
        findings=findings,
        figures=_figures(findings),
        menus=menus(findings),
        regions={
            f"region-{i}": region_label(name)
            for i, name in enumerate(findings.curves)
            if name != "all"
        },
        tables=tables,
        others=[one for one in tables.values() if one.name not in (*SECTIONS, *RECORDS)],
        records=[tables[name] for name in RECORDS],
        article=ARTICLE,
        notice=NOT_PHOTOGRAPHS,
        level=f"{100 * LEVEL:g}",
        level_of=level_of,
        band=BAND,
        marker_notes=marker_notes(findings.points),
        missing=missing_intervals(findings.comparisons),
        missing_combined=missing_intervals(combined),
        faces=faces,
        commands=commands,
        style=(files("landmarks.analysis.page") / "page.css").read_text(encoding="utf-8"),
        plotly=get_plotlyjs(),
    )
    path.write_text(text, encoding="utf-8", newline="\n")


def _figures(findings: Findings) -> Mapping[str, go.Figure]:
    """Every figure of the page, by the id of its element."""
    figures = figures_over_sizes(findings)
    if findings.cumulative:
        figures["cumulative"] = cumulative_figure(findings)
    if findings.attribution is not None:
        figures["mean-face"] = mean_face_figure(findings.attribution)
    return figures


def figure_html(figure: go.Figure, name: str) -> str:
    """A figure as an element with an id; its only button saves it as SVG."""
    text: str = figure.to_html(
        include_plotlyjs=False,
        full_html=False,
        div_id=name,
        config={
            "responsive": True,
            "displaylogo": False,
            # Always or never, and not only below a mouse.
            "displayModeBar": figure.layout.showlegend is not False,
            "doubleClick": False,
            "modeBarButtons": [["toImage"]],
            "toImageButtonOptions": {"format": "svg", "filename": name},
        },
    )
    return text


def numeric_columns(table: Table) -> frozenset[int]:
    """The columns that contain only numbers, which are aligned at the right."""
    columns = enumerate(zip(*table.rows, strict=True))
    return frozenset(i for i, cells in columns if all(NUMBER.fullmatch(cell) for cell in cells))


def unbroken(text: str) -> str:
    """A text with no-break spaces inside intervals and before per cent signs."""
    return TOGETHER.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
