"""Reporting: the folder `report` of a study, written whole from its findings."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from landmarks.analysis.faces import sheets
from landmarks.analysis.figures import write_figures
from landmarks.analysis.findings import Findings, find
from landmarks.analysis.page.write import write_page
from landmarks.analysis.study import Study
from landmarks.errors import InputError
from landmarks.results import write_json

REPORT = "report"
PAGE = "report.html"
NUMBERS = "report.json"


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What a reader may ask of a report.

    Attributes:
        labelling_cost: Of one photo, in any currency; None leaves money out.
        photos: Whether to show test photos; rendered faces are always shown.
    """

    labelling_cost: float | None = None
    photos: bool = False

    def __post_init__(self) -> None:
        """Refuse a price that is none."""
        cost = self.labelling_cost
        if cost is not None and (not isinstance(cost, int | float) or not 0 < cost < 1e9):
            raise InputError(f"labelling cost is {cost!r}; it must be a number above 0")


def write_report(study: Study, out: Path, options: ReportOptions) -> Findings:
    """Write numbers, tables, figures and the page of a study; a report that was there goes.

    Args:
        study: Finished runs.
        out: Folder; there is either the old report or the new one, never a part.
        options: See there.
    """
    findings = find(study, options.labelling_cost)
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "tables").mkdir(parents=True)
    (partial / "figures").mkdir()
    write_json(partial / NUMBERS, {"options": asdict(options), "findings": findings.record()})
    for table in findings.tables:
        (partial / "tables" / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8")
        (partial / "tables" / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
    write_figures(findings, partial / "figures")
    name = study.folder.resolve().name
    write_page(
        findings,
        partial / PAGE,
        how_to_repeat=(
            f"python -m landmarks.report {name}{_words(options)}",
            f"python -m landmarks.verify {name}",
        ),
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


def _words(options: ReportOptions) -> str:
    """The options as on the command line."""
    cost = options.labelling_cost
    price = "" if cost is None else f" --labelling-cost {cost:g}"
    return f"{price}{' --photos' if options.photos else ''}"


def read_options(report: Path) -> ReportOptions:
    """The options that a report was written with.

    Raises:
        InputError: There is no report, or its numbers cannot be read.
    """
    path = report / NUMBERS
    try:
        return ReportOptions(**json.loads(path.read_text())["options"])
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; write it with: python -m landmarks.report {report.parent}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the numbers of a report ({error}); write it again") from None
