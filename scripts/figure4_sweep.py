"""What the scripts that reproduce the article share: run a sweep, write and print its report."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from os.path import commonpath
from pathlib import Path

from hydra import compose, initialize_config_dir

from landmarks.analysis.findings import Findings
from landmarks.analysis.report import PAGE, REPORT, ReportOptions, relative_to_here, write_report
from landmarks.analysis.study import read_study
from landmarks.cli.grid import grid, parse
from landmarks.cli.hydra_command import CONFIG_ERRORS, CONFIGS
from landmarks.cli.jobs import plan_jobs
from landmarks.cli.quoting import quoted
from landmarks.errors import InputError

DEFAULT = "figure4_demo"

HELP = {"-h", "--help"}

# Two runs that differ in everything that varies within a study.
ONE = ("strategy=real_only", "n_real=1", "seed=0")
OTHER = ("strategy=finetune", "n_real=2", "seed=1")


def run_sweep(overrides: Sequence[str]) -> int:
    """Run the missing runs of a sweep; returns the exit code."""
    command = [sys.executable, "-m", "landmarks.train", "-m", *overrides]
    return subprocess.run(command, check=False).returncode


def sweep_and_report(
    overrides: Sequence[str],
    tables: Sequence[str],
    sentences: Callable[[Findings], Sequence[str]],
) -> int:
    """Run the missing runs of a sweep, write its report, and print some of its tables.

    Args:
        overrides: Arguments of `landmarks train -m`; the demo on built-in data if they name no
            experiment.
        tables: Names of the tables to print.
        sentences: The sentences to print after them.

    Returns:
        The exit code of the sweep if that failed; the report then contains the finished runs.
    """
    if not any(word.startswith("experiment=") for word in overrides):
        overrides = [f"experiment={DEFAULT}", *overrides]
    code = run_sweep(overrides)
    try:
        folder = _folder(overrides)
        options = ReportOptions(folder=relative_to_here(folder))
        findings = write_report(read_study(folder), folder / REPORT, options)
    except (InputError, *CONFIG_ERRORS) as error:
        print(f"error: no report: {error}", file=sys.stderr)
        return code or 2
    for table in findings.tables:
        if table.name in tables:
            print(table.markdown())
    print(*sentences(findings), sep="\n")
    print(f"report: {folder / REPORT / PAGE}{' (the sweep is unfinished)' * bool(code)}")
    return code


def _folder(overrides: Sequence[str]) -> Path:
    """The folder of the runs: what the folders of two runs at the ends of the sweep share."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        experiment = [word for word in overrides if word.startswith("experiment=")]
        cfg = compose("train", experiment, return_hydra_config=True)
        swept = [f"{key}={value}" for key, value in cfg.hydra.sweeper.params.items()]
        parsed = parse([*swept, *quoted(["-m", *overrides])[1:]])
        points = grid([word for word in parsed if not _varies_in_a_study(word.get_key_element())])
        jobs = plan_jobs(
            [[*points[0], *ONE], [*points[-1], *OTHER]],
            lambda words: compose("train", list(words), return_hydra_config=True),
        )
    return Path(commonpath(job.out for job in jobs))


def _varies_in_a_study(key: str) -> bool:
    return key in ("strategy", "n_real", "seed") or key.startswith("strategy.")
