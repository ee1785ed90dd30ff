"""Reporting: the folder `report` of a study, written whole from its findings."""

import json
import shlex
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from landmarks.analysis.faces import sheets
from landmarks.analysis.findings import Findings, find
from landmarks.analysis.page.write import write_page
from landmarks.analysis.paper.figures import write_figures
from landmarks.analysis.study import Study
from landmarks.errors import InputError
from landmarks.experiment.results import write_json

REPORT = "report"
PAGE = "report.html"
NUMBERS = "report.json"
TABLES, FIGURES = "tables", "figures"
DRAWING = ("matplotlib", "plotly")  # the same findings are the same bytes with the same versions


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What a reader may ask of a report.

    Attributes:
        folder: Of the study, as the commands of the page name it.
        labelling_cost: Of the label of one face, in any currency; None leaves money out.
        photos: Whether to show test photos; rendered faces are always shown.
    """

    folder: str
    labelling_cost: float | None = None
    photos: bool = False

    def __post_init__(self) -> None:
        """Refuse a folder that is no text, and a price that is none."""
        if not isinstance(self.folder, str):
            raise InputError(f"the folder of a report is {self.folder!r}; it must be text")
        cost = self.labelling_cost
        if cost is not None and (not isinstance(cost, int | float) or not 0 < cost < 1e9):
            raise InputError(f"labelling cost is {cost!r}; it must be a number above 0")


def named_from_here(folder: Path) -> str:
    """A folder as a command in the working directory names it."""
    here = Path.cwd()
    is_below = folder.is_absolute() and folder.is_relative_to(here)
    return (folder.relative_to(here) if is_below else folder).as_posix()


def drawn_with() -> dict[str, str]:
    """Versions of what draws the figures and the page."""
    return {name: version(name) for name in DRAWING}


def write_report(study: Study, out: Path, options: ReportOptions) -> Findings:
    """Write numbers, tables, figures and the page of a study; a report that was there goes.

    Args:
        study: Finished runs.
        out: Folder; there is the old report or the new one, never a part.
        options: See there.
    """
    findings = find(study, options.labelling_cost)
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / TABLES).mkdir(parents=True)
    write_json(
        partial / NUMBERS,
        {
            "options": asdict(options),
            "drawn_with": drawn_with(),
            "findings": findings.record(),
        },
    )
    for table in findings.tables:
        (partial / TABLES / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8")
        (partial / TABLES / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
    write_figures(findings, partial / FIGURES)
    write_page(
        findings,
        partial / PAGE,
        how_to_repeat=how_to_repeat(options),
        faces=sheets(study, findings.headline, photos=options.photos),
    )
    if out.exists():
        old = out.with_name(f"{out.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        out.rename(old)
        partial.rename(out)
        shutil.rmtree(old)
    else:
        partial.rename(out)
    return findings


def how_to_repeat(options: ReportOptions) -> tuple[str, ...]:
    """The commands that make a study and its report again, in the folder it was made from.

    The words of the sweep are stored nowhere, but each run holds its whole YAML.
    """
    folder = shlex.quote(options.folder)
    return (
        f"find {folder} -name config.yaml | while read -r config; do\n"
        '  python -m landmarks.train --config-path "$(realpath "$(dirname "$config")")" \\\n'
        "    --config-name config hydra/job_logging=stdout hydra.output_subdir=null \\\n"
        "    hydra.run.dir=. < /dev/null\n"
        "done",
        f"landmarks report {folder}{_words(options)}",
        f"landmarks verify {folder}",
    )


def _words(options: ReportOptions) -> str:
    """The options as on the command line."""
    cost = options.labelling_cost
    price = "" if cost is None else f" --labelling-cost {cost:g}"
    return f"{price}{' --photos' if options.photos else ''}"


def read_numbers(report: Path) -> dict[str, Any]:
    """All that `report.json` holds: "options", "drawn_with" and "findings".

    Raises:
        InputError: There is no report, or its numbers cannot be read.
    """
    path = report / NUMBERS
    try:
        stored: dict[str, Any] = json.loads(path.read_text(), object_pairs_hook=_once)
        ReportOptions(**stored["options"])
        if not isinstance(stored["drawn_with"], dict):
            raise TypeError("drawn_with holds no versions by name")
        return stored
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; write it with: landmarks report {report.parent}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the numbers of a report ({error}); write it again") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, whose names must differ: of two alike, readers disagree which counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a name stands twice among {', '.join(found)}")
    return found
