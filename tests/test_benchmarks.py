"""The benchmarks start, measure what they say, and write it down."""

import json
import math
import random
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from benchmarks.measuring import Clock, in_turn, ratio, table
from benchmarks.memory import most_held
from benchmarks.plain_loop import (
    DrawnHeatmaps,
    LabelledPicture,
    PlainFaces,
    coordinates,
    quarter_pixel_error,
)

from landmarks.scheme import IBUG68
from landmarks.training.device import Machine

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

SMALLEST = {
    "step": "--repeats 1 --threads 1 --workers 0 --batch 2 --steps 10",
    "sweep": "--strategies label_adaptation mixing --n-real 4 --seeds 0 --divide 500 --threads 1 "
    "adapter=ridge model.network.widths=[8,8,8,8,8] model.input_size=64",
    "predict": "--repeats 1 --threads 1 --count 4 --batches 1 2",
    "peers": "--repeats 1 --threads 1 --workers 0 --batch 2",
    "data": "--repeats 1 --count 16 --size 64 --batch 4 --stores 40 --reads 8 --spare 0",
    "render": "--count 2",
    "render_memory": "--faces 2",
    "calibration": "--studies 2",
    "finders": "--count 4 --sides 48 --empty 2",
}


def rows_of(out):
    """The rows that a benchmark wrote, after a look at their figures."""
    written = json.loads(out.read_text())
    assert "cores" in written["machine"]
    for row in written["rows"]:
        figures = [value for value in row.values() if isinstance(value, int | float)]
        assert figures
        assert all(math.isfinite(value) for value in figures)
    return written["rows"]


def run_here(name, out, monkeypatch, *more):
    monkeypatch.syspath_prepend(BENCHMARKS)
    words = [name, *SMALLEST[name].split(), *map(str, more), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", words)
    runpy.run_path(str(BENCHMARKS / f"{name}.py"), run_name="__main__")
    return rows_of(out)


def run_apart(name, out, *more):
    """As `run_here`, for benchmarks that start processes of their own."""
    script = BENCHMARKS / f"{name}.py"
    words = [sys.executable, script, *SMALLEST[name].split(), *more, "--out", out]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return rows_of(out)


def test_the_step_is_timed_bare_and_whole(tmp_path, monkeypatch):
    out = tmp_path / "step.json"
    (row,) = run_here("step", out, monkeypatch)
    (parts,) = json.loads(out.read_text())["parts"]
    named = ("batches", "forward", "loss", "backward", "optimiser", "average", "rest")
    assert all(parts[part] > 0 for part in named)
    assert parts["sum"] == pytest.approx(sum(parts[part] for part in named))
    rates = {key: row[f"{key} images/s"] for key in ("bare", "ready", "whole")}
    assert min(rates.values()) > 0
    assert row["whole / bare"] == pytest.approx(rates["whole"] / rates["bare"])
    assert row["lost to data %"] == pytest.approx(100 * (1 - rates["whole"] / rates["ready"]))


def test_a_sweep_counts_the_steps_that_were_really_made(tmp_path, monkeypatch):
    naive, shared = run_here("sweep", tmp_path / "sweep.json", monkeypatch)
    # The schedule of the CPU over 500: 5 steps on rendered faces for both, 5 more of mixing.
    assert naive["optimiser steps"] == 5 + (5 + 5)
    assert shared["optimiser steps"] == 5 + 5
    assert shared["share of naive %"] == pytest.approx(100 * 10 / 15)


def test_prediction_is_timed_by_source_batch_and_kind(tmp_path, monkeypatch):
    rows = run_here("predict", tmp_path / "predict.json", monkeypatch)
    measured = {(row["faces from"], row["batch"], row["prediction"]) for row in rows}
    assert len(measured) == len(rows) == 1 + 2 * 2 + 2 * 2 * 2
    assert all(row["faces/s"] > 0 for row in rows)


def test_finders_are_asked_for_the_same_faces(tmp_path, monkeypatch):
    rows = run_here("finders", tmp_path / "finders.json", monkeypatch)
    asked = [(row["pictures"], row["number"]) for row in rows]
    assert asked[::2] == asked[1::2]
    assert {row["finder"] for row in rows} == {"ours", "Haar"}
    assert [number for _, number in asked[::2]] == [2, 4, 4]


def test_peers_stand_on_a_ladder_from_the_plain_loop_to_ours(tmp_path, monkeypatch):
    rows = run_here("peers", tmp_path / "peers.json", monkeypatch)
    assert [row["loop"] for row in rows][1] == "plain"
    assert [row["loop"] for row in rows][-1] == "ours"
    assert [row["of plain"] for row in rows][1] == 1
    assert rows[1]["ours over it"] == pytest.approx(rows[-1]["of plain"])


def lightning_rate(python, monkeypatch):
    """What is learned from `python`, in the place of one that has Lightning Pose."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    peer = runpy.run_path(str(BENCHMARKS / "lightning_pose_peer.py"))
    material = runpy.run_path(str(BENCHMARKS / "material.py"))
    model = material["architecture"]("resnet18_128")
    options = SimpleNamespace(lightning_pose=python, batch=2, steps=10, clock="wall")
    here = Machine(device="cpu", threads=1, workers=0)
    return peer["lightning_rate"](model, "dlc", Path("labels"), here, options)


def python_that_says(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_lightning_pose_is_asked_for_what_ours_does(tmp_path, monkeypatch):
    answer = """echo $@ > $0.log; echo 'a warning'; echo '{"images_per_second": 2.5}'"""
    python = python_that_says(tmp_path / "python", answer)
    assert lightning_rate(python, monkeypatch) == 2.5
    script, folder, *words = (tmp_path / "python.log").read_text().split()
    assert Path(script) == BENCHMARKS / "lightning_pose_loop.py"
    assert folder == "labels"
    assert {"--backbone=resnet18", "--size=128", "--augmentation=dlc", "--clock=wall"} < set(words)
    assert {"--batch=2", "--threads=1", "--workers=0", "--warmup=10", "--steps=10"} < set(words)


def test_the_reason_for_a_failure_of_lightning_pose_is_shown(tmp_path, monkeypatch):
    python = python_that_says(tmp_path / "python", "echo no such package >&2; exit 1")
    with pytest.raises(SystemExit, match="no such package"):
        lightning_rate(python, monkeypatch)


def test_data_are_timed_by_stage_and_a_store_is_weighed(tmp_path):
    rows = run_apart("data", tmp_path / "data.json", "--folder", tmp_path)
    assert {"batches, half real", "augmentation, real"} <= {row["stage"] for row in rows}
    (store,) = json.loads((tmp_path / "data.json").read_text())["stores"]
    assert store["faces"] == 40
    assert store["disk GB"] > 40 * 96 * 96 * 3 / 1e9  # canvases of crops of 64 pixels
    assert [path.name for path in tmp_path.iterdir()] == ["data.json"]  # the store is gone


def test_a_store_that_does_not_fit_is_refused_before_anything_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5e9))
    with pytest.raises(
        SystemExit, match=r"40 crops take 0\.0 GB, but .* 5\.0 GB free, of which 6 "
    ):
        run_here("data", tmp_path / "data.json", monkeypatch, "--folder", tmp_path, "--spare", 6)
    assert not list(tmp_path.iterdir())


def test_calibration_counts_how_often_the_truth_is_held(tmp_path, monkeypatch):
    rows = run_here("calibration", tmp_path / "calibration.json", monkeypatch)
    assert {row["seeds"] for row in rows} == {1, 2, 3, 5, 10}
    assert all(row["median interval"] == "not enough seeds" for row in rows if row["seeds"] == 1)


@pytest.mark.slow
def test_rendering_is_timed(tmp_path):
    rows = run_apart("render", tmp_path / "render.json")
    assert len(rows) == 2 * 2 * 2


@pytest.mark.slow
def test_rendering_is_weighed(tmp_path):
    (row,) = run_apart("render_memory", tmp_path / "render_memory.json")
    assert row["processes"] >= 3  # the command and two workers
    assert 100 < row["private MB"] < row["resident MB"]


HOLD = """
import subprocess, sys, time
megabytes = int(sys.argv[1])
held = bytearray(b"x") * (megabytes * 2**20)
if len(sys.argv) > 2:
    subprocess.run([sys.executable, "-c", sys.argv[2], str(megabytes)], check=True)
time.sleep(1)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux reports memory")
def test_memory_is_that_of_a_command_and_of_what_it_starts():
    alone = most_held([sys.executable, "-c", HOLD, "40"])
    both = most_held([sys.executable, "-c", HOLD, "40", HOLD])
    assert (alone.processes, both.processes) == (1, 2)
    assert 40 < alone.own < 60
    assert 80 < both.own < 120
    assert both.own < both.resident


def test_a_command_that_fails_is_not_weighed():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        most_held([sys.executable, "-c", "1 / 0"])


def test_figures_are_taken_in_turn():
    called = []
    works = {name: lambda name=name: called.append(name) or float(len(called)) for name in "ab"}
    assert in_turn(works, 2) == {"a": [1, 3], "b": [2, 4]}
    assert called == ["a", "b", "a", "b"]


def test_a_ratio_is_the_median_of_each_round():
    assert ratio([1, 8, 30], [1, 4, 10]) == 2  # 1, 2 and 3; of the medians it would be 2 as well
    assert ratio([1, 8, 30], [10, 4, 10]) == 2  # 0.1, 2 and 3; of the medians it would be 0.8


def test_a_clock_leaves_out_what_comes_before_its_first_call():
    seconds = iter([100.0, 102.0, 105.0])
    clock = Clock(now=lambda: next(seconds))
    for step in (10, 20, 30):
        clock(step, 0.5, 1e-3)
    assert clock.per_second(batch_size=4) == 20 * 4 / 5


def test_a_table_has_a_column_for_each_key():
    assert table([{"a": 1, "b": 0.123456}, {"a": 2, "b": 1234.5}]).splitlines() == [
        "| a | b |",
        "| --- | --- |",
        "| 1 | 0.123 |",
        "| 2 | 1,234 |",
    ]


class Dots:
    """A picture with one bright block around each landmark."""

    def __init__(self, landmarks, size):
        self.landmarks = landmarks
        self.size = size

    def read(self):
        image = np.zeros((self.size, self.size, 3), np.uint8)
        for x, y in self.landmarks.astype(int):
            image[y - 2 : y + 3, x - 2 : x + 3] = 255
        return image


def test_the_plain_loop_moves_pixels_and_landmarks_alike():
    rng = np.random.default_rng(0)
    places = rng.permutation(18 * 18)[:68]
    landmarks = (np.stack([places % 18, places // 18], axis=1) * 12 + 150).astype(np.float32)
    faces = PlainFaces([LabelledPicture(Dots(landmarks, 512), landmarks)], 128, coordinates, IBUG68)
    random.seed(0)
    for _ in range(8):  # mirrored and not
        image, found = faces[0]
        inside = ((found > 2) & (found < 125)).all(dim=1)
        x, y = found[inside].round().long().T
        assert inside.sum() > 30
        assert (image[:, y, x] > 1).all()  # bright; black lies below -1.8


def test_drawn_heatmaps_peak_on_the_pixel_that_covers_the_landmark():
    landmarks = np.array([[1.5, 1.5], [61.5, 33.5], [200.0, 20.0]])
    maps = DrawnHeatmaps(64)(landmarks)
    assert maps.shape == (3, 16, 16)
    assert maps[0, 0, 0] == maps[1, 8, 15] == 1
    assert maps[1, 8, 14] == pytest.approx(math.exp(-0.5))
    assert not maps[2].any()  # outside


def test_the_error_of_the_plain_loop_is_a_distance_of_peaks():
    target = torch.zeros(1, 1, 9, 9)
    target[0, 0, 4, 4] = 1
    output = torch.zeros(1, 1, 9, 9)
    output[0, 0, 4, 6], output[0, 0, 4, 7] = 1, 0.5  # two pixels off, and a quarter
    assert quarter_pixel_error(target, target) == 0
    assert quarter_pixel_error(output, target) == pytest.approx(2.25)
