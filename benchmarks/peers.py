"""Compare our training loop with others: same machine, model, batch size, threads and workers.

python benchmarks/peers.py                               # the plain loop of published code
python benchmarks/peers.py --models resnet18_128 --lightning-pose ENV/bin/python

The plain loop is that of `plain_loop.py`, on 512-pixel JPEG files. Variants between it and ours
change one part at a time, to show the gain of each. The last step to ours adds what the plain loop
does not do: stronger augmentation, another loss, a moving average. `--lightning-pose` adds the loop
of Lightning Pose for models with a timm backbone, with and without augmentation: the same backbone,
input and stride, but its own head, loss and augmentation. The sizes of both networks are printed.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F
from lightning_pose_peer import lightning_rate, size_of, write_labels
from material import (
    PICTURE,
    K,
    architecture,
    copies,
    faces_in_memory,
    faces_on_disk,
    mixture,
    stored_crops,
)
from measuring import (
    Row,
    add_loop_arguments,
    arguments,
    in_turn,
    loop_clock,
    machine,
    publish,
    ratio,
)
from numpy.typing import NDArray
from plain_loop import (
    SIGMA,
    STRIDE,
    DrawnHeatmaps,
    LabelledPicture,
    PlainFaces,
    PlainLoop,
    coordinates,
    quarter_pixel_error,
)
from step import looped
from torch import Tensor

from landmarks.data.crops import FaceCrops
from landmarks.data.dataset import Face
from landmarks.heatmap import HeatmapCodec
from landmarks.models.architecture import Architecture
from landmarks.scheme import IBUG68
from landmarks.training.device import Machine
from landmarks.training.monitor import LOG_EVERY

DIFFERENT = 32  # faces that are drawn
Works = dict[str, Callable[[], float]]


@dataclass(frozen=True)
class StoredCanvas:
    """A stored crop with its margin, as the picture of a plain loop.

    Attributes:
        crops: The store.
        index: Position in the store.
    """

    crops: FaceCrops
    index: int

    def read(self) -> NDArray[np.uint8]:
        """The canvas."""
        return self.crops.images[self.index]


def heatmap_error(output: Tensor, landmarks: Tensor) -> Tensor:
    """Mean squared error, with target heatmaps drawn for the whole batch at once."""
    codec = HeatmapCodec(stride=STRIDE, sigma=SIGMA)
    return F.mse_loss(output, codec.encode(landmarks, (output.shape[-2], output.shape[-1])))


def ladder(model: Architecture, faces: Sequence[Face], crops: FaceCrops) -> dict[str, PlainLoop]:
    """Variants between the loop as published and ours; each changes one part."""
    size = model.input_size
    files = [LabelledPicture(face.image, face.landmarks) for face in faces]
    stored = [
        LabelledPicture(StoredCanvas(crops, i), crops.landmarks[i]) for i in range(len(crops))
    ]
    plain = PlainLoop(
        network=partial(model.start, K, seed=0),
        faces=PlainFaces(files, size, DrawnHeatmaps(size), IBUG68),
        loss=F.mse_loss,
        memory_format=torch.contiguous_format,
        autocast=nullcontext,
        watch=lambda *_: None,
    )
    cached = replace(plain, faces=PlainFaces(stored, size, DrawnHeatmaps(size), IBUG68))
    batched = replace(
        cached, faces=PlainFaces(stored, size, coordinates, IBUG68), loss=heatmap_error
    )
    last = replace(batched, memory_format=torch.channels_last)
    precise = partial(Machine(device="cpu").autocast, cpu_bfloat16=model.cpu_bfloat16)
    return {
        "plain, and its error each step": replace(plain, watch=quarter_pixel_error),
        "plain": plain,
        "crops stored, not decoded": cached,
        "heatmaps of a batch": batched,
        "channels last": last,
        "bfloat16": replace(last, autocast=precise),
    }


def plain_rate(loop: PlainLoop, here: Machine, options: argparse.Namespace) -> float:
    """Faces per second of a variant."""
    here.prepare()
    now = loop_clock(options)
    return loop.per_second(options.batch, here.workers, LOG_EVERY, options.steps, now)


def measure(name: str, options: argparse.Namespace, folder: Path) -> list[Row]:
    """The rows of one model."""
    model = architecture(name)
    drawn = faces_in_memory(DIFFERENT, PICTURE)
    faces = faces_on_disk(drawn, folder / "files", ".jpg")
    steps = LOG_EVERY + options.steps
    crops = stored_crops(copies(faces, len(faces)), model.input_size, folder / "crops")
    # Enough that no epoch ends while it is timed; part of the data is split off for validation.
    write_labels(crops, 2 * options.batch * steps, folder / "labels")
    batches = mixture(crops, options.batch, steps)
    rungs = ladder(model, faces, crops)
    print(f"ours: {size_of(model)}", file=sys.stderr)
    rows = []
    for threads, workers in product(options.threads, options.workers):
        here = Machine(device="cpu", threads=threads, workers=workers, checkpoint_seconds=1e9)
        works: Works = {
            rung: partial(plain_rate, loop, here, options) for rung, loop in rungs.items()
        }
        works["ours"] = partial(looped, model, batches, here, loop_clock(options))
        if options.compile:
            compiling = replace(here, compile=True)
            works["ours, compiled"] = partial(
                looped, model, batches, compiling, loop_clock(options)
            )
        if options.lightning_pose:
            theirs = partial(
                lightning_rate, model, folder=folder / "labels", here=here, options=options
            )
            works["Lightning Pose"] = partial(theirs, "dlc")
            works["Lightning Pose, not augmented"] = partial(theirs, "default")
        rows += [
            {"model": name, "threads": threads, "workers": workers, **row}
            for row in compared(in_turn(chosen(works, options.loops), options.repeats))
        ]
    return rows


def chosen(works: Works, names: list[str] | None) -> Works:
    """The loops with these names, plus "plain" and "ours" as references; None: all of them."""
    if names is None:
        return works
    if unknown := set(names) - set(works):
        sys.exit(f"--loops: unknown {sorted(unknown)}; choose from {list(works)}")
    return {name: work for name, work in works.items() if name in {"plain", "ours", *names}}


def compared(rates: dict[str, list[float]]) -> list[Row]:
    """A row for each loop: its speed, relative to plain, to the line above, and to ours."""
    names = list(rates)
    before = dict(zip(names[1:], names, strict=False))
    return [
        {
            "loop": name,
            "images/s": median(found),
            "of plain": ratio(found, rates["plain"]),
            "of the line above": ratio(found, rates[before[name]]) if name in before else "",
            "ours over it": ratio(rates["ours"], found),
            "rounds": found,
        }
        for name, found in rates.items()
    ]


def main() -> None:
    """Measure, print, write."""
    parser = arguments(__doc__, "peers")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; medians are reported")
    add_loop_arguments(parser)
    parser.add_argument("--steps", type=int, default=10, help=f"timed; a multiple of {LOG_EVERY}")
    parser.add_argument(
        "--compile", action="store_true", help="also time ours with machine.compile"
    )
    parser.add_argument("--loops", nargs="+", help="only these, plus plain and ours")
    parser.add_argument("--lightning-pose", help="Python that has the package lightning-pose")
    options = parser.parse_args()
    description = machine("torch", "albumentations", "opencv-python-headless", "pillow", "timm")
    print(description)
    rows = []
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(name, options, Path(folder))
    publish(rows, description, options.out)


if __name__ == "__main__":
    main()
