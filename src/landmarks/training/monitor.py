"""Course: what is told, checked and kept of a training while it goes on, and at its end."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from landmarks.errors import InputError
from landmarks.storage.atomic import atomic_write
from landmarks.storage.tensor_files import save_tensors
from landmarks.training.checkpoint import TrainingState
from landmarks.training.device import Machine
from landmarks.training.distributed import total
from landmarks.training.schedule import Schedule

if TYPE_CHECKING:
    from lightning_fabric import Fabric

log = logging.getLogger(__name__)

WEIGHTS = "weights.safetensors"
CHECKPOINT = "checkpoint.safetensors"
CURVE = "loss.npy"

# The loss is read from the device, checked and logged once in so many steps, because reading it
# waits for the device to finish.
LOG_EVERY = 10

# Told every LOG_EVERY steps: the step, the mean loss since the last call, the learning rate.
OnProgress = Callable[[int, float, float], None]


class NonFiniteLossError(InputError):
    """Training diverged."""


@dataclass
class Course:
    """What is told, checked and kept of a training while it goes on.

    Attributes:
        state: Where it is.
        schedule: Where it goes.
        machine: Says how often it is saved.
        fabric: Sums losses over ranks; its first rank writes.
        directory: Where to.
        on_progress: Told how it goes.
        losses: This rank's part of the loss of each update since the loss was last read.
        saved: When the last checkpoint was written.
    """

    state: TrainingState
    schedule: Schedule
    machine: Machine
    fabric: "Fabric"
    directory: Path
    on_progress: OnProgress
    losses: list[Tensor] = field(default_factory=list)
    saved: float = field(default_factory=time.monotonic)

    def resume(self) -> None:
        """Go on from a checkpoint, if there is one, and tell again what went before."""
        checkpoint = self.directory / CHECKPOINT
        goes_on = self.fabric.is_global_zero and _goes_on(self.state, checkpoint)
        if not self.fabric.broadcast(goes_on):  # the leader decides: others may see the file late
            return
        if not goes_on:
            self.state.load(checkpoint)
        log.info("continuing at step %d of %d", self.state.step, self.schedule.steps)
        for step, loss, rate in self.state.curve:
            self.on_progress(int(step), loss, rate)

    def note(self, loss: Tensor, rate: float, stop: Event) -> None:
        """Count an update with this loss and rate; now and then, read the loss and save.

        Raises:
            NonFiniteLossError: The loss is no finite number.
            KeyboardInterrupt: `stop` is set, and all up to here is saved.
        """
        self.losses.append(loss)
        self.state.step += 1
        if self.state.step % LOG_EVERY and self.state.step != self.schedule.steps:
            return
        mean = float(total(self.fabric, torch.stack(self.losses).mean()))
        self.losses.clear()
        if not math.isfinite(mean):
            raise NonFiniteLossError(
                f"the loss is {mean} at step {self.state.step} of {self.schedule.steps}; lower the "
                f"learning rate (now {self.schedule.learning_rate:g})"
            )
        self.state.curve.append((self.state.step, mean, rate))
        self.on_progress(self.state.step, mean, rate)
        due = time.monotonic() - self.saved > self.machine.checkpoint_seconds
        if self.fabric.is_global_zero and (due or stop.is_set()):
            self.state.save(self.directory / CHECKPOINT)
            self.saved = time.monotonic()
        if stop.is_set():  # at the last step too: what comes next is not wanted either
            told = "stopped at step %d of %d; the same command goes on from there"
            log.info(told, self.state.step, self.schedule.steps)
            raise KeyboardInterrupt

    def finish(self) -> None:
        """Leave the averaged weights and the loss curve.

        The loss cannot speak for the weights: it was read before the last update.
        """
        weights = self.state.average.module.state_dict()
        finite = all(bool(torch.isfinite(values).all()) for values in weights.values())
        if not self.fabric.broadcast(finite):  # of the leader's, for all ranks to end alike
            raise NonFiniteLossError(
                f"after {self.schedule.steps} steps the averaged weights are no finite numbers; "
                f"lower the learning rate (now {self.schedule.learning_rate:g})"
            )
        if self.fabric.is_global_zero:
            save_tensors(self.directory / WEIGHTS, weights)
            with atomic_write(self.directory / CURVE) as path, path.open("wb") as file:
                np.save(file, np.array(self.state.curve))


def _goes_on(state: TrainingState, checkpoint: Path) -> bool:
    """Go on from a checkpoint, if there is one that can be read."""
    try:
        state.load(checkpoint)
    except FileNotFoundError:
        return False
    except (SafetensorError, OSError) as error:
        log.warning("%s cannot be read (%s); starting again", checkpoint, error)
        return False
    return True
