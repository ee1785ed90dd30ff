"""What the scripts that reproduce the article share: a sweep, its report, and what to print."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from landmarks.analysis.findings import Findings
from landmarks.analysis.reporting import (
    PAGE,
    REPORT,
    ReportOptions,
    named_from_here,
    write_report,
)
from landmarks.analysis.study import read_study
from landmarks.errors import InputError

DEFAULT = "figure4_demo"


def sweep_and_report(
    overrides: Sequence[str], show: Sequence[str], say: Callable[[Findings], Sequence[str]]
) -> int:
    """Run a sweep, or what is missing of it; write its report; print some of its tables.

    Args:
        overrides: As for `python -m landmarks.train -m`; the embedded demo if no experiment is
            among them.
        show: Names of the tables to print.
        say: The sentences to print below them.

    Returns:
        The exit code: of the sweep if that failed.
    """
    names = [word.partition("=")[2] for word in overrides if word.startswith("experiment=")]
    experiment = [] if names else [f"experiment={DEFAULT}"]
    command = [sys.executable, "-m", "landmarks.train", "-m", *experiment, *overrides]
    code = subprocess.run(command, check=False).returncode
    if code:
        return code
    folder = _folder(names[-1] if names else DEFAULT, overrides)
    try:
        options = ReportOptions(folder=named_from_here(folder))
        findings = write_report(read_study(folder), folder / REPORT, options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for table in findings.tables:
        if table.name in show:
            print(table.markdown())
    for sentence in say(findings):
        print(sentence)
    print(f"report: {folder / REPORT / PAGE}")
    return 0


def _folder(experiment: str, overrides: Sequence[str]) -> Path:
    """Where the runs lie: below what stands before the first choice in `out`."""
    given = [word.partition("=")[2] for word in overrides if word.startswith("out=")]
    out = given[-1] if given else f"outputs/{experiment}"
    return Path(out.partition("${")[0].rstrip("/"))
