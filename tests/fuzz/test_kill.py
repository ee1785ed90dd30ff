"""A run that was killed at any moment and started again ends with equal numbers."""

import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from landmarks.adapters.ridge import RidgeFit
from landmarks.experiment.run import run
from landmarks.experiment.strategies import mixing
from landmarks.training.device import Machine
from landmarks.training.schedule import Schedule
from tests.experiment.test_run import experiment, without_timings
from tests.processes import FORKS
from tests.waiting import PATIENCE

FOR_EVER = 1e6  # seconds


def compute(folder: Path, dies_after: float) -> None:
    """A whole run, in a process that may die after so many seconds of computing."""
    # SIGPROF kills it as abruptly as SIGKILL would. Counted on the wall clock, a busy machine would
    # get less done.
    signal.setitimer(signal.ITIMER_PROF, dies_after)
    begin = time.process_time()
    pretrain = Schedule(steps=100, batch_size=4, learning_rate=2e-3)
    train = Schedule(steps=100, batch_size=4, learning_rate=2e-3)
    strategy = mixing(pretrain, RidgeFit(), train, alpha=0.5)
    machine = Machine(device="cpu", threads=1, checkpoint_seconds=0)
    run(experiment(folder, strategy, machine=machine))
    (folder / "seconds").write_text(str(time.process_time() - begin))


def start(folder, dies_after):
    """Run until the end, or until it has computed for so many seconds; returns the exit code."""
    folder.mkdir(exist_ok=True)
    process = FORKS.Process(target=compute, args=(folder, dies_after))
    process.start()
    process.join(PATIENCE)
    return process.exitcode


def finish(folder):
    """Run until the end; returns the seconds that it computed."""
    assert start(folder, FOR_EVER) == 0
    return float((folder / "seconds").read_text())


def kill_and_restart(folder, kills, longest, seed):
    """Kill the run `kills` times at random moments, then finish it; returns how often it died."""
    rng = random.Random(seed)
    ends = [start(folder, rng.uniform(1e-3, longest)) for _ in range(kills)]
    assert set(ends) <= {0, -signal.SIGPROF}
    finish(folder)
    return ends.count(-signal.SIGPROF)


def check(tmp_path, kills):
    whole = tmp_path / "whole"
    seconds = finish(whole)
    hits = kill_and_restart(tmp_path / "killed", kills, longest=seconds / max(4, kills), seed=0)
    assert hits >= kills / 2
    one, other = without_timings(whole / "mixing"), without_timings(tmp_path / "killed" / "mixing")
    assert one == other
    first, second = (
        np.load(folder / "mixing" / "predictions.npz") for folder in (whole, tmp_path / "killed")
    )
    for key in first.files:
        np.testing.assert_array_equal(first[key], second[key])
    names = {p.name for p in (tmp_path / "killed" / "mixing").iterdir()}
    assert names == {p.name for p in (whole / "mixing").iterdir()}
    assert not list((tmp_path / "killed" / "artifacts").glob("*.partial"))


def test_two_kills_change_nothing(tmp_path):
    check(tmp_path, kills=2)


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path):
    check(tmp_path, kills=20)
