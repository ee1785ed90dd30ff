"""Recompute every number of a study and its report from the stored predictions, and compare."""

import re
from collections.abc import Callable, Iterator, Mapping
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

Part = Callable[[Path], list[bytes]]  # the lines of a file that are compared


def _all_lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")


def _without_scripts(path: Path) -> list[bytes]:
    """The page without scripts, which contain Plotly and its figures."""
    script = rb"<script\b[^>]*>.*?</script>"
    return re.sub(script, b"", path.read_bytes(), flags=re.DOTALL).split(b"\n")


def _texts(path: Path) -> list[bytes]:
    """The texts of an SVG; positions and line breaks change between versions."""
    texts = re.findall(rb"<text\b[^>]*>(.*?)</text>", path.read_bytes(), flags=re.DOTALL)
    return [re.sub(rb"<[^>]*>", b"", text) for text in texts]


def _nothing(path: Path) -> list[bytes]:
    return []


# What can be compared if another version of a package drew the report, by suffix, and in words.
COMPARED: Mapping[str, Mapping[str, Part]] = {
    "matplotlib": {".svg": _texts, ".png": _nothing},
    "plotly": {".html": _without_scripts},
}
SKIPPED = {
    "matplotlib": f"{FIGURES}: compared the texts of SVG files, skipped PNG files",
    "plotly": f"{PAGE}: skipped the plots",
}


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
    parts = {suffix: part for name in others for suffix, part in COMPARED[name].items()}
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
            part = parts.get(name.suffix, _all_lines)
            found += _file_differences(stored / name, fresh / name, part)
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
            f"{stored}/{SKIPPED[name]} (drawn with {name} {tools.get(name)}, installed is "
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


def _file_differences(stored: Path, fresh: Path, part: Part) -> Iterator[str]:
    if not stored.is_file():
        yield f"{stored}: missing"
        return
    lines = part(stored), part(fresh)
    if lines[0] == lines[1]:
        return
    if stored.suffix == ".png":
        yield f"{stored}: not the picture that the predictions give"
        return
    place = "line" if part is _all_lines else "compared line"
    for number, (one, other) in enumerate(zip(*lines, strict=False), start=1):
        if one != other:
            shown = _excerpts(one.decode(errors="replace"), other.decode(errors="replace"))
            yield f"{stored}, {place} {number}: {shown}"
            return
    yield f"{stored}: {len(lines[0])} {place}s instead of {len(lines[1])}"


def _excerpts(one: str, other: str) -> str:
    """Both lines around their first difference."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    part = slice(max(0, at - 30), at + 30)
    return f"{one[part]!r}, the predictions give {other[part]!r}"
