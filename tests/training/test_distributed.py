"""Ranks: two processes under torchrun train what one trains, and neither waits for ever."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from landmarks.adapters.ridge import RidgeFit
from landmarks.augmentation import Geometry
from landmarks.data.crops import FaceCrops, make_crops
from landmarks.data.toy import read_toy
from landmarks.experiment.run import run
from landmarks.experiment.strategies import mixing, real_only
from landmarks.geometry import LandmarkCrop
from landmarks.training.device import Machine
from landmarks.training.loop import fit
from landmarks.training.monitor import CHECKPOINT, CURVE
from landmarks.training.schedule import Schedule
from tests.experiment.test_run import LONG, SHORT, experiment
from tests.small import distance, small_architecture, unnormalised_architecture
from tests.training.test_loop import batches
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
LEARNING = Schedule(steps=60, batch_size=8, learning_rate=4e-3, warmup=10)
COMMAND = [
    "data=toy",
    "strategy=real_only",
    "n_real=10",
    "data.real.count=20",
    "data.test.count=6",
    "model.network.widths=[8,16,16,16,16]",
    "schedule.train.steps=150",
    "schedule.train.batch_size=8",
    "machine.device=cpu",
    "machine.checkpoint_seconds=0",
    "out=run",
    "artifacts=artifacts",
]
FACES = read_toy(count=20, domain="stand_in", seed=5)
ONE_THREAD = Machine(device="cpu", threads=1)

CHILD = """
import dataclasses, os, sys, time
from pathlib import Path
from landmarks.errors import InputError, input_error
from tests.training.test_distributed import (
    crops_in, full_disk, normalised, overtaken, refused, resumed, still, unnormalised
)
from landmarks.experiment.run import run

folder = Path(sys.argv[1])
rank = os.environ["RANK"]
still(folder / "still", crops_in(folder))
results = [run(unnormalised(folder)), run(normalised(folder))]
try:
    run(refused(folder))
except InputError as error:
    (folder / f"error-{rank}").write_text(str(error))
(folder / f"nme-{rank}").write_text(repr([result.nme for result in results]))

replace = Path.replace
Path.replace = full_disk(replace)
try:
    run(resumed(folder))
except (InputError, OSError) as error:
    (folder / f"full-{rank}").write_text(str(input_error(error)))
Path.replace = replace
done = run(resumed(folder))
(folder / f"resumed-{rank}").write_text(repr(done.nme))

product = folder / "artifacts" / done.steps[0]["artifact"]
if rank == "0":
    product.rename(folder / "away")
Path.replace = overtaken(replace, folder / "away", product)
again = run(dataclasses.replace(resumed(folder), out=folder / "overtaken"))
(folder / f"overtaken-{rank}").write_text(repr(again.nme))
"""

BROKEN = """
from landmarks.training.distributed import follow, leading, rank
import torch

if rank() > 0:
    follow(torch.device("cpu"))
with leading(torch.device("cpu")):
    1 / 0
"""

OUT_OF_STEP = """
import errno, torch
from functools import partial
from landmarks.training.distributed import follow, leading, order, rank, total

def fail():
    raise OSError(errno.ENOSPC, "no room", "a/events")

if rank() > 0:
    follow(torch.device("cpu"))
with leading(torch.device("cpu")):
    try:
        order(partial(total, torch.ones(1)), fail)  # the follower waits for the leader's number
    except Exception:
        pass  # as where a product is found that another job made meanwhile
"""


def crops_in(folder):
    return FaceCrops(folder / "crops", 64, FACES.scheme)


def still(directory, crops, machine=ONE_THREAD):
    """Ten steps that lead nowhere; what is left is the mean gradient, and the loss.

    Half the landmarks leave the picture, now of this face and now of that.
    """
    directory.mkdir(exist_ok=True)
    schedule = Schedule(steps=10, batch_size=7, learning_rate=1e-7)
    architecture = unnormalised_architecture()
    fit(
        architecture.start(68, seed=1),
        architecture,
        batches(crops, range(20), schedule, geometry=Geometry(rotation=30, shift=0.5, scale=0.5)),
        schedule,
        machine=replace(machine, checkpoint_seconds=0),
        directory=directory,
        on_progress=lambda *_: None,
    )


def gradients(directory):
    """Mean gradients and mean squares of them."""
    stored = load_file(directory / CHECKPOINT)
    return [stored[key] for key in sorted(stored) if "exp_avg" in key]


def unnormalised(folder):
    """Two trainings, the adapter between them, and batches of two sources."""
    strategy = mixing(LONG, RidgeFit(), SHORT, alpha=0.5)
    return experiment(
        folder, strategy, model=unnormalised_architecture(), machine=ONE_THREAD, out=folder / "un"
    )


def normalised(folder, machine=ONE_THREAD):
    """A U-Net, whose BatchNorm sees the faces of its part of the batch."""
    model = replace(small_architecture(), cpu_bfloat16=False)
    out = folder / "normalised"
    return experiment(folder, real_only(LEARNING), model=model, machine=machine, out=out)


def refused(folder):
    """Where the finished run of `unnormalised` lies: the leader alone finds that out."""
    return replace(normalised(folder), out=folder / "un")


def resumed(folder):
    """Two logged points, with a checkpoint at each."""
    return experiment(
        folder,
        real_only(Schedule(steps=20, batch_size=8, learning_rate=1e-3)),
        model=unnormalised_architecture(),
        machine=replace(ONE_THREAD, checkpoint_seconds=0),
        out=folder / "resumed",
    )


def full_disk(replace):
    """`Path.replace` of a disk that has room for one checkpoint."""
    saved = []

    def replace_if_there_is_room(path, target):
        if target.name == CHECKPOINT:
            saved.append(target)
            if len(saved) == 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(path, target)

    return replace_if_there_is_room


def overtaken(replace, away, product):
    """`Path.replace` where another job, which took this one for dead, finishes its product."""

    def replace_in_a_removed_folder(path, target):
        if target.name == CHECKPOINT and away.exists():
            shutil.rmtree(target.parent)
            away.rename(product)
        return replace(path, target)

    return replace_in_a_removed_folder


def torchrun(*words, cwd=ROOT):
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc_per_node=2",
            *words,
        ],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def torchrun_code(code, *arguments):
    return torchrun("--no-python", sys.executable, "-c", code, *arguments)


def finish(child):
    told, complaint = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0, complaint
    return told


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory):
    """The folder where two ranks made `unnormalised` and `normalised`."""
    folder = tmp_path_factory.mktemp("ranks")
    (folder / "crops").mkdir()
    make_crops(FACES, LandmarkCrop(1.35), 64, folder / "crops")
    finish(torchrun_code(CHILD, folder))
    return folder


def stored(folder, name):
    return json.loads((folder / name / "result.json").read_text())


def trained(folder, name):
    """The weights that a run's detector holds, without running statistics."""
    weights = load_file(folder / name / "detector.safetensors")
    return [weights[key] for key in sorted(weights) if key.endswith(("weight", "bias"))]


def curve(folder, name):
    rows = (folder / name / "loss.csv").read_text().splitlines()[1:]
    return np.array([float(row.split(",")[2]) for row in rows])


def test_two_ranks_find_the_gradient_and_the_loss_of_one(two_ranks, tmp_path):
    still(tmp_path / "still", crops_in(two_ranks))
    one, two = tmp_path / "still", two_ranks / "still"
    assert distance(gradients(one), gradients(two)) < 1e-5
    np.testing.assert_allclose(np.load(two / CURVE), np.load(one / CURVE), rtol=1e-5)


def test_two_ranks_end_with_the_weights_of_one(two_ranks, tmp_path):
    run(unnormalised(tmp_path))
    assert distance(trained(two_ranks, "un"), trained(tmp_path, "un")) < 2e-3
    np.testing.assert_allclose(curve(two_ranks, "un"), curve(tmp_path, "un"), rtol=1e-5)
    one, two = stored(tmp_path, "un"), stored(two_ranks, "un")
    assert one["fingerprint"] == two["fingerprint"]
    errors = [of["metrics"]["all"]["nme"]["interocular"]["value"] for of in (one, two)]
    assert errors[1] == pytest.approx(errors[0], rel=1e-3)
    assert two["timings"]["machine"]["ranks"] == 2


def test_two_ranks_normalise_as_one_that_computes_in_two_parts(two_ranks, tmp_path):
    run(normalised(tmp_path, Machine(device="cpu", threads=1, accumulate=2)))
    one, two = (trained(folder, "normalised") for folder in (tmp_path, two_ranks))
    assert distance(one, two) < 2e-3
    assert (
        stored(tmp_path, "normalised")["fingerprint"]
        == (stored(two_ranks, "normalised")["fingerprint"])
    )
    assert stored(two_ranks, "normalised")["timings"]["machine"]["statistics_parts"] == 2


def test_a_network_with_batch_norm_learns_on_two_ranks_as_on_one(two_ranks, tmp_path):
    run(normalised(tmp_path))
    one, two = (curve(folder, "normalised") for folder in (tmp_path, two_ranks))
    assert one[-1] < 0.8 * one[0]
    np.testing.assert_allclose(two, one, rtol=0.1)
    assert (
        stored(tmp_path, "normalised")["fingerprint"]
        != (stored(two_ranks, "normalised")["fingerprint"])
    )


def test_all_ranks_have_the_result_and_the_error_of_the_first(two_ranks):
    assert (two_ranks / "nme-0").read_text() == (two_ranks / "nme-1").read_text()
    for rank in (0, 1):
        error = (two_ranks / f"error-{rank}").read_text()
        assert "holds a finished run made with other settings" in error


def test_a_full_disk_ends_a_run_in_all_ranks_and_the_next_run_continues_it(two_ranks):
    for rank in (0, 1):
        error = (two_ranks / f"full-{rank}").read_text()
        assert error.endswith(
            f"{CHECKPOINT}: the disk is full; fix this, and the same command continues"
        )
    assert (two_ranks / "resumed-0").read_text() == (two_ranks / "resumed-1").read_text()
    assert "resuming at step 10 of 20" in (two_ranks / "resumed" / "run.log").read_text()


def test_no_rank_waits_for_a_product_that_another_job_finished_meanwhile(two_ranks):
    before, after = (
        [(two_ranks / f"{name}-{rank}").read_text() for rank in (0, 1)]
        for name in ("resumed", "overtaken")
    )
    assert after == before
    assert stored(two_ranks, "overtaken")["timings"]["steps"]["train"]["reused"]


@pytest.mark.slow
def test_an_error_of_the_leader_alone_ends_all_ranks_with_one_line():
    child = torchrun_code(OUT_OF_STEP)
    _, complaint = child.communicate(timeout=PATIENCE)
    assert "error: a/events: the disk is full; fix this" in complaint
    assert re.search(r"exitcode +: 2 ", complaint)
    assert "rank 1 failed" not in complaint


@pytest.mark.slow
def test_a_fault_of_the_program_in_one_rank_ends_them_all():
    child = torchrun_code(BROKEN)
    _, complaint = child.communicate(timeout=PATIENCE)
    assert child.returncode == 1
    assert "ZeroDivisionError" in complaint


@pytest.mark.slow
def test_the_death_of_a_rank_stops_the_run_and_the_same_command_continues_it(tmp_path):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    for folder in (whole, halves):
        folder.mkdir()
    told = finish(torchrun("-m", "landmarks.train", *COMMAND, cwd=whole))
    assert told.count("real_only, n_real 10, seed 0: NME") == 1  # followers are silent
    child = torchrun("-m", "landmarks.train", *COMMAND, cwd=halves)
    while not list(halves.glob("artifacts/*.partial/checkpoint.safetensors")):
        assert child.poll() is None
        time.sleep(0.05)
    os.kill(second_rank(child.pid), signal.SIGKILL)
    child.communicate(timeout=PATIENCE)
    assert child.returncode != 0
    assert not (halves / "run" / "result.json").exists()
    finish(torchrun("-m", "landmarks.train", *COMMAND, cwd=halves))
    assert distance(trained(whole, "run"), trained(halves, "run")) == 0
    assert stored(halves, "run")["timings"]["steps"]["train"]["continued"]


@pytest.mark.slow
def test_control_c_in_one_rank_stops_all_and_the_same_command_resumes(tmp_path):
    child = torchrun("-m", "landmarks.train", *COMMAND, cwd=tmp_path)
    while not list(tmp_path.glob("artifacts/*.partial/checkpoint.safetensors")):
        assert child.poll() is None
        time.sleep(0.05)
    os.kill(second_rank(child.pid), signal.SIGINT)
    child.communicate(timeout=PATIENCE)
    assert child.returncode != 0
    assert not (tmp_path / "run" / "result.json").exists()
    finish(torchrun("-m", "landmarks.train", *COMMAND, cwd=tmp_path))
    assert stored(tmp_path, "run")["timings"]["steps"]["train"]["continued"]


def second_rank(agent):
    """The process that torchrun's agent started second."""
    children = Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
    (rank,) = (
        int(child)
        for child in children
        if b"\0RANK=1\0" in b"\0" + Path(f"/proc/{child}/environ").read_bytes()
    )
    return rank
