"""Recompute every number of a study and its report from the stored predictions, and compare."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from landmarks.analysis.report import (
    FIGURES,
    NUMBERS,
    PAGE,
    REPORT,
    ReportOptions,
    drawn_with,
    read_numbers,
    write_report,
)
from landmarks.analysis.study import Study, read_study
from landmarks.analysis.verification.config import config_differences
from landmarks.analysis.verification.runs import compare, ledger_differences, record_differences

# What is skipped if another version of a package drew the report.
SKIPPED = {"matplotlib": FIGURES, "plotly": f"the plots of {PAGE}"}


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The outcome of a verification.

    Attributes:
        runs: Number of runs.
        files: Number of files of the report that were recomputed and compared.
        differences: Each place where a stored value is not the one the predictions give.
        skipped: What could not be compared here, in sentences.
    """

    runs: int
    files: int
    differences: tuple[str, ...]
    skipped: tuple[str, ...]


def verify(folder: Path) -> Verification:
    """Recompute everything, and compare.

    Args:
        folder: Of a study with its report.

    Raises:
        InputError: There are no runs, no report, or a file cannot be read.
    """
    study = read_study(folder)
    stored = folder / REPORT
    numbers = read_numbers(stored)
    tools, here = numbers["drawn_with"], drawn_with()
    others = [name for name in here if tools.get(name) != here[name]]
    found = list(run_differences(study))
    with TemporaryDirectory() as temporary:
        fresh = Path(temporary) / REPORT
        write_report(study, fresh, ReportOptions(**numbers["options"]))
        computed = read_numbers(fresh)
        if others:
            computed["drawn_with"] = tools  # reported as skipped
        found += (f"{stored / NUMBERS}: {what}" for what in compare(numbers, computed, ""))
        entries = _entries(fresh)
        names = [name for name in entries if (fresh / name).is_file() and name != Path(NUMBERS)]
        for name in names:
            found += _file_differences(stored / name, fresh / name, others)
        found += (
            f"{stored / name}: not a file of this report"
            for name in _entries(stored)
            if name not in entries
        )
    return Verification(
        runs=len(study.runs),
        files=1 + len(names),
        differences=tuple(found),
        skipped=tuple(
            f"{stored}: skipped {SKIPPED[name]}, drawn with {name} {tools.get(name)} (installed: "
            f"{here[name]})"
            for name in others
        ),
    )


def run_differences(study: Study) -> Iterator[str]:
    """Each place where the files of the runs do not agree."""
    for run in study.runs:
        yield from record_differences(run)
        yield from config_differences(run)
    yield from ledger_differences(study)


def _entries(report: Path) -> list[Path]:
    """Everything in the folder of a report, relative to it."""
    return sorted(path.relative_to(report) for path in report.rglob("*"))


def _file_differences(stored: Path, fresh: Path, others: Container[str]) -> Iterator[str]:
    """The first difference of a file.

    Args:
        stored: Of the report.
        fresh: Recomputed.
        others: Packages whose other version drew the report.
    """
    if not stored.is_file():
        yield f"{stored}: missing"
        return
    if stored.parent.name == FIGURES and "matplotlib" in others:
        return
    one, other = stored.read_bytes(), fresh.read_bytes()
    if stored.name == PAGE and "plotly" in others:
        one, other = _without_scripts(one), _without_scripts(other)
    if one == other:
        return
    if stored.suffix == ".png":
        yield f"{stored}: not the picture that the predictions give"
        return
    lines = [text.decode(errors="replace").split("\n") for text in (one, other)]
    for number, (a, b) in enumerate(zip(*lines, strict=False), start=1):
        if a != b:
            yield f"{stored}, line {number}: {_excerpts(a, b)}"
            return
    yield f"{stored}: {len(lines[0])} lines instead of {len(lines[1])}"


def _without_scripts(page: bytes) -> bytes:
    """The page without Plotly and its figures."""
    return re.sub(rb"<script\b[^>]*>.*?</script>", b"<script></script>", page, flags=re.DOTALL)


def _excerpts(one: str, other: str) -> str:
    """Both lines around their first difference."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    part = slice(max(0, at - 30), at + 30)
    return f"{one[part]!r}, the predictions give {other[part]!r}"
