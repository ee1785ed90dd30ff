"""What sharing steps saves a sweep: optimiser steps and time, shared artifacts against none.

python benchmarks/sweep.py                                   # 5 strategies x 4 sizes x 2 seeds
python benchmarks/sweep.py --divide 20 model=resnet18_128    # words as for landmarks.cli.train

Each run is made twice, one after the other: with the artifacts of the sweep, and with a folder of
its own, as if it were the only run. The schedule is `configs/schedule/cpu.yaml` divided by
`--divide`, so that the ratios of its steps are kept; the faces are drawn.
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
    """What the runs of one way came to.

    Attributes:
        runs: How many were made.
        named: Optimiser steps that their strategies name.
        made: Optimiser steps that they computed themselves.
        training: Seconds that those took.
        seconds: Of the runs from start to end: crops, tests and pictures too.
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
    """What all runs have in common, as on the command line of `landmarks.cli.train`."""
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
    """The run that `python -m landmarks.train <words>` would make, in these folders."""
    fields = {**configured(*words), "out": str(out), "artifacts": str(artifacts)}
    return made(OmegaConf.create(fields))


def sweep(options: argparse.Namespace, folder: Path) -> dict[str, Spent]:
    """Make every run in both ways."""
    spent = {"naive": Spent(), "shared": Spent()}
    common = shared_words(options)
    runs = product(options.seeds, options.n_real, options.strategies)
    for number, (seed, n_real, strategy) in enumerate(runs):
        words = [*common, f"strategy={strategy}", f"n_real={n_real}", f"seed={seed}"]
        artifacts = {"naive": folder / f"alone_{number}", "shared": folder / "artifacts"}
        # In turn first, because the first of two runs warms caches for the second.
        for way in sorted(spent, reverse=number % 2 == 1):
            experiment = planned(words, folder / way / str(number), artifacts[way])
            begin = time.perf_counter()
            result = run(experiment)
            spent[way].add(result, time.perf_counter() - begin)
    return spent


def rows(spent: dict[str, Spent]) -> list[Row]:
    """Each way beside the naive one."""
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
    parser.add_argument("--divide", type=int, default=100, help="the steps of schedule=cpu")
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    parser.add_argument("words", nargs="*", help="of landmarks.cli.train, for all runs")
    options = parser.parse_args()
    told = machine("torch", "albumentations")
    print(told)
    with tempfile.TemporaryDirectory() as folder:
        spent = sweep(options, Path(folder))
    publish(rows(spent), told, options.out, sums={way: asdict(s) for way, s in spent.items()})


if __name__ == "__main__":
    main()
