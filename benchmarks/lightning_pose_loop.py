"""Time the training loop of Lightning Pose; `peers.py` runs this with the Python that has it.

Uses its heatmap tracker, dataset, data module, loss and trainer, assembled as its `train` does with
the default configuration: augmentation `dlc`, mean squared error, Adam, float32. A step is its
`training_step`, which also decodes landmarks from upsampled heatmaps for the error that it logs.
The backbone keeps its learning rate of 0 of the first epochs, which does not change the time.

Two things make this faster than its own command: there is no validation, checkpoint, progress bar
or log file, and images have the size of the network's input, so that none is resized.
`--augmentation default` turns augmentation off, to time the rest. Imports nothing from this
project. Prints one line of JSON.
"""

import argparse
import json
import time
from collections.abc import Callable
from importlib.metadata import version

import cv2
import lightning.pytorch as pl
import torch
from lightning_pose.data.augmentations import expand_imgaug_str_to_dict, imgaug_transform
from lightning_pose.data.datamodules import BaseDataModule
from lightning_pose.data.datasets import HeatmapDataset
from lightning_pose.losses.factory import LossFactory
from lightning_pose.models.heatmap_tracker import HeatmapTracker
from torch.utils.flop_counter import FlopCounterMode

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


class Clock(pl.Callback):
    """Record when each step ends, by the clock `now`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.ends: list[float] = []

    def on_train_batch_end(self, *_: object) -> None:
        """Record the end of a step."""
        self.ends.append(self.now())


def main() -> None:
    """Train for some steps; print faces per second after the warm-up, and the network's size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", help="folder of labels.csv and the images")
    parser.add_argument("--backbone", required=True)
    for name in ("size", "batch", "threads", "workers", "warmup", "steps"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--augmentation", required=True, help="one of its presets")
    parser.add_argument("--clock", choices=CLOCKS, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)  # else OpenCV augments on all cores
    dataset = HeatmapDataset(
        options.folder,
        "labels.csv",
        image_resize_height=options.size,
        image_resize_width=options.size,
        imgaug_transform=imgaug_transform(expand_imgaug_str_to_dict(options.augmentation)),
        downsample_factor=2,  # heatmaps at stride 4, as ours
    )
    data = BaseDataModule(
        dataset,
        train_batch_size=options.batch,
        num_workers=options.workers,
        train_probability=0.9,
        val_probability=0.05,
    )
    losses = LossFactory({"heatmap_mse": {"log_weight": 0.0}}, data_module=data)
    tracker = HeatmapTracker(
        num_keypoints=dataset.num_keypoints,
        loss_factory=losses,
        backbone=options.backbone,
        downsample_factor=2,
        pretrained=False,
    )
    clock = Clock(CLOCKS[options.clock])
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=options.warmup + options.steps,
        limit_val_batches=0,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[clock],
    )
    trainer.fit(tracker, datamodule=data)
    seconds = clock.ends[-1] - clock.ends[options.warmup - 1]
    with FlopCounterMode(display=False) as operations, torch.no_grad():
        tracker(torch.zeros(1, 3, options.size, options.size))
    found = {
        "images_per_second": options.steps * options.batch / seconds,
        "versions": {name: version(name) for name in ("lightning-pose", "lightning", "torch")},
        "parameters": sum(p.numel() for p in tracker.parameters()),
        "GFLOP of a face": operations.get_total_flops() / 1e9,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
