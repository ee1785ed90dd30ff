"""The two loops: `fit` trains a network, `predict` runs one over stored faces."""

import logging
import math
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from landmarks.data.crops import FaceCrops
from landmarks.errors import InputError
from landmarks.geometry import mirrored
from landmarks.heatmap import inside
from landmarks.models.architecture import Architecture
from landmarks.scheme import LandmarkScheme
from landmarks.training.batch import Batch, to_network
from landmarks.training.batches import MixtureBatches, load, parts
from landmarks.training.checkpoint import TrainingState
from landmarks.training.device import Machine, full_float32
from landmarks.training.distributed import fabric_for, total, with_shared_statistics
from landmarks.training.interruption import noted_interrupt
from landmarks.training.monitor import WEIGHTS, Course, OnProgress
from landmarks.training.schedule import Schedule

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from lightning_fabric.wrappers import _FabricModule

log = logging.getLogger(__name__)

PREDICTED_AT_ONCE = 64  # faces


def learning_rate(step: int, schedule: Schedule) -> float:
    """The rate of update number `step`, counted from 0: a linear rise, then half a cosine."""
    warmup = min(schedule.warmup, schedule.steps // 2)
    if step < warmup:
        return schedule.learning_rate * (step + 1) / warmup
    progress = (step - warmup) / max(1, schedule.steps - warmup)
    return schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


def fit(
    network: nn.Module,
    architecture: Architecture,
    batches: MixtureBatches,
    schedule: Schedule,
    *,
    machine: Machine,
    directory: Path,
    on_progress: OnProgress,
) -> None:
    """Train `network`; leave the averaged weights and the loss curve in `directory`.

    A checkpoint in `directory` is continued, and the result is that of an undisturbed call: the
    batches depend on their numbers alone and everything else is in the checkpoint. The last one is
    left there; it may go once the weights are in a safe place.

    Under torchrun all ranks call this together. Each computes its part of every batch, and the
    first one writes. The update is that of one rank, up to rounding and `Machine.statistics_parts`.

    Args:
        network: Its weights are where training starts.
        architecture: Gives the codec and the loss.
        batches: One for each step.
        schedule: Says how.
        machine: Says on what.
        directory: Exists, and is the same for all ranks.
        on_progress: Told how it goes.

    Raises:
        NonFiniteLossError: The loss or a weight is no longer a number; in all ranks.
    """
    fabric = fabric_for(machine.torch_device)
    network.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network = with_shared_statistics(network, fabric.device).train()
    state = TrainingState.at_start(network, schedule)
    course = Course(state, schedule, machine, fabric, directory, on_progress)
    course.resume()
    if machine.compile:
        network.compile()
    update = partial(_update, state, architecture, machine, fabric, fabric.setup_module(network))
    own = batches.part(fabric.global_rank, fabric.world_size).on(fabric.device)
    first, pin = state.step, fabric.device.type == "cuda"
    with noted_interrupt() as stop:
        for batch in load(own, first=first, workers=machine.workers, pin=pin):
            rate = learning_rate(state.step, schedule)
            begin = time.monotonic()
            loss = update(batch.to(fabric.device), rate)
            if machine.compile and state.step == first:
                seconds = time.monotonic() - begin
                log.info("the first step took %.1f s, compilation included", seconds)
            course.note(loss, rate, stop)
    course.finish()


def _update(
    state: TrainingState,
    architecture: Architecture,
    machine: Machine,
    fabric: "Fabric",
    network: "_FabricModule",
    batch: Batch,
    rate: float,
) -> Tensor:
    """One update; returns this rank's part of the loss, the sum over ranks being the whole.

    A loss is a mean over visible landmarks, so a part counts by how many of them it has. Fabric
    averages gradients over ranks where the sum is wanted, hence the factor of their number.
    """
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.optimizer.zero_grad(set_to_none=True)
    visible = batch.visible & inside(batch.landmarks, architecture.input_size)
    num_visible = total(fabric, visible.sum()).clamp_min(1)
    own = parts(replace(batch, visible=visible), machine.accumulate)
    shares = []
    for number, part in enumerate(own, start=1):
        with fabric.no_backward_sync(network, enabled=number < len(own)):
            with machine.autocast(bfloat16=architecture.bfloat16):
                output = network(to_network(part.images))
            mean = architecture.loss(output, part.landmarks, part.visible, architecture.codec)
            share = mean * (part.visible.sum() / num_visible)
            fabric.backward(share * fabric.world_size)
        shares.append(share.detach())
    state.optimizer.step()
    state.average.update_parameters(state.network)
    return torch.stack(shares).sum()


def load_weights(network: nn.Module, directory: Path) -> None:
    """Put the weights that `fit` left in `directory` into `network`."""
    network.load_state_dict(load_file(directory / WEIGHTS))


@torch.inference_mode()
def predict(
    network: nn.Module,
    architecture: Architecture,
    crops: FaceCrops,
    indices: NDArray[np.intp],
    *,
    machine: Machine,
) -> NDArray[np.float32]:
    """Landmarks of stored faces: the mean of a face's answer and its mirror image's.

    Args:
        network: Trained.
        architecture: Gives the codec.
        crops: The faces.
        indices: (n,) which of them.
        machine: Says on what. Always in full float32: a half-precision peak costs accuracy.

    Returns:
        (n, K, 2) crop pixels.
    """
    device = machine.torch_device
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.eval()
    found = [
        predict_images(network, architecture, crops.crops(part), crops.scheme, device)
        for part in np.array_split(indices, max(1, math.ceil(len(indices) / PREDICTED_AT_ONCE)))
    ]
    return np.concatenate(found)


def predict_images(
    network: nn.Module,
    architecture: Architecture,
    images: NDArray[np.uint8],
    scheme: LandmarkScheme,
    device: torch.device,
) -> NDArray[np.float32]:
    """Landmarks, (B, K, 2) crop pixels, of crops (B, H, W, 3) uint8; in full float32.

    Raises:
        InputError: The network's output is not finite.
    """
    batch = torch.from_numpy(images).to(device)
    with full_float32():
        outputs = [network(to_network(x)) for x in (batch, batch.flip(2))]
    # Decoding can turn NaN into plausible positions.
    if not all(bool(torch.isfinite(output).all()) for output in outputs):
        raise InputError("the network's output is not finite; train it at a lower learning rate")
    upright, reflected = (architecture.codec.decode(o).cpu().numpy() for o in outputs)
    both = upright + mirrored(reflected, images.shape[2], scheme)
    return np.asarray(both / 2, np.float32)
