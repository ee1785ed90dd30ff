"""Throughput of the data pipeline by stage, and the memory that a large store of crops takes.

python benchmarks/data.py                                # 128 pixels, stores of 10,000 and 100,000
python benchmarks/data.py --stores 1000 --folder /fast/disk

A store of 100,000 crops of 128 pixels takes 11 GB of disk and is removed afterwards. A separate
process reads each store in random order, as training does; its peak memory is measured.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from material import (
    PICTURE,
    augmentations,
    copies,
    faces_in_memory,
    faces_on_disk,
    mixture,
    stored_crops,
)
from measuring import (
    CLOCKS,
    Row,
    add_clock_argument,
    arguments,
    in_turn,
    machine,
    per_second,
    publish,
    table,
)

from landmarks.augmentation import Augmentation
from landmarks.data.crops import FaceCrops, canvas_size, make_crops
from landmarks.geometry import LandmarkCrop
from landmarks.scheme import IBUG68

DIFFERENT = 16  # faces that are drawn; more are copies of them under other names
STATUS = Path("/proc/self/status")  # Linux only


def augment(crops: FaceCrops, augmentation: Augmentation, count: int) -> None:
    """Augment `count` stored faces."""
    for i in range(count):
        augmentation.apply(
            crops.images[i % len(crops)],
            crops.landmarks[i % len(crops)],
            crops.visible[i % len(crops)],
            size=crops.size,
            scheme=crops.scheme,
            rng=np.random.default_rng(i),
        )


def stages(options: argparse.Namespace, folder: Path) -> dict[str, Callable[[], float]]:
    """The functions that are timed, by name; each returns faces per second."""
    count = options.count
    faces = faces_in_memory(DIFFERENT, PICTURE)
    timed: dict[str, Callable[[], object]] = {}
    for suffix in (".png", ".jpg"):
        files = copies(faces_on_disk(faces, folder / suffix[1:], suffix), count)
        decode = [face.image.read for face in files.faces]
        timed[f"decode {suffix}, {PICTURE} pixels"] = partial(_call_all, decode)
        store = partial(make_crops, files, LandmarkCrop(), options.size)
        timed[f"store from {suffix}"] = partial(store, folder)
    crops = stored_crops(copies(faces, len(faces)), options.size, folder / "crops")
    batches = mixture(crops, options.batch, count // options.batch)
    everyone = np.arange(count) % len(crops)
    timed["stored crops, for prediction"] = lambda: crops.crops(everyone)
    for domain, augmentation in augmentations().items():
        timed[f"augmentation, {domain}"] = partial(augment, crops, augmentation, count)
    timed["batches, half real"] = lambda: [batches[t] for t in range(len(batches))]
    now = CLOCKS[options.clock]
    return {name: partial(per_second, work, count, now) for name, work in timed.items()}


def _call_all(functions: Sequence[Callable[[], object]]) -> None:
    for function in functions:
        function()


def peaks() -> dict[str, float]:
    """Memory of this process in MB: private memory now, and the peak including mapped files."""
    pairs = (line.split(":") for line in STATUS.read_text().splitlines())
    kilobytes = {name: int(value.split()[0]) for name, value in pairs if "kB" in value}
    return {"own": kilobytes["RssAnon"] / 1024, "peak": kilobytes["VmHWM"] / 1024}


def use(directory: Path, size: int, options: argparse.Namespace) -> Row:
    """Open a store and make batches from it; return time and memory. Runs in a new process."""
    before = peaks()["own"]
    begin = time.perf_counter()
    crops = FaceCrops(directory, size, IBUG68)
    labels = crops.images.shape, crops.landmarks, crops.visible, crops.ids
    opened = time.perf_counter() - begin
    steps = options.reads // options.batch
    batches = mixture(crops, options.batch, steps)
    own, begin = before, time.perf_counter()
    for t in range(steps):
        batches[t]
        own = max(own, peaks()["own"])
    rate = steps * options.batch / (time.perf_counter() - begin)
    return {
        "faces": len(labels[-1]),
        "opened in ms": 1000 * opened,
        "faces/s in batches": rate,
        "private MB before": before,
        "private MB peak": own,
        "private MB added": own - before,
        "MB with mapped files": peaks()["peak"],
    }


def check_room(options: argparse.Namespace) -> None:
    """Exit if the largest store does not fit on the disk."""
    count = max(options.stores, default=0)
    needed = count * canvas_size(options.size) ** 2 * 3
    free = shutil.disk_usage(options.folder).free
    if needed and free < needed + options.spare * 1e9:
        sys.exit(
            f"{count:,} crops take {needed / 1e9:.1f} GB, but {options.folder} has "
            f"{free / 1e9:.1f} GB free, of which {options.spare:g} must stay free; "
            "choose smaller --stores, another --folder or a smaller --spare"
        )


def store(count: int, options: argparse.Namespace) -> Row:
    """Build a store of `count` crops, use it in another process, and remove it."""
    faces = copies(faces_in_memory(DIFFERENT, options.size), count)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        built = per_second(
            lambda: make_crops(faces, LandmarkCrop(), options.size, Path(name)),
            count,
            CLOCKS["wall"],
        )
        size = sum(path.stat().st_size for path in Path(name).rglob("*") if path.is_file())
        with get_context("spawn").Pool(1) as pool:
            used = pool.apply(use, (Path(name), options.size, options))
    return {"disk GB": size / 1e9, "built faces/s": built, **used}


def main() -> None:
    """Run the benchmark; print and write its numbers."""
    parser = arguments(__doc__, "data")
    parser.add_argument("--repeats", type=int, default=5, help="rounds; medians are reported")
    add_clock_argument(parser)
    parser.add_argument("--size", type=int, default=128, help="pixels of a crop's side")
    parser.add_argument("--batch", type=int, default=16, help="faces in a batch")
    parser.add_argument("--count", type=int, default=320, help="faces of each measurement")
    parser.add_argument("--stores", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--reads", type=int, default=20_000, help="faces drawn from a store")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--spare", type=float, default=10, help="GB of disk that must stay free")
    options = parser.parse_args()
    check_room(options)
    cv2.setNumThreads(0)  # as in training, so that rates are per core
    here = machine("numpy", "albumentations", "opencv-python-headless", "pillow")
    print(here)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rates = in_turn(stages(options, Path(folder)), options.repeats)
    rows: list[Row] = [
        {
            "stage": name,
            "images/s": median(found),
            "ms an image": 1000 / median(found),
            "rounds": found,
        }
        for name, found in rates.items()
    ]
    stored: list[dict[str, Any]] = [store(count, options) for count in options.stores]
    if stored:
        print(table(stored))
    publish(rows, here, options.out, stores=stored)


if __name__ == "__main__":
    main()
