"""Lightning Pose as `peers.py` asks for it: its files of labels, its rate, and our network's size.

Its loop is `lightning_pose_loop.py`, run by a Python of its own, for it needs other versions of
packages than this project.
"""

import argparse
import csv
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from material import K
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from landmarks.data.crops import FaceCrops
from landmarks.models.architecture import Architecture
from landmarks.training.device import Machine
from landmarks.training.monitor import LOG_EVERY

LOOP = Path(__file__).with_name("lightning_pose_loop.py")


def write_labels(crops: FaceCrops, count: int, folder: Path) -> None:
    """Crops as JPEG files of the input's size; `count` lines of labels for Lightning Pose."""
    folder.mkdir()
    names = [f"landmark{k}" for k in range(K) for _ in "xy"]
    with (folder / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["scorer", *["people"] * (2 * K)])
        rows.writerow(["bodyparts", *names])
        rows.writerow(["coords", *["x", "y"] * K])
        for i in range(count):
            found = (crops.landmarks[i % len(crops)] - crops.border).reshape(-1)
            rows.writerow([f"{i % len(crops):05}.jpg", *found.tolist()])
    for i, image in enumerate(crops.crops(np.arange(len(crops)))):
        Image.fromarray(image).save(folder / f"{i:05}.jpg", quality=95)


def lightning_rate(
    model: Architecture,
    augmentation: str,
    folder: Path,
    here: Machine,
    options: argparse.Namespace,
) -> float:
    """Faces a second of Lightning Pose with the backbone of `model` and a preset of its own."""
    words = {
        "backbone": cast(partial[object], model.network).keywords["backbone"],
        "size": model.input_size,
        "batch": options.batch,
        "threads": here.threads,
        "workers": here.workers,
        "warmup": LOG_EVERY,
        "steps": options.steps,
        "augmentation": augmentation,
        "clock": options.clock,
    }
    done = subprocess.run(
        [
            options.lightning_pose,
            LOOP,
            folder,
            *(f"--{name}={value}" for name, value in words.items()),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{done.stderr}\nLightning Pose ended with {done.returncode}; see above")
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"Lightning Pose: {told}", file=sys.stderr)
    return float(told["images_per_second"])


def size_of(model: Architecture) -> dict[str, float]:
    """Parameters of the network, and billions of operations that it answers a face with."""
    network = model.start(K, seed=0).eval()
    with FlopCounterMode(display=False) as operations, torch.no_grad():
        network(torch.zeros(1, 3, model.input_size, model.input_size))
    return {
        "parameters": sum(p.numel() for p in network.parameters()),
        "GFLOP of a face": operations.get_total_flops() / 1e9,
    }
