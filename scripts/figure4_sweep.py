"""What the scripts that reproduce the article share: a sweep, its report, and what to print."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from os.path import commonpath
from pathlib import Path

from hydra import compose, initialize_config_dir

from landmarks.analysis.findings import Findings
from landmarks.analysis.reporting import (
    PAGE,
    REPORT,
    ReportOptions,
    named_from_here,
    write_report,
)
from landmarks.analysis.study import read_study
from landmarks.cli.grid import grid, parse
from landmarks.cli.hydra_command import CONFIG_ERRORS, CONFIGS
from landmarks.cli.jobs import plan_jobs
from landmarks.cli.quoting import quoted
from landmarks.errors import InputError

DEFAULT = "figure4_demo"

HELP = {"-h", "--help"}

# Two runs that differ in everything that a study varies.
ONE = ("strategy=real_only", "n_real=1", "seed=0")
OTHER = ("strategy=finetune", "n_real=2", "seed=1")


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
        The exit code: of the sweep if that failed; the report is then of the runs that did not.
    """
    if not any(word.startswith("experiment=") for word in overrides):
        overrides = [f"experiment={DEFAULT}", *overrides]
    command = [sys.executable, "-m", "landmarks.train", "-m", *overrides]
    code = subprocess.run(command, check=False).returncode
    try:
        folder = _folder(overrides)
        options = ReportOptions(folder=named_from_here(folder))
        findings = write_report(read_study(folder), folder / REPORT, options)
    except (InputError, *CONFIG_ERRORS) as error:
        print(f"error: no report: {error}", file=sys.stderr)
        return code or 2
    for table in findings.tables:
        if table.name in show:
            print(table.markdown())
    print(*say(findings), sep="\n")
    print(f"report: {folder / REPORT / PAGE}{' of an unfinished sweep' * bool(code)}")
    return code


def _folder(overrides: Sequence[str]) -> Path:
    """Where the runs lie: below what the folders of two corners of the sweep have in common."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        experiment = [word for word in overrides if word.startswith("experiment=")]
        cfg = compose("train", experiment, return_hydra_config=True)
        swept = [f"{key}={value}" for key, value in cfg.hydra.sweeper.params.items()]
        parsed = parse([*swept, *quoted(["-m", *overrides])[1:]])
        points = grid([word for word in parsed if not _is_of_a_study(word.get_key_element())])
        jobs = plan_jobs(
            [[*points[0], *ONE], [*points[-1], *OTHER]],
            lambda words: compose("train", list(words), return_hydra_config=True),
        )
    return Path(commonpath(job.out for job in jobs))


def _is_of_a_study(key: str) -> bool:
    return key in ("strategy", "n_real", "seed") or key.startswith("strategy.")
