"""Verification: every number of a study and of its report, made again from stored predictions."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from landmarks.analysis.evidence.config import config_differences
from landmarks.analysis.evidence.ledgers import ledger_differences
from landmarks.analysis.evidence.records import compare, record_differences
from landmarks.analysis.reporting import (
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

# The lines of a file that are compared.
Part = Callable[[Path], list[bytes]]


def _whole(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")


def _without_plotly(path: Path) -> list[bytes]:
    """The page but for plotly's own script."""
    script = rb'<script id="plotly">.*?</script>'
    return re.sub(script, b"", path.read_bytes(), count=1, flags=re.DOTALL).split(b"\n")


def _words(path: Path) -> list[bytes]:
    """The texts of an SVG; where its lines run changes from version to version."""
    texts = re.findall(rb"<text\b[^>]*>(.*?)</text>", path.read_bytes(), flags=re.DOTALL)
    return [re.sub(rb"<[^>]*>", b"", text) for text in texts]


def _nothing(path: Path) -> list[bytes]:
    return []


# What can be compared where another version of a package drew, by the ending of the file; and how
# to say so.
APART: Mapping[str, Mapping[str, Part]] = {
    "matplotlib": {".svg": _words, ".png": _nothing},
    "plotly": {".html": _without_plotly},
}
LEFT = {
    "matplotlib": f"{FIGURES}: of SVG the words are compared, of PNG nothing",
    "plotly": f"{PAGE}: plotly's own script is not compared",
}


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
    numbers = read_numbers(stored)
    tools = numbers["drawn_with"]
    other = [name for name in LEFT if tools.get(name) != drawn_with()[name]]
    parts = {ending: part for name in other for ending, part in APART[name].items()}
    found = list(run_differences(study))
    with TemporaryDirectory() as temporary:
        made = Path(temporary) / REPORT
        write_report(study, made, ReportOptions(**numbers["options"]))
        again = read_numbers(made)
        if other:  # told below
            again["drawn_with"] = tools
        found += (f"{stored / NUMBERS}: {what}" for what in compare(numbers, again, ""))
        names, entries = _files(made), set(_entries(made))
        for name in names:
            part = parts.get(name.suffix, _whole)
            found += _file_differences(stored / name, made / name, part)
        found += (
            f"{stored / name}: not a file of this report"
            for name in _entries(stored)
            if name not in entries
        )
    return Verification(
        runs=len(study.runs),
        files=1 + len(names),
        differences=tuple(found),
        left=tuple(
            f"{stored}/{LEFT[name]} ({name} {tools.get(name)} drew it, here is "
            f"{drawn_with()[name]})"
            for name in other
        ),
    )


def run_differences(study: Study) -> Iterator[str]:
    """Each place where the files of the runs do not agree."""
    for run in study.runs:
        yield from record_differences(run)
        yield from config_differences(run)
    yield from ledger_differences(study)


def _files(report: Path) -> list[Path]:
    """Files of a report but its numbers, from its folder."""
    return [
        name for name in _entries(report) if (report / name).is_file() and name != Path(NUMBERS)
    ]


def _entries(report: Path) -> list[Path]:
    """Everything in the folder of a report."""
    return sorted(path.relative_to(report) for path in report.rglob("*"))


def _file_differences(stored: Path, made: Path, part: Part) -> Iterator[str]:
    if not stored.is_file():
        yield f"{stored}: missing"
        return
    lines = [part(stored), part(made)]
    if lines[0] == lines[1]:
        return
    if stored.suffix == ".png":
        yield f"{stored}: not the picture that the predictions give"
        return
    place = "line" if part is _whole else "compared line"
    for number, (one, other) in enumerate(zip(*lines, strict=False), start=1):
        if one != other:
            told = _near(one.decode(errors="replace"), other.decode(errors="replace"))
            yield f"{stored}, {place} {number}: {told}"
            return
    yield f"{stored}: {len(lines[0])} {place}s, not {len(lines[1])}"


def _near(one: str, other: str) -> str:
    """The two lines where they part."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    part = slice(max(0, at - 30), at + 30)
    return f"{one[part]!r}, the predictions give {other[part]!r}"
