"""Train a face finder; resumable, with the same result as without an interruption."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from landmarks.models.forward import to_network
from landmarks.training.checkpoint import TrainingState
from landmarks.training.device import Machine
from landmarks.training.finder.batches import SceneBatch, SceneBatches
from landmarks.training.finder.objective import distance, targets
from landmarks.training.interruption import deferred_interrupt, ignore_interrupt
from landmarks.training.loop import begin_update, end_update
from landmarks.training.monitor import Monitor, OnProgress
from landmarks.training.schedule import Schedule


def fit_finder(
    network: nn.Module,
    batches: SceneBatches,
    schedule: Schedule,
    *,
    machine: Machine,
    directory: Path,
    on_progress: OnProgress,
) -> None:
    """Train `network`; write the averaged weights and the loss curve to `directory`.

    A checkpoint in `directory` is resumed.

    Args:
        network: Its weights are where training starts.
        batches: One for each step.
        schedule: Learning rate, clipping, averaging.
        machine: Device, precision, workers.
        directory: Exists.
        on_progress: Called every few steps with the step, the loss and the learning rate.

    Raises:
        NonFiniteLossError: The loss or a weight is not finite.
        KeyboardInterrupt: Ctrl-C was pressed, and everything up to here is saved.
    """
    device = machine.torch_device
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = TrainingState.at_start(
        network.train(), schedule, scales=machine.computes_in(cpu_bfloat16=True) == "float16"
    )
    monitor = Monitor(state, schedule, machine, device, directory, on_progress)
    monitor.resume()
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=range(state.step, len(batches)),
        num_workers=machine.num_workers,
        worker_init_fn=ignore_interrupt,
    )
    with deferred_interrupt() as stop:
        for batch in loader:
            monitor.after_step(_update(state, batch, schedule, machine), stop)
    monitor.finish()


def _update(
    state: TrainingState, batch: SceneBatch, schedule: Schedule, machine: Machine
) -> Tensor:
    """One optimiser step; returns the loss."""
    device = machine.torch_device
    begin_update(state, schedule)
    with machine.autocast(cpu_bfloat16=True):
        maps = state.network(to_network(batch.images.to(device)))
    wanted = targets(batch.boxes.to(device), batch.kinds.to(device), *maps.shape[2:])
    loss = distance(maps, wanted)
    state.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    end_update(state, schedule)
    return loss.detach()
