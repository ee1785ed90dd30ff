"""Prediction speed of a detector: from crops and pictures, by batch size, with and without mirror.

python benchmarks/predict.py                             # the U-Net at 128 pixels, on the CPU
python benchmarks/predict.py --models unet resnet18_128 --threads 1
python benchmarks/predict.py --threads 1 --clock cpu             # on a busy machine

*Crops* are stored at the size of the network's input; *pictures* are in memory, 512 pixels wide,
and are cropped to the face box first. A detector predicts the mean over a face and its mirror
image; *upright* is a single pass of network and codec. Rows named after `Detector` time its calls:
`on_crops` at its own batch size, and pictures with boxes that are given, or without. Drawn faces
are hard to find, so that the last of these rows is mostly the time of the finder.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch
from material import PICTURE, K, architecture, copies, faces_in_memory, stored_crops
from measuring import (
    CLOCKS,
    Row,
    add_clock_argument,
    arguments,
    in_turn,
    machine,
    per_second,
    publish,
    ratio,
)
from numpy.typing import NDArray

from landmarks.data.crops import FaceCrops
from landmarks.data.dataset import Face
from landmarks.geometry import LandmarkCrop, crop_matrix, inverse, transform, warp
from landmarks.inference.detector import Detector
from landmarks.inference.face import tight_box
from landmarks.models.forward import predict_images, to_network
from landmarks.training.device import Machine

DIFFERENT = 8  # faces that are drawn; they are used repeatedly
CPU = torch.device("cpu")

Find = Callable[[Detector, NDArray[np.uint8]], NDArray[np.float32]]
Works = dict[tuple[str, str, str], Callable[[], object]]


@torch.inference_mode()
def upright(detector: Detector, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Landmarks (B, K, 2) of crops (B, H, W, 3), without the mirror image; both crop pixels."""
    output = detector.network(to_network(torch.from_numpy(images)))
    return detector.architecture.codec.decode(output).numpy()


@torch.inference_mode()
def both_ways(detector: Detector, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As `upright`, but the mean over the face and its mirror image, as a detector predicts."""
    return predict_images(detector.network, detector.architecture, images, detector.scheme, CPU)


def from_crops(detector: Detector, crops: FaceCrops, batch: int, find: Find) -> None:
    """Find the landmarks of all stored faces, `batch` at a time, in source pixels."""
    for part in np.split(np.arange(len(crops)), range(batch, len(crops), batch)):
        crops.to_source(find(detector, crops.crops(part)), part)


def from_pictures(detector: Detector, faces: Sequence[Face], batch: int, find: Find) -> None:
    """Crop each face, find its landmarks, and map them to the picture; `batch` at a time."""
    size = detector.architecture.input_size
    for first in range(0, len(faces), batch):
        part = faces[first : first + batch]
        matrices = [crop_matrix(detector.crop.square(f.landmarks, f.box), size) for f in part]
        images = [warp(f.image.read(), m, size) for f, m in zip(part, matrices, strict=True)]
        transform(find(detector, np.stack(images)), inverse(np.stack(matrices)))


def together(detector: Detector, faces: Sequence[Face], batch: int) -> None:
    """A detector called with pictures, `batch` at a time, and the tight boxes of their faces."""
    for first in range(0, len(faces), batch):
        part = faces[first : first + batch]
        boxes = [[tight_box(face.landmarks)] for face in part]
        detector([face.image.read() for face in part], boxes)


def found(detector: Detector, faces: Sequence[Face], batch: int) -> None:
    """A detector called with pictures alone, whose faces it finds."""
    for first in range(0, len(faces), batch):
        detector([face.image.read() for face in faces[first : first + batch]])


def works(
    detector: Detector, crops: FaceCrops, faces: Sequence[Face], batches: Sequence[int]
) -> Works:
    """The functions that are timed, by source, batch size and kind of prediction."""
    chosen: Works = {("Detector.on_crops", "own", "mirror"): partial(detector.on_crops, crops)}
    for batch in batches:
        key = str(batch), "mirror"
        chosen["Detector, boxes given", *key] = partial(together, detector, faces, batch)
        chosen["Detector, faces found", *key] = partial(found, detector, faces, batch)
        for kind, find in (("mirror", both_ways), ("upright", upright)):
            key = str(batch), kind
            chosen["crops", *key] = partial(from_crops, detector, crops, batch, find)
            chosen["pictures", *key] = partial(from_pictures, detector, faces, batch, find)
    return chosen


def measure(name: str, threads: int, options: argparse.Namespace) -> list[Row]:
    """The rows of one model with `threads` threads."""
    Machine(device="cpu", threads=threads).prepare()
    model = architecture(name)
    network = model.start(K, seed=0).to(memory_format=torch.channels_last).eval()
    detector = Detector(network=network, architecture=model, crop=LandmarkCrop(), device="cpu")
    dataset = copies(faces_in_memory(DIFFERENT, PICTURE), options.count)
    with tempfile.TemporaryDirectory() as directory:
        crops = stored_crops(dataset, model.input_size, Path(directory))
        chosen = works(detector, crops, dataset.faces, options.batches)
        now = CLOCKS[options.clock]
        timed = {key: partial(per_second, work, options.count, now) for key, work in chosen.items()}
        in_turn(timed, 1)  # warms caches and compiles kernels
        rates = in_turn(timed, options.repeats)
    rows: list[Row] = []
    for (source, batch, kind), found in rates.items():
        alone = rates.get((source, batch, "upright"))
        rows.append(
            {
                "model": name,
                "threads": threads,
                "faces from": source,
                "batch": batch,
                "prediction": kind,
                "faces/s": median(found),
                "of upright": ratio(found, alone) if alone else "",
                "rounds": found,
            }
        )
    return rows


def main() -> None:
    """Measure, print, write."""
    parser = arguments(__doc__, "predict")
    parser.add_argument("--repeats", type=int, default=5, help="rounds; medians are reported")
    parser.add_argument("--models", nargs="+", default=["unet"], help="files of configs/model")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="torch threads")
    add_clock_argument(parser)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32], help="faces at a time")
    parser.add_argument("--count", type=int, default=128, help="faces of each measurement")
    options = parser.parse_args()
    description = machine("torch", "opencv-python-headless", "timm")
    print(description)
    pairs = [(name, threads) for name in options.models for threads in options.threads]
    rows = [row for pair in pairs for row in measure(*pair, options)]
    publish(rows, description, options.out)


if __name__ == "__main__":
    main()
