"""A run that was killed at any moment and started again ends with equal numbers."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.experiment.test_run import without_timings
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]

CHILD = """
import signal, sys, time
from pathlib import Path
from tests.experiment.test_run import PLAIN, experiment
from landmarks.adapters.ridge import RidgeFit
from landmarks.training.device import Machine
from landmarks.experiment.run import run
from landmarks.training.schedule import Schedule
from landmarks.experiment.strategies import mixing

# SIGPROF kills it as abruptly as SIGKILL would, after so many seconds of computing: counted on the
# wall clock, a busy machine would get less done.
signal.setitimer(signal.ITIMER_PROF, float(sys.argv[2]))
begin = time.process_time()
pretrain = Schedule(steps=80, batch_size=4, learning_rate=2e-3)
train = Schedule(steps=80, batch_size=4, learning_rate=2e-3)
strategy = mixing(pretrain, RidgeFit(), train, alpha=0.5)
machine = Machine(device="cpu", threads=1, checkpoint_seconds=0)
run(experiment(Path(sys.argv[1]), strategy, machine=machine))
print(time.process_time() - begin)
"""

FOR_EVER = 1e6  # seconds


def start(folder, dies_after):
    """Run until the end, or until it has computed for so many seconds."""
    words = [sys.executable, "-c", CHILD, folder, str(dies_after)]
    return subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def finish(folder):
    """Run until the end; returns the seconds that it computed."""
    done = start(folder, FOR_EVER)
    assert done.returncode == 0, done.stderr
    return float(done.stdout.splitlines()[-1])


def kill_and_restart(folder, kills, longest, seed):
    """Kill the run `kills` times at random moments, then finish it; returns how often it died."""
    rng = random.Random(seed)
    ends = [start(folder, rng.uniform(1e-3, longest)).returncode for _ in range(kills)]
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
