"""Compare detectors on the faces of 300-W: the bundled one, others of ours, dlib and MediaPipe.

python benchmarks/detectors.py --root 300W --folders afw helen/trainset
python benchmarks/detectors.py --root 300W --folders afw --detector RUN --onnx detector.onnx \
    --dlib DLIB_ENV/bin/python --mediapipe MEDIAPIPE_ENV/bin/python

*Given* boxes are tight around the true landmarks. For *found* boxes, the face with the largest
overlap counts; a face that nobody found is a failure and has no error. dlib's shape predictor was
trained on 300-W, these faces among them, and its squares fit HELEN best; MediaPipe gets the box
with half its side around it and has other landmarks, of which 68 are chosen (detector_peer.py).
dlib and MediaPipe run with the Python of environments of their own:

pip install dlib-bin face_recognition_models "setuptools<81" opencv-python-headless
pip install mediapipe==0.10.21
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from measuring import Row, arguments, machine, publish
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.dataset import FaceDataset
from landmarks.data.w300 import read_w300
from landmarks.inference.detector import Detector
from landmarks.inference.face import tight_box
from landmarks.inference.finders.finder import overlaps
from landmarks.metrics import bootstrap, fails, nme, point_errors
from landmarks.scheme import IBUG68
from landmarks.scheme.units import interocular

PEER = Path(__file__).with_name("detector_peer.py")
K = IBUG68.num_landmarks
LEAST_OVERLAP = 0.3
Answer = tuple[NDArray[np.float32], NDArray[np.float64]]  # landmarks, NaN if none; seconds


def ours(detector: Detector, faces: FaceDataset, found: bool) -> Answer:
    """Of each face: landmarks, and seconds of CPU time, one photo at a time."""
    landmarks = np.full((len(faces.faces), K, 2), np.nan, np.float32)
    seconds = np.zeros(len(faces.faces))
    for i, face in enumerate(tqdm(faces.faces, desc="found" if found else "given", unit="face")):
        image, box = face.image.read(), tight_box(face.landmarks)
        start = time.process_time()
        answers = detector(image, boxes=None if found else [box])
        seconds[i] = time.process_time() - start
        if not answers:
            continue
        boxes = [tight_box(answer.points) for answer in answers]
        overlap = overlaps(boxes, [box])[:, 0]
        if not found or overlap.max() >= LEAST_OVERLAP:
            landmarks[i] = answers[int(overlap.argmax())].points
    return landmarks, seconds


def exported(path: Path, faces: FaceDataset) -> Answer:
    """The same of a file of `landmarks export`, by onnxruntime, with given boxes."""
    import onnxruntime  # of the extra `export`

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options)
    landmarks, seconds = [], []
    for face in tqdm(faces.faces, desc="onnxruntime", unit="face"):
        image = face.image.read()
        boxes = np.array([tight_box(face.landmarks)], np.float32)
        start = time.process_time()
        landmarks.append(session.run(["points"], {"image": image, "boxes": boxes})[0][0])
        seconds.append(time.process_time() - start)
    return np.array(landmarks), np.array(seconds)


def peer(python: str, name: str, faces: FaceDataset) -> Answer:
    """The same of dlib or MediaPipe, with given boxes."""
    with tempfile.TemporaryDirectory() as folder:
        request, out = Path(folder, "request.json"), Path(folder, "answer.npz")
        asked = {
            "images": [str(face.image.path.resolve()) for face in faces.faces],
            "boxes": [tight_box(face.landmarks) for face in faces.faces],
        }
        request.write_text(json.dumps(asked))
        subprocess.run([python, PEER, name, request, out], check=True, capture_output=True)
        with np.load(out) as answer:
            return answer["landmarks"], answer["seconds"]


def row(system: str, boxes: str, where: str, faces: FaceDataset, answer: Answer) -> Row:
    """Errors in per cent of the distance between the outer eye corners."""
    landmarks, seconds = answer
    seen = ~np.isnan(landmarks).any(axis=(1, 2))
    target = faces.landmarks
    visible = np.ones(target.shape[:2], bool)
    errors = point_errors(np.nan_to_num(landmarks), target, visible)
    unit = interocular(target, visible, IBUG68)
    whole, inner, jaw = (
        100 * nme(errors, unit, part)
        for part in (tuple(range(K)), IBUG68.regions["inner51"], IBUG68.regions["jaw"])
    )
    groups = np.array([face.group for face in faces.faces])
    mean = bootstrap(whole[seen], groups[seen], np.asarray)
    failures = np.where(seen, fails(whole, 8), 1)
    return {
        "faces": where,
        "system": system,
        "boxes": boxes,
        "NME %": f"{mean.value:.2f} [{mean.low:.2f}, {mean.high:.2f}]",
        "median": f"{np.median(whole[seen]):.2f}",
        "inner 51": f"{inner[seen].mean():.2f}",
        "jaw": f"{jaw[seen].mean():.2f}",
        "above 8 %": f"{100 * failures.mean():.1f} %",
        "not found": int((~seen).sum()),
        "ms a face": f"{1000 * np.median(seconds):.0f}",
    }


def rows(
    options: argparse.Namespace, where: str, detectors: Sequence[tuple[str, Detector]]
) -> list[Row]:
    """All systems on the faces of one folder."""
    faces = read_w300(options.root, folders=[where])
    add = partial(row, where=where, faces=faces)
    table = []
    for name, detector in detectors:
        table.append(add(name, "given", answer=ours(detector, faces, found=False)))
        table.append(add(name, "found", answer=ours(detector, faces, found=True)))
    if options.onnx is not None:
        table.append(add("bundled, onnxruntime", "given", answer=exported(options.onnx, faces)))
    for name in ("dlib", "mediapipe"):
        if python := getattr(options, name):
            table.append(add(name, "given", answer=peer(python, name, faces)))
    return table


def main() -> None:
    """Print the table and write it."""
    parser = arguments(__doc__, "detectors")
    parser.add_argument("--root", type=Path, required=True, help="of 300-W")
    parser.add_argument("--folders", nargs="+", default=["afw"])
    parser.add_argument("--detector", action="append", default=[], help="a run or file beside ours")
    parser.add_argument("--onnx", type=Path, help="what `landmarks export --out FILE` wrote")
    parser.add_argument("--dlib", help="Python of an environment with dlib")
    parser.add_argument("--mediapipe", help="Python of an environment with MediaPipe")
    options = parser.parse_args()
    torch.set_num_threads(1)
    detectors = [("bundled", Detector.load()), *((p, Detector.load(p)) for p in options.detector)]
    table = [line for where in options.folders for line in rows(options, where, detectors)]
    publish(table, f"{machine('torch')}; one thread, CPU time", options.out)


if __name__ == "__main__":
    main()
