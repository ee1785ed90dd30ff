"""Verification: every number of a study and of its report, made again from stored predictions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from landmarks.analysis.records import compare, record_differences
from landmarks.analysis.reporting import (
    FIGURES,
    NUMBERS,
    PAGE,
    REPORT,
    drawn_with,
    read_numbers,
    write_report,
)
from landmarks.analysis.study import read_study

# What a package draws, in the report's folder: of another version, it is another file.
DRAWN = {"matplotlib": FIGURES, "plotly": PAGE}


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was checked, and what came of it.

    Attributes:
        runs: How many.
        files: How many files of the report were made again and compared.
        differences: Each place where what is stored is not what the predictions give.
        left: What could not be compared here, in sentences.
    """

    runs: int
    files: int
    differences: tuple[str, ...]
    left: tuple[str, ...]


def verify(folder: Path) -> Verification:
    """Make everything again, and compare.

    Args:
        folder: Of the study; its report lies below it.

    Raises:
        InputError: There are no runs, no report, or a file cannot be read.
    """
    study = read_study(folder)
    stored = folder / REPORT
    options, tools, numbers = read_numbers(stored)
    other = [name for name in DRAWN if tools.get(name) != drawn_with()[name]]
    found = [what for run in study.runs for what in record_differences(run)]
    with TemporaryDirectory() as temporary:
        made = Path(temporary) / REPORT
        write_report(study, made, options)
        again = read_numbers(made)[-1]
        found += (f"{stored / NUMBERS}: {what}" for what in compare(numbers, again, "findings"))
        names = _files(made, but=other)
        for name in names:
            found += _file_differences(stored / name, made / name)
        found += (
            f"{stored / name}: not a file of this report"
            for name in _files(stored, but=other)
            if name not in names
        )
    return Verification(
        runs=len(study.runs),
        files=1 + len(names),
        differences=tuple(found),
        left=tuple(
            f"{stored / DRAWN[name]} is not compared: {name} {tools.get(name)} drew it, here is "
            f"{drawn_with()[name]}"
            for name in other
        ),
    )


def _files(report: Path, but: Sequence[str]) -> list[Path]:
    """Files that are compared as they are, from the report's folder.

    Args:
        report: Folder.
        but: What of `DRAWN` is left out.
    """
    left = {NUMBERS, *(DRAWN[name] for name in but)}
    files = (path.relative_to(report) for path in report.rglob("*") if path.is_file())
    return sorted(name for name in files if name.parts[0] not in left)


def _file_differences(stored: Path, made: Path) -> Iterator[str]:
    if not stored.is_file():
        yield f"{stored}: missing"
        return
    if stored.read_bytes() == made.read_bytes():
        return
    if stored.suffix == ".png":
        yield f"{stored}: not the picture that the predictions give"
        return
    lines = [path.read_text(errors="replace").splitlines() for path in (stored, made)]
    for number, (one, other) in enumerate(zip(*lines, strict=False), start=1):
        if one != other:
            yield f"{stored}, line {number}: {_near(one, other)}"
            return
    yield f"{stored}: {len(lines[0])} lines, not {len(lines[1])}"


def _near(one: str, other: str) -> str:
    """The two lines where they part."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    part = slice(max(0, at - 30), at + 30)
    return f"{one[part]!r}, the predictions give {other[part]!r}"
