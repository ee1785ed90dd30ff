"""Train the face finder on scenes composed from rendered faces: no photo, no real label.

landmarks synthesize n=8000 size=160 out=data/rendered/for_finder
python scripts/train_finder.py data/rendered/for_finder --out outputs/finder

Give the command again to go on after an interruption. The result is `finder.safetensors`, whose
boxes are calibrated on scenes that were not trained on.
"""

import argparse
import logging
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tqdm import tqdm

from landmarks.errors import InputError
from landmarks.inference.finders.network import NetworkFinder
from landmarks.inference.finders.network_file import read_finder, write_finder
from landmarks.models.box_maps import box_network
from landmarks.training.device import Machine
from landmarks.training.finder.batches import SceneBatches
from landmarks.training.finder.fit import fit_finder
from landmarks.training.finder.material import paint_backgrounds, read_faces
from landmarks.training.finder.scene import Material, compose
from landmarks.training.finder.stage import FACE
from landmarks.training.monitor import WEIGHTS
from landmarks.training.schedule import Schedule

WIDTHS = (16, 32, 48, 80, 112)
SCENE = 96  # pixels
FINDER = "finder.safetensors"
HELD_OUT = 400  # scenes for the calibration
NEAR = 0.3  # sides of a box between its middle and that of the face that it is of


def train(options: argparse.Namespace) -> None:
    """Read, paint, train, calibrate, write."""
    machine = Machine(device=options.device, workers=options.workers, threads=options.threads)
    machine.prepare()
    schedule = Schedule(
        steps=options.steps,
        batch_size=32,
        learning_rate=options.learning_rate,
        clip_norm=5.0,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    material = Material(
        faces=read_faces(options.faces, first=options.first),
        backgrounds=paint_backgrounds(options.backgrounds, options.seed, options.panoramas),
    )
    batches = SceneBatches(
        material,
        size=SCENE,
        batch_size=schedule.batch_size,
        steps=schedule.steps,
        seed=options.seed,
        new=4,
    )
    torch.manual_seed(options.seed)
    start = options.start
    network = box_network(WIDTHS) if start is None else read_finder(start).network
    with tqdm(total=schedule.steps, desc="finder", unit="step") as bar:

        def show(step: int, loss: float, _: float) -> None:
            bar.update(step - bar.n)
            bar.set_postfix(loss=f"{loss:.4g}", refresh=False)

        fit_finder(
            network, batches, schedule, machine=machine, directory=options.out, on_progress=show
        )
    network.load_state_dict(load_file(options.out / WEIGHTS))
    finder = calibrated(NetworkFinder(network=network.cpu()), material, options.seed)
    write_finder(options.out / FINDER, finder)
    print(f"{options.out / FINDER}: boxes scaled by {finder.scale:.3f}, moved by {finder.shift}")


def calibrated(finder: NetworkFinder, material: Material, seed: int) -> NetworkFinder:
    """The finder with the scale and shift that make its boxes right in the median."""
    ratios, shifts = [], []
    for i in range(HELD_OUT):
        scene = compose(material, SCENE, np.random.default_rng([seed, i, 2**31]))
        faces = scene.boxes[scene.kinds == FACE]
        for found in finder.find([scene.image])[0]:
            box = np.array(found.box)
            side = (box[2:] - box[:2]).max()
            shift = (faces[:, :2] + faces[:, 2:] - box[:2] - box[2:]) / 2 / side
            distances = np.hypot(*shift.T)
            if len(faces) and distances.min() < NEAR:
                nearest = int(distances.argmin())
                ratios.append((faces[nearest, 2:] - faces[nearest, :2]).max() / side)
                shifts.append(shift[nearest])
    if not ratios:
        raise InputError("the network finds no face in any scene; train it with more --steps")
    right, down = np.median(shifts, axis=0).tolist()
    return NetworkFinder(
        network=finder.network, scale=float(np.median(ratios)), shift=(right, down)
    )


def main() -> int:
    """Parse the arguments; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faces", type=Path, nargs="+", help="folders of rendered faces")
    parser.add_argument("--out", type=Path, default=Path("outputs/finder"))
    parser.add_argument("--first", type=int, help="faces to take of each folder; default: all")
    parser.add_argument("--panoramas", help="folder of .hdr files, also used as backgrounds")
    parser.add_argument("--backgrounds", type=int, default=500, help="number of backgrounds")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="finder.safetensors to go on from")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", type=int, default=0, help="processes that compose scenes")
    parser.add_argument("--threads", type=int, help="default: those of torch")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        train(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
