"""Artifacts that jobs share: made once, continued after a kill, correct even without locks.

The jobs are real processes, forked from one that has imported what takes seconds.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import SoftFileLease
from safetensors.torch import load_file

from landmarks.storage import artifacts, locks, owners
from landmarks.storage.artifacts import ArtifactStore
from landmarks.storage.locks import LockError, lock
from landmarks.storage.work_folder import begin_work, finish_work
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
    data_adaptation, finetune, label_adaptation, mixing, synthetic_only
)
from landmarks.training.schedule import Schedule

def job(strategy, **changes):
    machine = Machine(device="cpu", threads=1, checkpoint_seconds=0)
    return partial(run, experiment(folder, strategy, machine=machine, **changes))
"""

STORE = """
from landmarks.storage import artifacts, locks, work_folder

def work(make):
    store = artifacts.ArtifactStore(folder / "store")
    with store.entry("step", {"a": 1}) as entry:
        if not entry.finished:
            make(entry.directory)
    made = store.read(entry)
    assert (made.directory / "product").read_text() == "whole", made
"""

NO_LEASE = """
class NoLease:
    def __init__(self, *_, **__): ...
    def acquire(self, timeout): ...
    def release(self): ...

locks.SoftFileLease = NoLease
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
    output, _ = jobs.communicate(timeout=PATIENCE)
    return output


def wait_for(path):
    wait_until(path.exists, path.name)


def left_over(store):
    return [path.name for path in store.rglob("*") if path.suffix in (".partial", ".lock")]


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
    output = finish(start(tmp_path, RUNS + script))
    assert "failed: 0" in output, output
    assert len(list(tmp_path.glob("*/result.json"))) == 4
    assert len(re.findall(r"pretrain: making", output)) == 1
    assert len(re.findall(r"pretrain: made", output)) == 1
    assert len(re.findall(r"pretrain: reused", output)) == 3
    for role in ("test", "real", "synthetic"):
        assert len(re.findall(rf"{role} crops: made", output)) == 1
    assert left_over(tmp_path) == []


def test_the_training_of_a_killed_job_is_continued_by_one_of_those_that_wait(tmp_path):
    script = """
long = synthetic_only(Schedule(steps=80, batch_size=4, learning_rate=2e-3))
fork([job(long, n_real=0, out=folder / f"job{i}") for i in range(int(sys.argv[2]))])
wait_for_all()
"""
    jobs = start(tmp_path / "killed", RUNS + script, "3")
    jobs_seen, output = [], ""
    for line in jobs.stdout:
        output += line
        making = re.match(r"(\d+) pretrain: (making|continuing)", line)
        if making:
            jobs_seen.append((int(making[1]), making[2]))
        if making and len(jobs_seen) == 1:
            (partial,) = (tmp_path / "killed" / "artifacts").glob("*.partial")
            wait_for(partial / "checkpoint.safetensors")
            os.kill(jobs_seen[0][0], signal.SIGKILL)
    finish(jobs)
    assert "failed: 1" in output, output
    assert [kind for _, kind in jobs_seen] == ["making", "continuing"], output
    assert jobs_seen[0][0] != jobs_seen[1][0]
    assert int(re.search(r"resuming at step (\d+) of 80", output)[1]) >= 10
    assert len(list((tmp_path / "killed").glob("job*/result.json"))) == 2
    assert list(tmp_path.rglob("*.partial")) == []

    assert "failed: 0" in finish(start(tmp_path / "whole", RUNS + script, "1"))
    *killed, whole = map(load_file, sorted(tmp_path.glob("*/job*/detector.safetensors")))
    assert len(killed) == 2
    for weights in killed:
        assert all((weights[name] == whole[name]).all() for name in whole)


def test_four_jobs_that_want_one_artifact_make_it_once(tmp_path):
    script = """
def make(directory):
    time.sleep(0.3)
    (directory / "product").write_text("whole")

fork([lambda: work(make)] * 4)
wait_for_all()
"""
    output = finish(start(tmp_path, STORE + script))
    assert "failed: 0" in output, output
    assert re.findall(r"step: (\w+)", output) == ["making", "made", "reused", "reused", "reused"]


def test_a_killed_process_frees_its_lock(tmp_path):
    script = """
def killed(directory):
    os.kill(os.getpid(), 9)

def make(directory):
    (directory / "product").write_text("whole")

fork([lambda: work(killed)])
wait_for_all()
fork([lambda: work(make)])
wait_for_all()
"""
    output = finish(start(tmp_path, STORE + script))
    assert re.findall(r"failed: (\d)", output) == ["1", "0"], output
    assert re.findall(r"step: (\w+)", output) == ["making", "making", "made"]
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("removed", [True, False])  # not where the system keeps open files
def test_without_a_lock_two_jobs_both_finish_and_the_first_product_stays(tmp_path, removed):
    script = """
def first(directory):
    (folder / "first").touch()
    wait_for(folder / "second")  # so that both work at the same time
    assert list(directory.iterdir()) == []
    (directory / "product").write_text("whole")

def second(directory):
    (folder / "second").touch()
    wait_for(folder / "made")
    (directory / "product").write_text("another")

def going_first():
    if sys.argv[2] == "False":
        work_folder.shutil.rmtree = lambda *_, **__: None
    work(first)
    (folder / "made").touch()

def going_second():
    wait_for(folder / "first")
    work(second)

fork([going_first, going_second])
wait_for_all()
"""
    output = finish(start(tmp_path, STORE + NO_LEASE + script, str(removed)))
    assert "failed: 0" in output, output
    assert re.findall(r"step: (\w+)", output) == ["making", "making", "made", "reused"]
    assert left_over(tmp_path) == []


def test_without_a_lock_a_job_that_is_overtaken_finds_the_product(tmp_path):
    script = """
def slow(directory):
    (directory / "checkpoint").write_text("half")
    (folder / "slow").touch()
    wait_for(folder / "overtaken")
    (directory / "product").write_text("never")  # its folder was removed

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
    output = finish(start(tmp_path, STORE + NO_LEASE + script))
    assert "failed: 0" in output, output
    assert re.findall(r"step: (\w+)", output) == ["making", "continuing", "made", "reused"]
    assert left_over(tmp_path) == []


def test_a_job_that_was_suspended_is_overtaken_and_finds_the_product(tmp_path):
    script = """
locks.LEASE_SECONDS = 1.0

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
    output = finish(jobs)
    assert "failed: 0" in output, output
    assert "another process is making step" in output
    assert left_over(tmp_path) == []


def lease_of_another_machine(place):
    """A marker as the library writes it, of a process that this machine knows nothing about."""
    lease = SoftFileLease(place, lease_duration=locks.LEASE_SECONDS)
    with lease:
        marker = place.read_text()
    place.write_text(re.sub("host=.*", "host=elsewhere", marker))
    return place


@pytest.fixture
def short_lease(monkeypatch):
    monkeypatch.setattr(locks, "LEASE_SECONDS", 0.4)


def test_a_lock_of_another_machine_holds_while_its_marker_is_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "LEASE_SECONDS", 1.5)  # longer than this process stands still
    marker = lease_of_another_machine(tmp_path / "step.lock")
    released = threading.Event()

    def owner():
        end = time.monotonic() + 3
        while time.monotonic() < end:
            marker.touch()
            time.sleep(0.05)
        released.set()
        marker.unlink()

    thread = threading.Thread(target=owner)
    thread.start()
    with lock(marker, what="testing"):
        assert released.is_set()
    thread.join()


@pytest.mark.usefixtures("short_lease")
def test_a_lock_of_another_machine_that_died_is_taken_over(tmp_path):
    marker = lease_of_another_machine(tmp_path / "step.lock")
    before = time.monotonic()
    with lock(marker, what="testing"):
        assert time.monotonic() - before >= 0.4
    assert not marker.exists()


@pytest.mark.usefixtures("short_lease")
@pytest.mark.parametrize("text", [None, ""])  # a whole marker; one whose writer died in between
def test_it_is_taken_over_where_names_cannot_be_exchanged_in_one_step(tmp_path, monkeypatch, text):
    monkeypatch.setattr(SoftFileLease, "_take_over", lambda *_: None)  # as on NFS
    marker = lease_of_another_machine(tmp_path / "step.lock")
    if text is not None:
        marker.write_text(text)
    with lock(marker, what="testing"):
        pass
    assert not marker.exists()


def test_a_lock_in_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(LockError, match=r"Not a directory|File exists"),
        lock(tmp_path / "file" / "step.lock", what="testing"),
    ):
        pass


def left_behind(store, owner):
    """What a killed job left of {"a": 1}, under the name of `owner`."""

    def killed():
        with store.entry("step", {"a": 1}) as entry:
            (entry.directory / "checkpoint").write_text("half")
            (entry.directory / "checkpoint.partial").write_text("torn")
            (entry.directory / ".tmp123").write_text("torn")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    (folder,) = store.root.glob("*.partial")
    key, own, _ = folder.name.split(".")
    return folder.rename(store.root / f"{key}.{owner(own)}.partial")


def ended(own):
    """A process of this machine that has ended."""
    with subprocess.Popen(["true"]) as process:
        pass
    machine, _, rest = own.split("-")
    return f"{machine}-{process.pid}-{rest}"


@pytest.mark.parametrize(
    ("owner", "moved"), [(ended, True), (lambda _: "0123abcd-1-45ef", False)], ids=["here", "away"]
)
def test_work_of_an_ended_process_is_moved_and_that_of_another_machine_copied(
    tmp_path, owner, moved
):
    store = ArtifactStore(tmp_path)
    left = left_behind(store, owner)
    with store.entry("step", {"a": 1}) as entry:
        assert left.exists() is not moved
        assert [path.name for path in entry.directory.iterdir()] == ["checkpoint"]
        (entry.directory / "product").write_text("whole")
    assert store.read(entry).continued
    assert left_over(tmp_path) == []


def test_the_last_of_several_is_continued_and_all_are_removed(tmp_path):
    for second, owner in ((30, "0123abcd-1-45ef"), (20, "89abcdef-1-45ef")):
        partial = tmp_path / f"key.{owner}.partial"
        partial.mkdir()
        (partial / "checkpoint").write_text(owner)
        os.utime(partial / "checkpoint", (second, second))
    work = begin_work(tmp_path / "key")
    assert (work / "checkpoint").read_text() == "0123abcd-1-45ef"
    finish_work(work, tmp_path / "key")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_work_that_cannot_be_continued_starts_from_scratch(tmp_path):
    partial = tmp_path / "key.0123abcd-1-45ef.partial"
    partial.mkdir()
    (partial / "checkpoint").symlink_to(tmp_path / "vanished")
    assert list(begin_work(tmp_path / "key").iterdir()) == []


def test_an_artifact_that_appears_while_work_begins_is_not_made_again(tmp_path, monkeypatch):
    store = ArtifactStore(tmp_path)
    with store.entry("step", {"a": 1}) as entry:
        (entry.directory / "product").touch()
    away = store.read(entry).directory.rename(tmp_path / "away")

    def late(place):
        away.rename(place)  # by another machine, visible only now
        return begin_work(place)

    monkeypatch.setattr(artifacts, "begin_work", late)
    with store.entry("step", {"a": 1}) as entry:
        assert entry.finished
    assert store.read(entry).reused
    assert left_over(tmp_path) == []


def test_on_windows_no_process_is_probed_and_none_counts_as_ended(monkeypatch):
    name = owners.temporary_name("result.json")
    with subprocess.Popen(["true"]) as process:
        pass
    other = Path(re.sub(r"-\d+-", f"-{process.pid}-", name))
    assert owners.owner_has_ended(other)
    monkeypatch.setattr(owners, "CAN_PROBE", False)
    monkeypatch.setattr(owners.os, "kill", lambda *_: pytest.fail("ends a process on Windows"))
    assert not owners.owner_has_ended(other)
    assert owners.owner_has_ended(Path(name))
