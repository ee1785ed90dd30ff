"""The training loop: `fit` trains a network."""

import logging
import math
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from landmarks.heatmap import inside
from landmarks.models.architecture import Architecture
from landmarks.models.device import full_float32
from landmarks.models.forward import to_network
from landmarks.storage.tensor_files import load_tensors
from landmarks.training.batch import Batch
from landmarks.training.batches import MixtureBatches, load, parts
from landmarks.training.checkpoint import TrainingState
from landmarks.training.device import Machine
from landmarks.training.distributed import (
    join_ranks,
    num_ranks,
    parallel,
    rank,
    rank_device,
    total,
    with_shared_statistics,
    without_sync,
)
from landmarks.training.interruption import deferred_interrupt
from landmarks.training.monitor import Monitor, OnProgress
from landmarks.training.schedule import Schedule

log = logging.getLogger(__name__)

# Raise it with any change of the weights that the same settings and faces lead to, here or below
# (batches, augmentation, models, losses, codecs, optimiser); models are trained again.
TRAINING_VERSION = 3

AVERAGE_EVERY = 4  # updates between two moves of the average


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
    """Train `network`; write the averaged weights and the loss curve to `directory`.

    A checkpoint in `directory` is resumed, with the same result as an uninterrupted call: batches
    depend on their number alone and everything else is in the checkpoint. The last checkpoint
    stays; delete it once the weights are in a safe place.

    Under torchrun all ranks call this together. Each computes its part of every batch, and rank 0
    writes. The update equals that of one rank, up to rounding and `Machine.statistics_parts`.

    Args:
        network: Its weights are where training starts.
        architecture: Gives the codec and the loss.
        batches: One for each step.
        schedule: Learning rate, clipping, averaging.
        machine: Device, precision, workers.
        directory: Exists, and is the same for all ranks.
        on_progress: Called every few steps with the step, the loss and the learning rate.

    Raises:
        NonFiniteLossError: The loss or a weight is not finite; in all ranks.
        SharedFileError: A file cannot be written; in all ranks.
    """
    device = rank_device(machine.torch_device)
    join_ranks(device)
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network = with_shared_statistics(network, device).train()
    precision = machine.computes_in(cpu_bfloat16=architecture.cpu_bfloat16)
    state = TrainingState.at_start(network, schedule, scales=precision == "float16")
    monitor = Monitor(state, schedule, machine, device, directory, on_progress)
    monitor.resume()
    if machine.compile:
        network.compile()
    trained = parallel(network)
    own = batches.part(rank(), num_ranks())
    first, pin = state.step, device.type == "cuda"
    gpus = [device] if device.type == "cuda" else []
    with deferred_interrupt() as stop, full_float32(), torch.random.fork_rng(devices=gpus):
        for batch in load(own, first=first, workers=machine.num_workers, pin=pin):
            began = time.monotonic()
            torch.manual_seed(_dropout_seed(batches.seed, state.step))
            loss = update(state, trained, architecture, batch.to(device), schedule, machine)
            if machine.compile and state.step == first:
                seconds = time.monotonic() - began
                log.info("the first step took %.1f s, compilation included", seconds)
            monitor.after_step(loss, stop)
    monitor.finish()
    if total(torch.tensor(float(stop.is_set()), device=device)):  # after the last logged point
        raise KeyboardInterrupt


def _dropout_seed(seed: int, step: int) -> int:
    """Seeds what a network draws in a step, which depends on the step alone, in each rank."""
    return int(np.random.SeedSequence([seed, step, rank()]).generate_state(1, np.uint64)[0])


def update(
    state: TrainingState,
    network: nn.Module,
    architecture: Architecture,
    batch: Batch,
    schedule: Schedule,
    machine: Machine,
) -> Tensor:
    """One optimiser step.

    A loss is a mean over visible landmarks, so each part of the batch counts by how many of them it
    has. Gradients are averaged over ranks where the sum is wanted, hence the factor of their
    number.

    Args:
        state: Updated.
        network: `state.network`, or its `parallel` wrapper.
        architecture: Gives the codec and the loss.
        batch: This rank's part, on the device.
        schedule: Gives the learning rate, clipping and averaging.
        machine: Gives the precision and the number of parts.

    Returns:
        This rank's part of the loss; the loss is the sum over the ranks.
    """
    begin_update(state, schedule)
    visible = batch.visible & inside(batch.landmarks, architecture.input_size)
    num_visible = total(visible.sum()).clamp_min(1)
    own = parts(replace(batch, visible=visible), machine.accumulate)
    losses = []
    for part in own:
        with without_sync(network) if part is not own[-1] else nullcontext():
            with machine.autocast(cpu_bfloat16=architecture.cpu_bfloat16):
                output = network(to_network(part.images))
            mean = architecture.loss(output, part.landmarks, part.visible, architecture.codec)
            loss = mean * (part.visible.sum() / num_visible)
            state.scaler.scale(loss * num_ranks()).backward()  # type: ignore[no-untyped-call]
        losses.append(loss.detach())
    end_update(state, schedule)
    return torch.stack(losses).sum()


def begin_update(state: TrainingState, schedule: Schedule) -> None:
    """Before the gradients of a step: its learning rate, and no gradient."""
    for group in state.optimizer.param_groups:
        group["lr"] = learning_rate(state.step, schedule)
    state.optimizer.zero_grad(set_to_none=True)


def end_update(state: TrainingState, schedule: Schedule) -> None:
    """After the gradients of a step: clip them, update the weights, move their average."""
    if schedule.clip_norm is not None:
        state.scaler.unscale_(state.optimizer)
        nn.utils.clip_grad_norm_(state.network.parameters(), schedule.clip_norm)
    state.scaler.step(state.optimizer)
    state.scaler.update()
    # Moving the average reads and writes all weights, and they change little from step to step.
    if (state.step + 1) % AVERAGE_EVERY == 0 or state.step + 1 == schedule.steps:
        state.update_average(schedule.ema, AVERAGE_EVERY)


def load_weights(network: nn.Module, path: Path) -> None:
    """Put the weights that `fit` wrote to `path`, a file named WEIGHTS, into `network`."""
    network.load_state_dict(load_tensors(path)[0])
