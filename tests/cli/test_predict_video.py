"""Prediction on videos and cameras: tables, tracks, the written film, and what is refused."""

import csv

import cv2
import numpy as np
import pytest
from PIL import Image

from landmarks.cli.predict import main
from landmarks.data.toy import read_toy
from landmarks.geometry import LandmarkCrop
from landmarks.inference.detector import Detector
from landmarks.inference.finders.finder import FoundBox
from landmarks.inference.finders.network import NetworkFinder
from tests.small import small_architecture

SIZE = (200, 160)  # width and height of a frame
FRAMES = 20
DETECTOR = ("--detector", "detector.safetensors", "--out", "found")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A video of a drawn face that moves to the right by 2 pixels a frame, and is gone at last."""
    monkeypatch.chdir(tmp_path)
    architecture = small_architecture()
    network = architecture.start(68, seed=0).eval()
    Detector(network=network, architecture=architecture, crop=LandmarkCrop(1.35)).save(
        tmp_path / "detector.safetensors"
    )
    (face,) = read_toy(count=1, domain="synthetic").faces
    picture = face.image.read()[..., ::-1]
    film = cv2.VideoWriter("clip.avi", cv2.VideoWriter.fourcc(*"MJPG"), 20.0, SIZE)
    for i in range(FRAMES):
        frame = np.zeros((160, 200, 3), np.uint8)
        if i < FRAMES - 5:
            frame[:, 2 * i : 2 * i + 160] = picture
        film.write(frame)
    film.release()

    def find(_, images):
        """A box around the drawing, where there is one."""
        found = []
        for image in images:
            columns = np.flatnonzero(image.max(axis=(0, 2)) > 60)
            left = float(columns.min()) if len(columns) else None
            box = None if left is None else (left + 30.0, 30.0, left + 130.0, 130.0)
            found.append(() if box is None else (FoundBox(box, 1.0),))
        return found

    monkeypatch.setattr(NetworkFinder, "find", find)
    return tmp_path


def rows(place):
    with (place / "found" / "predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_video_gives_a_table_with_frames_and_tracks_and_a_film(place, capsys):
    assert main(["clip.avi", *DETECTOR]) == 0
    found = rows(place)
    assert [int(row["frame"]) for row in found] == list(range(15))
    assert [float(row["seconds"]) for row in found] == pytest.approx(np.arange(15) / 20)
    assert {row["track"] for row in found} == {"1"}
    moved = float(found[-1]["x30"]) - float(found[0]["x30"])
    assert moved == pytest.approx(28, abs=4)  # as far as the face
    film = cv2.VideoCapture(str(place / "found" / "annotated.mp4"))
    sizes = {film.get(cv2.CAP_PROP_FRAME_WIDTH), film.get(cv2.CAP_PROP_FRAME_HEIGHT)}
    assert (film.get(cv2.CAP_PROP_FRAME_COUNT), sizes) == (FRAMES, set(SIZE))
    assert "20 frames, 5 of them without a face, 1 tracks" in capsys.readouterr().out


def test_smoothing_moves_landmarks_but_not_those_of_the_first_frame(place):
    assert main(["clip.avi", *DETECTOR]) == 0
    plain = rows(place)
    (place / "found").rename(place / "plain")
    assert main(["clip.avi", "--smooth", *DETECTOR]) == 0
    smooth = rows(place)
    assert smooth[0] == plain[0]
    assert smooth[5] != plain[5]


def test_a_camera_is_recorded_until_control_c(place, monkeypatch, capsys):
    whole = cv2.VideoCapture

    class Camera:
        def __init__(self, number):
            assert number == 3
            self.file, self.count = whole("clip.avi"), 0

        def read(self):
            self.count += 1
            if self.count == 13:
                raise KeyboardInterrupt
            return self.file.read()

        def __getattr__(self, name):
            return getattr(self.file, name)

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    assert main(["--webcam", "3", *DETECTOR]) == 0
    assert [int(row["frame"]) for row in rows(place)] == list(range(8))  # whole batches
    assert "8 frames" in capsys.readouterr().out


def damaged(place):
    (place / "clip.avi").write_bytes((place / "clip.avi").read_bytes()[:700])


def used(place):
    (place / "found").mkdir()
    (place / "found" / "a.pts").write_text("corrected by hand")


def a_photo(place):
    Image.new("RGB", (40, 30)).save(place / "photo.png")


@pytest.mark.parametrize(
    ("words", "spoil", "message"),
    [
        (["clip.avi"], damaged, "clip.avi: "),
        (["nothing.mp4"], None, "nothing.mp4: no such file"),
        (["clip.avi"], used, "found: exists already, and nothing is overwritten"),
        (["clip.avi", "--boxes", "boxes.csv"], None, "--boxes is for photos"),
        (["clip.avi", "clip.avi"], None, "clip.avi: a video is predicted alone"),
        (["photo.png", "--smooth"], a_photo, "--smooth is for videos"),
    ],
)
def test_what_cannot_be_done_ends_with_one_line_and_code_two(place, capsys, words, spoil, message):
    if spoil is not None:
        spoil(place)
    before = sorted(place.rglob("*"))
    assert main([*words, *DETECTOR]) == 2
    (error,) = (x for x in capsys.readouterr().err.splitlines() if x.startswith("error:"))
    assert message in error
    assert sorted(place.rglob("*")) == before


def test_photos_or_a_camera_must_be_named(place, capsys):
    for words in ([], ["clip.avi", "--webcam", "0"]):
        with pytest.raises(SystemExit) as ended:
            main([*words, *DETECTOR])
        assert ended.value.code == 2
        assert "name photos or a video, or give --webcam" in capsys.readouterr().err
