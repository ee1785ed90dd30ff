"""Verification: every number of a study and of its report, made again from stored predictions."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from landmarks.analysis.reporting import NUMBERS, REPORT, ReportOptions, read_options, write_report
from landmarks.analysis.study import Study, StudyRun, read_study
from landmarks.predictions import read_predictions

# Sums may be taken in another order on another machine.
TOLERANCE = 1e-9


def differences(folder: Path) -> Iterator[str]:
    """Each place where what is stored is not what the predictions give.

    Args:
        folder: Of the study; its report lies below it.

    Raises:
        InputError: There are no runs, no report, or a file cannot be read.
    """
    study = read_study(folder)
    for run in study.runs:
        yield from _run_differences(run)
    yield from _report_differences(study, folder / REPORT)


def _run_differences(run: StudyRun) -> Iterator[str]:
    predictions = read_predictions(run.directory)
    made = {name: asdict(part) for name, part in predictions.summaries().items()}
    for what in compare(run.result.metrics, json.loads(json.dumps(made)), "metrics"):
        yield f"{run.directory / 'result.json'}: {what}"


def _report_differences(study: Study, stored: Path) -> Iterator[str]:
    options: ReportOptions = read_options(stored)
    with TemporaryDirectory() as temporary:
        made = Path(temporary) / REPORT
        write_report(study, made, options)
        names = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
        for name in sorted(names):
            if not (stored / name).is_file():
                yield f"{stored / name}: missing"
            elif name.name == NUMBERS:
                own, again = (json.loads((at / name).read_text()) for at in (stored, made))
                yield from (f"{stored / name}: {what}" for what in compare(own, again, ""))
            else:
                yield from _file_difference(stored / name, made / name)


def _file_difference(stored: Path, made: Path) -> Iterator[str]:
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


def compare(stored: Any, made: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Each place where two JSON values differ."""
    if isinstance(stored, dict) and isinstance(made, dict):
        for key in sorted(stored.keys() | made.keys()):
            inner = f"{place}.{key}" if place else key
            if key not in stored or key not in made:
                yield f"{inner} is {'missing' if key not in stored else 'not from the predictions'}"
            else:
                yield from compare(stored[key], made[key], inner)
    elif isinstance(stored, list) and isinstance(made, list) and len(stored) == len(made):
        for i, (one, other) in enumerate(zip(stored, made, strict=True)):
            yield from compare(one, other, f"{place}[{i}]")
    elif not _same(stored, made):
        yield f"{place} is {stored!r}, the predictions give {made!r}"


def _same(stored: object, made: object) -> bool:
    numbers = (int, float)
    if isinstance(stored, numbers) and isinstance(made, numbers):
        return math.isclose(stored, made, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return stored == made
