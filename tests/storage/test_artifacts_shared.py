"""Artifacts that jobs share: made once while all live, taken up from the dead, right without locks.

The jobs are real processes, forked from one that has imported what takes seconds.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import SoftFileLease
from safetensors.torch import load_file

from landmarks.storage import once as once_module
from landmarks.storage.artifacts import ArtifactStore
from landmarks.storage.atomic import Partial
from landmarks.storage.locks import once
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parents[2]

FORK = """
import logging, os, sys, time, traceback
from pathlib import Path
from tests.waiting import wait_until

folder = Path(sys.argv[1])
logging.basicConfig(format="%(process)d %(message)s", level=logging.INFO, stream=sys.stdout)

def fork(works):
    for work in works:
        if os.fork() == 0:
            code = 1
            try:
                work()
                code = 0
            except BaseException:
                traceback.print_exc()
            sys.stdout.flush()
            os._exit(code)

def wait_for(path):
    wait_until(path.exists, path.name)

def wait_for_all():
    failed = 0
    try:
        while True:
            failed += os.wait()[1] != 0
    except ChildProcessError:
        print("failed:", failed, flush=True)
"""

RUNS = """
from functools import partial
from tests.experiment.test_run import LONG, SHORT, experiment
from landmarks.adapters.ridge import RidgeFit
from landmarks.training.device import Machine
from landmarks.experiment.run import run
from landmarks.experiment.strategies import (
    Schedule, data_adaptation, finetune, label_adaptation, mixing, synthetic_only
)

def job(strategy, **changes):
    machine = Machine(device="cpu", threads=1, checkpoint_seconds=0)
    return partial(run, experiment(folder, strategy, machine=machine, **changes))
"""

STORE = """
from landmarks.storage import artifacts, once, partials

def work(make):
    made = artifacts.ArtifactStore(folder / "store").get("step", {"a": 1}, make)
    assert (made.directory / "product").read_text() == "whole", made
"""

NO_LEASE = """
class NoLease:
    def __init__(self, *_, **__): ...
    def acquire(self, timeout): ...
    def release(self): ...

once.SoftFileLease = NoLease
"""


def start(folder, script, *words):
    return subprocess.Popen(
        [sys.executable, "-c", FORK + script, folder, *words],
        cwd=ROOT,
        env={**os.environ, "TQDM_DISABLE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(jobs):
    told, _ = jobs.communicate(timeout=PATIENCE)
    return told


def wait_for(path):
    wait_until(path.exists, path.name)


def left_over(store):
    return [path.name for path in store.rglob("*") if path.suffix in (".partial", ".lease")]


def test_four_strategies_at_the_same_time_make_their_pretraining_once(tmp_path):
    script = """
fork([
    job(label_adaptation(LONG, RidgeFit())),
    job(data_adaptation(LONG, RidgeFit(), LONG)),
    job(mixing(LONG, RidgeFit(), LONG, alpha=0.5)),
    job(finetune(LONG, RidgeFit(), SHORT)),
])
wait_for_all()
"""
    told = finish(start(tmp_path, RUNS + script))
    assert "failed: 0" in told, told
    assert len(list(tmp_path.glob("*/result.json"))) == 4
    assert len(re.findall(r"pretrain: making", told)) == 1
    assert len(re.findall(r"pretrain: made", told)) == 1
    assert len(re.findall(r"pretrain: reused", told)) == 3
    for role in ("test", "real", "synthetic"):
        assert len(re.findall(rf"{role} crops: made", told)) == 1
    assert left_over(tmp_path) == []


def test_a_killed_makers_training_is_continued_by_one_of_those_that_wait(tmp_path):
    script = """
long = synthetic_only(Schedule(steps=150, batch_size=4, learning_rate=2e-3))
fork([job(long, n_real=0, out=folder / f"job{i}") for i in range(int(sys.argv[2]))])
wait_for_all()
"""
    jobs = start(tmp_path / "killed", RUNS + script, "3")
    makers, told = [], ""
    for line in jobs.stdout:
        told += line
        making = re.match(r"(\d+) pretrain: (making|continuing)", line)
        if making:
            makers.append((int(making[1]), making[2]))
        if making and len(makers) == 1:
            (partial,) = (tmp_path / "killed" / "artifacts").glob("*.partial")
            wait_for(partial / "checkpoint.safetensors")
            os.kill(makers[0][0], signal.SIGKILL)
    finish(jobs)
    assert "failed: 1" in told, told
    assert [kind for _, kind in makers] == ["making", "continuing"], told
    assert makers[0][0] != makers[1][0]
    assert int(re.search(r"continuing at step (\d+) of 150", told)[1]) >= 10
    assert len(list((tmp_path / "killed").glob("job*/result.json"))) == 2
    assert list(tmp_path.rglob("*.partial")) == []

    assert "failed: 0" in finish(start(tmp_path / "whole", RUNS + script, "1"))
    *killed, whole = map(load_file, sorted(tmp_path.glob("*/job*/detector.safetensors")))
    assert len(killed) == 2
    for weights in killed:
        assert all((weights[name] == whole[name]).all() for name in whole)


def test_two_makers_without_a_lock_both_finish_and_the_first_product_stays(tmp_path):
    script = """
def first(directory):
    (folder / "first").touch()
    wait_for(folder / "second")  # so that both are at it
    assert list(directory.iterdir()) == []
    (directory / "product").write_text("whole")

def second(directory):
    (directory / "half").write_text("")
    (folder / "second").touch()
    wait_for(folder / "made")
    assert [path.name for path in directory.iterdir()] == ["half"]
    (directory / "product").write_text("another")

def going_first():
    work(first)
    (folder / "made").touch()

def going_second():
    wait_for(folder / "first")
    work(second)

fork([going_first, going_second])
wait_for_all()
"""
    told = finish(start(tmp_path, STORE + NO_LEASE + script))
    assert "failed: 0" in told, told
    steps = re.findall("step: (made a second time|making|made)", told)
    assert steps == ["making", "making", "made", "made a second time"]
    assert left_over(tmp_path) == []


def test_a_maker_that_is_overtaken_without_a_lock_finds_the_product(tmp_path):
    script = """
def slow(directory):
    (directory / "checkpoint").write_text("half")
    (folder / "slow").touch()
    wait_for(folder / "overtaken")
    (directory / "product").write_text("never")  # its folder is gone

def fast(directory):
    assert (directory / "checkpoint").read_text() == "half"
    (directory / "product").write_text("whole")

def overtaking():
    wait_for(folder / "slow")
    work(fast)
    (folder / "overtaken").touch()

fork([lambda: work(slow), overtaking])
wait_for_all()
"""
    told = finish(start(tmp_path, STORE + NO_LEASE + script))
    assert "failed: 0" in told, told
    assert re.findall(r"step: (\w+)", told) == ["making", "continuing", "made", "reused"]
    assert left_over(tmp_path) == []


def test_a_job_that_stood_still_is_overtaken_and_ends_well(tmp_path):
    script = """
once.LEASE_SECONDS = 1.0

def slow(directory):
    (directory / "checkpoint").write_text("half")
    (folder / "slow").touch()
    wait_for(folder / "awake")
    (directory / "product").write_text("whole")

def fast(directory):
    assert (directory / "checkpoint").read_text() == "half"
    (directory / "product").write_text("whole")

def overtaking():
    wait_for(folder / "slow")
    work(fast)
    (folder / "done").touch()

fork([lambda: (print("slow is", os.getpid(), flush=True), work(slow)), overtaking])
wait_for_all()
"""
    jobs = start(tmp_path, STORE + script)
    slow = int(jobs.stdout.readline().split()[-1])
    wait_for(tmp_path / "slow")
    os.kill(slow, signal.SIGSTOP)
    wait_for(tmp_path / "done")
    (tmp_path / "awake").touch()
    os.kill(slow, signal.SIGCONT)
    told = finish(jobs)
    assert "failed: 0" in told, told
    assert "another job is making step" in told
    assert left_over(tmp_path) == []


def lease_of_another_host(place):
    """A marker as the library writes it, of a job that this host knows nothing about."""
    lease = SoftFileLease(place, lease_duration=once_module.LEASE_SECONDS)
    with lease:
        marker = place.read_text()
    place.write_text(re.sub("host=.*", "host=elsewhere", marker))
    return place


@pytest.fixture
def short_lease(monkeypatch):
    monkeypatch.setattr(once_module, "LEASE_SECONDS", 0.4)


@pytest.fixture
def nothing():
    """Finds nothing, for a limited time."""
    end = time.monotonic() + PATIENCE
    return lambda: None if time.monotonic() < end else pytest.fail("waits for good")


def test_a_lease_of_another_host_holds_for_as_long_as_it_is_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(once_module, "LEASE_SECONDS", 1.5)  # longer than this process stands still
    marker = lease_of_another_host(tmp_path / "step.lease")
    end = time.monotonic() + 3

    def found():
        marker.touch()
        return "found" if time.monotonic() > end else None

    assert once(marker, found, lambda: "made", what="testing") == "found"


@pytest.mark.usefixtures("short_lease")
def test_a_lease_of_another_host_that_died_is_taken_over(tmp_path, nothing):
    marker = lease_of_another_host(tmp_path / "step.lease")
    before = time.monotonic()
    assert once(marker, nothing, lambda: "made", what="testing") == "made"
    assert time.monotonic() - before >= 0.4
    assert not marker.exists()


@pytest.mark.usefixtures("short_lease")
@pytest.mark.parametrize("text", [None, ""])  # a whole marker; one whose writer died in between
def test_so_it_is_where_two_names_cannot_be_exchanged(tmp_path, monkeypatch, nothing, text):
    monkeypatch.setattr(SoftFileLease, "_take_over", lambda *_: None)  # what NFS makes of it
    marker = lease_of_another_host(tmp_path / "step.lease")
    if text is not None:
        marker.write_text(text)
    assert once(marker, nothing, lambda: "made", what="testing") == "made"
    assert not marker.exists()


def left_behind(store, maker):
    """What a killed job left of {"a": 1}, under the name of `maker`."""

    def stopped(directory):
        (directory / "checkpoint").write_text("half")
        (directory / "checkpoint.partial").write_text("torn")
        (directory / ".tmp123").write_text("torn")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.get("step", {"a": 1}, stopped)
    (folder,) = store.root.glob("*.partial")
    key, own, _ = folder.name.split(".")
    return folder.rename(store.root / f"{key}.{maker(own)}.partial")


def ended(own):
    """A process of this machine that is no more."""
    with subprocess.Popen(["true"]) as process:
        pass
    machine, _, rest = own.split("-")
    return f"{machine}-{process.pid}-{rest}"


@pytest.mark.parametrize(
    ("maker", "moved"), [(ended, True), (lambda _: "0123abcd-1-45ef", False)], ids=["here", "away"]
)
def test_work_is_moved_from_the_dead_and_copied_from_those_who_may_live(tmp_path, maker, moved):
    store = ArtifactStore(tmp_path)
    left = left_behind(store, maker)

    def continued(directory):
        assert left.exists() is not moved
        assert [path.name for path in directory.iterdir()] == ["checkpoint"]
        (directory / "product").write_text("whole")

    assert store.get("step", {"a": 1}, continued).continued
    assert left_over(tmp_path) == []


def test_the_last_of_several_is_continued_and_all_are_cleared_away(tmp_path):
    for second, maker in ((30, "0123abcd-1-45ef"), (20, "89abcdef-1-45ef")):
        partial = tmp_path / f"key.{maker}.partial"
        partial.mkdir()
        (partial / "checkpoint").write_text(maker)
        os.utime(partial / "checkpoint", (second, second))
    work = Partial.begin(tmp_path, "key")
    assert (work.directory / "checkpoint").read_text() == "0123abcd-1-45ef"
    assert work.finish(tmp_path / "key")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_what_cannot_be_continued_is_made_anew(tmp_path):
    partial = tmp_path / "key.0123abcd-1-45ef.partial"
    partial.mkdir()
    (partial / "checkpoint").symlink_to(tmp_path / "vanished")
    work = Partial.begin(tmp_path, "key")
    assert not work.continued
    assert list(work.directory.iterdir()) == []


def test_an_artifact_that_appears_while_work_begins_is_not_made_again(tmp_path, monkeypatch):
    store = ArtifactStore(tmp_path)
    made = store.get("step", {"a": 1}, lambda directory: (directory / "product").touch())
    away = made.directory.rename(tmp_path / "away")
    begin = Partial.begin.__func__

    def late(cls, root, key):
        away.rename(root / key)  # by another host, seen only now
        return begin(cls, root, key)

    monkeypatch.setattr(Partial, "begin", classmethod(late))
    again = store.get("step", {"a": 1}, lambda _: pytest.fail("made twice"))
    assert again.reused
    assert left_over(tmp_path) == []
