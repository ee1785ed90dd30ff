"""What a sweep saves by sharing steps: optimiser steps and time, with and without sharing.

python benchmarks/sweep.py                                   # 5 strategies x 4 sizes x 2 seeds
python benchmarks/sweep.py --divide 20 model=resnet18_128    # arguments of landmarks train

Each run is done twice, one after the other: with the artifacts of the sweep, and with an artifacts
folder of its own, as if it were the only run. The schedule is `configs/schedule/cpu.yaml` with all
numbers of steps divided by `--divide`; faces are drawn.
"""

import argparse
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from material import configured
from measuring import Row, arguments, machine, publish
from omegaconf import OmegaConf

from landmarks.cli.train import made
from landmarks.experiment.experiment import Experiment
from landmarks.experiment.results import Result
from landmarks.experiment.run import run

STRATEGIES = ["real_only", "label_adaptation", "data_adaptation", "mixing", "finetune"]
FACES = {"real": 40, "synthetic": 60, "test": 12}


@dataclass
class Spent:
    """Totals over the runs, with or without sharing.

    Attributes:
        runs: Number of runs.
        named: Optimiser steps of their strategies.
        made: Optimiser steps that were computed, not reused.
        training: Seconds of those steps.
        seconds: Seconds of the runs from start to end, with crops, tests and pictures.
    """

    runs: int = 0
    named: int = 0
    made: int = 0
    training: float = 0.0
    seconds: float = 0.0

    def add(self, result: Result, seconds: float) -> None:
        """Count one run."""
        timings = result.timings["steps"]
        own = [step for step in result.steps if not timings[step["name"]]["reused"]]
        self.runs += 1
        self.named += result.optimiser_steps
        self.made += sum(step["optimiser_steps"] for step in own)
        self.training += sum(timings[step["name"]]["seconds"] for step in own)
        self.seconds += seconds


def shared_words(options: argparse.Namespace) -> list[str]:
    """Arguments of `landmarks train` that all runs share."""
    schedule = configured("schedule=cpu")["schedule"]
    divided = (
        f"schedule.{stage}.steps={max(1, part['steps'] // options.divide)}"
        for stage, part in schedule.items()
    )
    counts = (f"data.{role}.count={count}" for role, count in FACES.items())
    return [
        "data=toy",
        "schedule=cpu",
        "machine.device=cpu",
        f"machine.threads={options.threads}",
        *counts,
        *divided,
        *options.words,
    ]


def planned(words: list[str], out: Path, artifacts: Path) -> Experiment:
    """The experiment of `landmarks train <words>`, in these folders."""
    fields = {**configured(*words), "out": str(out), "artifacts": str(artifacts)}
    return made(OmegaConf.create(fields))


def sweep(options: argparse.Namespace, folder: Path) -> dict[str, Spent]:
    """Do every run with and without sharing."""
    spent = {"naive": Spent(), "shared": Spent()}
    common = shared_words(options)
    runs = product(options.seeds, options.n_real, options.strategies)
    for number, (seed, n_real, strategy) in enumerate(runs):
        words = [*common, f"strategy={strategy}", f"n_real={n_real}", f"seed={seed}"]
        artifacts = {"naive": folder / f"alone_{number}", "shared": folder / "artifacts"}
        # The order alternates, because the first of two runs warms caches for the second.
        for way in sorted(spent, reverse=number % 2 == 1):
            experiment = planned(words, folder / way / str(number), artifacts[way])
            begin = time.perf_counter()
            result = run(experiment)
            spent[way].add(result, time.perf_counter() - begin)
    return spent


def rows(spent: dict[str, Spent]) -> list[Row]:
    """A row for each way, with shares of the naive one."""
    naive = spent["naive"]
    return [
        {
            "artifacts": way,
            "runs": sums.runs,
            "optimiser steps": sums.made,
            "share of naive %": 100 * sums.made / naive.made,
            "seconds of steps": sums.training,
            "their share %": 100 * sums.training / naive.training,
            "seconds of runs": sums.seconds,
            "whose share %": 100 * sums.seconds / naive.seconds,
        }
        for way, sums in spent.items()
    ]


def main() -> None:
    """Measure, print, write."""
    parser = arguments(__doc__, "sweep")
    parser.add_argument("--strategies", nargs="+", default=STRATEGIES)
    parser.add_argument("--n-real", nargs="+", type=int, default=[10, 20, 30, 40])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--divide", type=int, default=100, help="divides the steps of schedule=cpu")
    parser.add_argument("--threads", type=int, default=2, help="torch threads")
    parser.add_argument("words", nargs="*", help="arguments of landmarks train, for all runs")
    options = parser.parse_args()
    description = machine("torch", "albumentations")
    print(description)
    with tempfile.TemporaryDirectory() as folder:
        spent = sweep(options, Path(folder))
    publish(
        rows(spent), description, options.out, sums={way: asdict(s) for way, s in spent.items()}
    )


if __name__ == "__main__":
    main()
