"""Run Lightning Pose for `peers.py`: write its label files, measure its speed, compare sizes.

Its loop is in `lightning_pose_loop.py`, which runs in a separate Python environment because
Lightning Pose needs other package versions than this project.
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
    """Write crops as JPEG files of the input's size, and `count` rows of Lightning Pose labels."""
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
    """Faces per second of Lightning Pose with the backbone of `model` and one of its presets."""
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
        sys.exit(
            f"{done.stderr}\nLightning Pose failed with exit code {done.returncode}; see above"
        )
    measured = json.loads(done.stdout.splitlines()[-1])
    print(f"Lightning Pose: {measured}", file=sys.stderr)
    return float(measured["images_per_second"])


def size_of(model: Architecture) -> dict[str, float]:
    """Number of parameters of the network, and GFLOP of a forward pass of one face."""
    network = model.start(K, seed=0).eval()
    with FlopCounterMode(display=False) as operations, torch.no_grad():
        network(torch.zeros(1, 3, model.input_size, model.input_size))
    return {
        "parameters": sum(p.numel() for p in network.parameters()),
        "GFLOP of a face": operations.get_total_flops() / 1e9,
    }
