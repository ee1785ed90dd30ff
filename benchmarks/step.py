"""Cost of a training step: bare, in the whole training loop, and part by part.

python benchmarks/step.py                               # the U-Net at 128 pixels
python benchmarks/step.py --models unet resnet18_128 --repeats 3
python benchmarks/step.py --threads 1 --workers 0 --clock cpu    # on a busy machine
python benchmarks/step.py --device cuda --models hrnet_w18 resnet18 --batch 32 --workers 4 8

*Bare* is a minimal loop on one fixed batch: network, loss, backward, optimiser, moving average.
*Ready* is `landmarks.training.loop.fit` on the same batch: the difference is the cost of the loop.
*Whole* is `fit` on augmented batches, with the given number of data workers. The first table has
the milliseconds of each part of a step of *whole* without workers.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import torch
from material import K, architecture, copies, faces_in_memory, mixture, stored_crops
from measuring import (
    Clock,
    Now,
    Row,
    add_loop_arguments,
    arguments,
    in_turn,
    loop_clock,
    machine,
    publish,
    ratio,
    table,
)
from stopwatch import PARTS, milliseconds
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from landmarks.data.crops import FaceCrops
from landmarks.models.architecture import Architecture
from landmarks.models.forward import to_network
from landmarks.training.batch import Batch
from landmarks.training.batches import MixtureBatches
from landmarks.training.device import Machine
from landmarks.training.loop import fit
from landmarks.training.monitor import LOG_EVERY
from landmarks.training.schedule import Schedule

DIFFERENT = 32  # faces that are drawn


class ReadyBatches(MixtureBatches):
    """One batch, prepared in advance, for every step."""

    def __init__(self, batches: MixtureBatches) -> None:
        super().__init__(batches.sources, batches.batch_size, batches.steps, batches.seed)
        self.ready = batches[0]

    def __getitem__(self, step: int) -> Batch:
        """The ready batch."""
        return self.ready


def bare(model: Architecture, batch: Batch, here: Machine, steps: int, now: Now) -> float:
    """Faces per second of the training step alone, after `LOG_EVERY` steps of warm-up."""
    here.prepare()
    device = here.torch_device
    network = model.start(K, seed=0).to(device).to(memory_format=torch.channels_last)
    batch = batch.to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    average = AveragedModel(
        network, multi_avg_fn=get_ema_multi_avg_fn(Schedule.ema), use_buffers=True
    )
    begin, loss = 0.0, torch.zeros(())
    for step in range(LOG_EVERY + steps):
        if step == LOG_EVERY:
            float(loss.detach())
            begin = now()
        with here.autocast(cpu_bfloat16=model.cpu_bfloat16):
            output = network(to_network(batch.images))
        loss = model.loss(output, batch.landmarks, batch.visible, model.codec)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        average.update_parameters(network)
    float(loss.detach())  # waits for a GPU to finish
    return steps * len(batch.images) / (now() - begin)


def looped(model: Architecture, batches: MixtureBatches, here: Machine, now: Now) -> float:
    """Faces per second of `fit`, between its first and last call of `on_progress`."""
    here.prepare()
    clock = Clock(now)
    with tempfile.TemporaryDirectory() as directory:
        fit(
            model.start(K, seed=0),
            model,
            batches,
            Schedule(steps=batches.steps, batch_size=batches.batch_size, learning_rate=1e-3),
            machine=here,
            directory=Path(directory),
            on_progress=clock,
        )
    return clock.per_second(batches.batch_size)


def works(
    model: Architecture, crops: FaceCrops, options: argparse.Namespace
) -> dict[str, Callable[[], float]]:
    """The functions that are compared, by name; each returns faces per second."""
    batches = mixture(crops, options.batch, LOG_EVERY + options.steps)
    ready = ReadyBatches(batches)
    now = loop_clock(options)
    compared: dict[str, Callable[[], float]] = {}
    for threads in options.threads:
        here = partial(Machine, device=options.device, threads=threads, checkpoint_seconds=1e9)
        alone = here(workers=0)
        compared[f"bare, {threads}"] = partial(bare, model, ready.ready, alone, options.steps, now)
        compared[f"ready, {threads}"] = partial(looped, model, ready, alone, now)
        for workers in options.workers:
            whole = partial(looped, model, batches, here(workers=workers), now)
            compared[f"whole {workers}, {threads}"] = whole
    return compared


def measure(name: str, options: argparse.Namespace) -> list[Row]:
    """The rows of one model."""
    model = architecture(name)
    with tempfile.TemporaryDirectory() as directory:
        faces = copies(faces_in_memory(DIFFERENT, model.input_size), DIFFERENT)
        crops = stored_crops(faces, model.input_size, Path(directory))
        figures = in_turn(works(model, crops, options), options.repeats)
    rows: list[Row] = []
    for threads in options.threads:
        bare_rates = figures[f"bare, {threads}"]
        for workers in options.workers:
            whole = figures[f"whole {workers}, {threads}"]
            rows.append(
                {
                    "model": name,
                    "threads": threads,
                    "workers": workers,
                    "bare images/s": median(bare_rates),
                    "ready images/s": median(figures[f"ready, {threads}"]),
                    "whole images/s": median(whole),
                    "whole / bare": ratio(whole, bare_rates),
                    "lost to data %": 100 * (1 - ratio(whole, figures[f"ready, {threads}"])),
                    "bare rounds": bare_rates,
                    "ready rounds": figures[f"ready, {threads}"],
                    "whole rounds": whole,
                }
            )
    return rows


def measure_parts(name: str, options: argparse.Namespace) -> list[Row]:
    """The parts of a step of one model, milliseconds; medians over the rounds."""
    model = architecture(name)
    now = loop_clock(options)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as directory:
        faces = copies(faces_in_memory(DIFFERENT, model.input_size), DIFFERENT)
        crops = stored_crops(faces, model.input_size, Path(directory))
        batches = mixture(crops, options.batch, LOG_EVERY + options.steps)
        for threads in options.threads:
            here = Machine(
                device=options.device, threads=threads, workers=0, checkpoint_seconds=1e9
            )
            rounds = [milliseconds(model, batches, here, now) for _ in range(options.repeats)]
            found = {part: median(each[part] for each in rounds) for part in PARTS}
            rows.append({"model": name, "threads": threads, **found, "sum": sum(found.values())})
    return rows


def main() -> None:
    """Run the benchmark; print and write its numbers."""
    parser = arguments(__doc__, "step")
    parser.add_argument("--repeats", type=int, default=5, help="rounds; medians are reported")
    add_loop_arguments(parser)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--steps", type=int, default=20, help=f"timed; a multiple of {LOG_EVERY}")
    options = parser.parse_args()
    description = machine("torch", "albumentations", "opencv-python-headless", "timm")
    if options.device == "cuda":
        description = f"{torch.cuda.get_device_name()}, {description}"
    print(description)
    parts = [row for name in options.models for row in measure_parts(name, options)]
    rows = [row for name in options.models for row in measure(name, options)]
    print(table(parts))
    publish(rows, description, options.out, parts=parts)


if __name__ == "__main__":
    main()
