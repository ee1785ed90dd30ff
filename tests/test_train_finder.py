"""One command trains a face finder, goes on after an interruption, and calibrates its boxes."""

import sys
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest

from landmarks.inference.finders.finder import FoundBox
from landmarks.inference.finders.network_file import read_finder
from landmarks.models.box_maps import box_network
from landmarks.training.finder.scene import Scene
from landmarks.training.finder.stage import FACE
from tests.training.finder_material import drawn_faces


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "scripts"))
    module = import_module("train_finder")
    monkeypatch.setattr(module, "WIDTHS", (4, 8))
    monkeypatch.setattr(module, "HELD_OUT", 2)
    return module


@pytest.fixture
def folder(tmp_path):
    """A folder of rendered faces, but drawn."""
    faces = drawn_faces(3)
    for i, (picture, points) in enumerate(zip(faces.pictures, faces.landmarks, strict=True)):
        cv2.imwrite(str(tmp_path / f"{i}.png"), picture[..., 2::-1])
        cv2.imwrite(str(tmp_path / f"{i}_seg.png"), picture[..., 3])
        rows = np.concatenate([points, points[36:38]])
        np.savetxt(tmp_path / f"{i}_ldmks.txt", rows, "%.4f")
    return tmp_path


def run(script, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["train_finder", *map(str, words)])
    return script.main()


def test_the_command_trains_and_says_when_that_was_too_short(script, folder, monkeypatch, capsys):
    words = [folder, "--out", folder / "out", "--steps", 10, "--backgrounds", 1, "--device", "cpu"]
    assert run(script, monkeypatch, *words) == 2
    assert "train it with more --steps" in capsys.readouterr().err
    monkeypatch.setattr(script, "calibrated", lambda finder, *_: finder)
    assert run(script, monkeypatch, *words) == 0
    assert read_finder(folder / "out" / script.FINDER).network.widths == (4, 8)


def test_a_folder_without_faces_is_refused(script, tmp_path, monkeypatch, capsys):
    assert run(script, monkeypatch, tmp_path, "--out", tmp_path / "out") == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_calibration_undoes_a_shift_and_a_scale(script, monkeypatch):
    """A box of side 40 at (30, 30); the finder says side 50, 10 pixels too far to the right."""
    scene = Scene(
        np.zeros((96, 96, 3), np.uint8),
        np.array([[10, 10, 50, 50]], np.float32),
        np.array([FACE], np.uint8),
    )
    monkeypatch.setattr(script, "compose", lambda *_: scene)

    class Wrong:
        network = box_network((4, 8))

        def find(self, images):
            return [(FoundBox((15.0, 5.0, 65.0, 55.0), 0.9),) for _ in images]

    finder = script.calibrated(Wrong(), None, seed=0)
    assert finder.scale == pytest.approx(0.8)
    assert finder.shift == pytest.approx((-0.2, 0.0))
