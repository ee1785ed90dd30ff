"""The folder `report` of a study: numbers, tables, figures and the page."""

import json
import shlex
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from landmarks.analysis.exchange import Exchange
from landmarks.analysis.findings import Findings, find
from landmarks.analysis.page.page import FaceSheet, write_page
from landmarks.analysis.paper.figures import write_figures
from landmarks.analysis.study import BASELINE, Cell, Study, StudyRun
from landmarks.analysis.styles import style_of
from landmarks.data.files import FACE_BYTES, read_text
from landmarks.errors import InputError
from landmarks.experiment.results import write_json

REPORT = "report"
PAGE = "report.html"
NUMBERS = "report.json"
TABLES, FIGURES = "tables", "figures"
FACES = "faces.png"  # `landmarks.inference.pictures` draws it at the end of a run
DRAWING = ("matplotlib", "plotly")  # with the same versions, a report is reproduced byte by byte


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """The options of a report.

    Attributes:
        folder: Of the study, as the commands on the page name it.
        labelling_cost: Price of the label of one face, in any currency; None leaves money out.
        photos: Whether to show test photos; rendered faces are always shown.
    """

    folder: str
    labelling_cost: float | None = None
    photos: bool = False

    def __post_init__(self) -> None:
        """Check the types and the price.

        Raises:
            InputError: The folder is not text, or the price is not a positive number.
        """
        if not isinstance(self.folder, str):
            raise InputError(f"the folder of a report is {self.folder!r}; it must be text")
        cost = self.labelling_cost
        if cost is not None and (not isinstance(cost, int | float) or not 0 < cost < 1e9):
            raise InputError(f"labelling cost is {cost!r}; it must be a number above 0")


def relative_to_here(folder: Path) -> str:
    """A folder as a command in the working directory names it."""
    here = Path.cwd()
    is_below = folder.is_absolute() and folder.is_relative_to(here)
    return (folder.relative_to(here) if is_below else folder).as_posix()


def drawn_with() -> dict[str, str]:
    """Versions of the packages that draw the figures and the page."""
    return {name: version(name) for name in DRAWING}


def write_report(study: Study, out: Path, options: ReportOptions) -> Findings:
    """Write numbers, tables, figures and the page of a study, replacing an old report.

    Args:
        study: Finished runs.
        out: Folder of the report; it is replaced as a whole once everything is written.
        options: See `ReportOptions`.

    Raises:
        InputError: Photos are to be shown, and a picture is missing or not a PNG file.
    """
    findings = find(study, options.labelling_cost)
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / TABLES).mkdir(parents=True)
    numbers = {
        "options": asdict(options),
        "drawn_with": drawn_with(),
        "findings": findings.record(),
    }
    write_json(partial / NUMBERS, numbers)
    for table in findings.tables:
        (partial / TABLES / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8")
        (partial / TABLES / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
    write_figures(findings, partial / FIGURES)
    write_page(
        findings,
        partial / PAGE,
        commands=commands(options),
        faces=face_sheets(study, findings.headline, photos=options.photos),
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


def commands(options: ReportOptions) -> tuple[str, ...]:
    """Shell commands that reproduce a study and its report, for the folder it was made in.

    The arguments of the sweep are not stored, but each run stores its complete configuration.
    """
    folder = shlex.quote(options.folder)
    cost = options.labelling_cost
    price = "" if cost is None else f" --labelling-cost {cost:g}"
    return (
        f"find {folder} -name config.yaml | while read -r config; do\n"
        '  landmarks train --config-path "$(realpath "$(dirname "$config")")" \\\n'
        "    --config-name config hydra/job_logging=stdout hydra.output_subdir=null \\\n"
        "    hydra.run.dir=. < /dev/null\n"
        "done",
        f"landmarks report {folder}{price}{' --photos' * options.photos}",
        f"landmarks verify {folder}",
    )


def face_sheets(study: Study, headline: Exchange | None, photos: bool) -> tuple[FaceSheet, ...]:
    """Test faces of the headline's strategy and of `real_only` at its size, first common seed.

    Args:
        study: Finished runs.
        headline: Whose faces to show; None shows those of the study's last run.
        photos: Whether to show photographs. They are left out by default, because whoever shares
            the report shares the faces of people.

    Raises:
        InputError: `photos` is set and a run has no picture, or a picture is not a PNG file.
    """
    if not study.rendered_test and not photos:
        return ()
    found = []
    for run in _shown_runs(study, headline):
        path = run.directory / FACES
        if path.exists():
            found.append(FaceSheet(caption=_caption(study, run), png=path.read_bytes()))
        elif photos:
            raise InputError(f"{path}: no such file; run it again, or leave out --photos")
    return tuple(found)


def _shown_runs(study: Study, headline: Exchange | None) -> tuple[StudyRun, ...]:
    if headline is None:
        return study.runs[-1:]
    cells: list[Cell] = [(headline.strategy, headline.n_real), (BASELINE, headline.n_real)]
    seeds = study.seeds(cells)
    if not seeds:  # real only was not run at this size
        cells, seeds = cells[:1], study.seeds(cells[:1])
    return tuple(study.by_cell[cell][seeds[0]] for cell in cells)


def _caption(study: Study, run: StudyRun) -> str:
    result = run.result
    kind = "drawn or rendered faces" if study.rendered_test else "photographs"
    return (
        f"{style_of(result.strategy).opening}, {result.n_real:,} real faces, seed {result.seed}: "
        f"predicted and labelled landmarks of test faces, {kind}, from the best to the worst. "
        f"Mean NME of all {len(study.photos):,} test faces: {100 * run.nme:.2f} %."
    )


def read_numbers(report: Path) -> dict[str, Any]:
    """The contents of `report.json`: "options", "drawn_with" and "findings".

    Raises:
        InputError: There is no report, or its numbers cannot be read.
    """
    path = report / NUMBERS
    if not path.exists():
        raise InputError(f"{path}: no such file; write it with: landmarks report {report.parent}")
    text = read_text(path, FACE_BYTES)
    try:
        stored: dict[str, Any] = json.loads(text, object_pairs_hook=_without_repeats)
        ReportOptions(**stored["options"])
        if not isinstance(stored["drawn_with"], dict):
            raise TypeError("drawn_with is not a mapping of versions")
        return stored
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: not the numbers of a report ({error}); write it again") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; repeated names are refused because readers disagree on which one counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a name is repeated among {', '.join(found)}")
    return found
