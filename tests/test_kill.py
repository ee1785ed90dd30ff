"""Killed at any moment and started again, a run ends with the numbers of an undisturbed one."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.test_run import without_timings

ROOT = Path(__file__).parents[1]

CHILD = """
import sys
from pathlib import Path
from tests.test_run import PLAIN, experiment
from landmarks.adaptation import RidgeFit
from landmarks.machine import Machine
from landmarks.run import run
from landmarks.strategies import Schedule, mixing

print("started", flush=True)
pretrain = Schedule(steps=150, batch_size=4, learning_rate=2e-3)
train = Schedule(steps=150, batch_size=4, learning_rate=2e-3)
strategy = mixing(pretrain, RidgeFit(), train, alpha=0.5)
machine = Machine(device="cpu", threads=1, checkpoint_seconds=0)
run(experiment(Path(sys.argv[1]), strategy, machine=machine))
"""


def start(folder):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, folder],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "started\n"
    return child


def kill_and_restart(folder, kills, longest, seed):
    """Kill the run `kills` times at random moments, then let it finish; returns kills that hit."""
    rng = random.Random(seed)
    hits = 0
    for _ in range(kills):
        child = start(folder)
        try:
            child.wait(timeout=rng.uniform(0, longest))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            hits += 1
        child.wait()
        child.stdout.close()
    child = start(folder)
    assert child.wait(timeout=300) == 0
    child.stdout.close()
    return hits


def check(tmp_path, kills):
    whole = tmp_path / "whole"
    before = time.monotonic()
    child = start(whole)
    assert child.wait(timeout=300) == 0
    child.stdout.close()
    seconds = time.monotonic() - before
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
