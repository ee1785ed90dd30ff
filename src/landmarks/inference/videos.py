"""Predict on videos: a table with a row for each face of each frame, and the video with landmarks.

Through OpenCV: the formats are those that its build can read.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.files import open_file
from landmarks.errors import InputError
from landmarks.inference.detector import Detector
from landmarks.inference.face import Face
from landmarks.inference.pictures import draw_on_frame
from landmarks.inference.smoothing import OneEuroFilter
from landmarks.inference.tracking import Tracker
from landmarks.models.device import prepare_process
from landmarks.storage.atomic import atomic_folder

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm")
TABLE = "predictions.csv"
ANNOTATED = "annotated.mp4"

TOGETHER = 8  # frames
USUAL_RATE = 25.0  # frames per second of a camera that does not say

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Watched:
    """What was predicted on a video.

    Attributes:
        frames: Number of its frames.
        without: How many of them show no face.
        tracks: Number of tracks; somebody who is out of sight for long gets a new one.
    """

    frames: int
    without: int
    tracks: int


def predict_video(
    detector: Detector, source: Path | int, out: Path, smoothing: OneEuroFilter | None
) -> Watched:
    """Find and follow the faces of a video, and write their landmarks.

    Args:
        detector: Trained.
        source: A file, or the number of a camera, which is recorded until Ctrl-C.
        out: Folder, new or empty, for `predictions.csv` (frame from 0, seconds, track, 0-based
            pixels) and `annotated.mp4`.
        smoothing: Applied to the landmarks of each track; None: they are as predicted.

    Raises:
        InputError: The video cannot be read, `out` is in use, or the detector finds no faces.
    """
    prepare_process()
    detector.find([])
    with atomic_folder(out) as folder, _opened(source) as capture:
        rate = capture.get(cv2.CAP_PROP_FPS) or USUAL_RATE
        tracker, frames, without, tracks = Tracker(), 0, 0, set[int | None]()
        with (
            (folder / TABLE).open("w", newline="", encoding="utf-8") as file,
            _Film(folder / ANNOTATED, rate) as film,
        ):
            table = _Table(file, detector.scheme.num_landmarks)
            try:
                for batch in _batches(capture, source):
                    for image, found in zip(batch, detector(batch), strict=True):
                        faces = tracker.follow(found)
                        if smoothing is not None:
                            faces = smoothing.smooth(faces, frames / rate)
                        table.add(frames, frames / rate, faces)
                        film.add(draw_on_frame(image, faces))
                        frames += 1
                        without += not faces
                        tracks |= {face.track for face in faces}
            except KeyboardInterrupt:
                if isinstance(source, Path):
                    raise
        if frames == 0:
            raise InputError(f"{_named(source)}: no frame could be read")
    return Watched(frames, without, len(tracks))


def _named(source: Path | int) -> str:
    return str(source) if isinstance(source, Path) else f"camera {source}"


@contextmanager
def _opened(source: Path | int) -> Iterator[cv2.VideoCapture]:
    if isinstance(source, Path):
        open_file(source, largest=2**63).close()
    capture = cv2.VideoCapture(str(source) if isinstance(source, Path) else source)
    try:
        if not capture.isOpened():
            kinds = ", ".join(VIDEO_SUFFIXES)
            raise InputError(
                f"{_named(source)}: OpenCV cannot open it; expected a video ({kinds}) that is not "
                "damaged, or a camera that no other program uses"
            )
        yield capture
    finally:
        capture.release()


def _batches(capture: cv2.VideoCapture, source: Path | int) -> Iterator[list[Image]]:
    """Frames, (H, W, 3) uint8 RGB, a few at a time."""
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT) if isinstance(source, Path) else 0
    batch: list[Image] = []
    with tqdm(total=int(count) if count > 0 else None, desc="predict", unit="frame") as progress:
        while True:
            is_read, frame = capture.read()
            if is_read:
                batch.append(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8))
            if batch and (not is_read or len(batch) == TOGETHER):
                yield batch
                progress.update(len(batch))
                batch = []
            if not is_read:
                return


class _Table:
    """The table of a video, a row for each face of each frame."""

    def __init__(self, file: TextIO, num_landmarks: int) -> None:
        self._writer = csv.writer(file)
        axes = [f"{axis}{k}" for k in range(num_landmarks) for axis in "xy"]
        self._writer.writerow(["frame", "seconds", "track", *axes])

    def add(self, frame: int, seconds: float, faces: Sequence[Face]) -> None:
        """The faces of the next frame."""
        for face in faces:
            numbers = [f"{value:.3f}" for value in face.points.ravel()]
            self._writer.writerow([frame, f"{seconds:.3f}", face.track, *numbers])


class _Film:
    """A video that is written frame by frame; it begins with the first one, which gives its size.

    Raises:
        InputError: OpenCV cannot write it.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self._path, self._rate = path, rate
        self._writer: cv2.VideoWriter | None = None

    def __enter__(self) -> "_Film":
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.release()

    def add(self, image: Image) -> None:
        """The next frame, (H, W, 3) uint8 RGB."""
        if self._writer is None:
            height, width = image.shape[:2]
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), code, self._rate, (width, height))
            if not self._writer.isOpened():
                raise InputError(f"{self._path}: OpenCV cannot write a video of this size here")
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
