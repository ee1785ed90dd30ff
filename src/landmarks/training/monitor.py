"""Log, validate and checkpoint a training run."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
import torch
from torch import Tensor

from landmarks.errors import InputError
from landmarks.storage.atomic import atomic_write
from landmarks.storage.tensor_files import save_tensors
from landmarks.training.checkpoint import TrainingState
from landmarks.training.device import Machine
from landmarks.training.distributed import (
    SharedError,
    agreed,
    rank,
    total,
    written_by_leader,
)
from landmarks.training.schedule import Schedule

log = logging.getLogger(__name__)

WEIGHTS = "weights.safetensors"
CHECKPOINT = "checkpoint.safetensors"
CURVE = "loss.npy"

# The loss is read from the device, checked and logged once every so many steps, because reading it
# waits for the device to finish.
LOG_EVERY = 10

# Called every LOG_EVERY steps with the step, the mean loss since the last call, the learning rate.
OnProgress = Callable[[int, float, float], None]


class NonFiniteLossError(InputError, SharedError):
    """Training diverged."""


@dataclass
class Monitor:
    """Logs, validates and checkpoints a training run.

    Attributes:
        state: What it watches.
        schedule: Number of steps.
        machine: How often to save.
        device: Where tensors that ranks exchange must be.
        directory: Where checkpoints, weights and the loss curve are written.
        on_progress: Called with each logged point.
        losses: This rank's part of the loss of each step since the last logged point.
        saved: Time of the last checkpoint.
    """

    state: TrainingState
    schedule: Schedule
    machine: Machine
    device: torch.device
    directory: Path
    on_progress: OnProgress
    losses: list[Tensor] = field(default_factory=list)
    saved: float = field(default_factory=time.monotonic)

    def resume(self) -> None:
        """Load the checkpoint, if there is one, and report its loss curve again."""
        checkpoint = self.directory / CHECKPOINT
        loaded = rank() == 0 and _loaded(self.state, checkpoint)
        # The leader decides: on a network file system, others may see the file late.
        if not agreed(loaded, self.device):
            return
        if not loaded:
            self.state.load(checkpoint)
        log.info("resuming at step %d of %d", self.state.step, self.schedule.steps)
        for step, loss, rate in self.state.curve:
            self.on_progress(int(step), loss, rate)

    def after_step(self, loss: Tensor, stop: Event) -> None:
        """Count a step; every LOG_EVERY steps, check and log the loss, and save if it is time.

        Args:
            loss: This rank's part of it.
            stop: Set by Ctrl-C, in any rank.

        Raises:
            NonFiniteLossError: The loss is not finite.
            SharedFileError: The checkpoint cannot be written.
            KeyboardInterrupt: `stop` is set, and everything up to here is saved.
        """
        self.losses.append(loss)
        self.state.step += 1
        if self.state.step % LOG_EVERY and self.state.step != self.schedule.steps:
            return
        mean = float(total(torch.stack(self.losses).mean()))
        self.losses.clear()
        if not math.isfinite(mean):
            raise NonFiniteLossError(
                f"the loss is {mean} at step {self.state.step} of {self.schedule.steps}; lower the "
                f"learning rate (now {self.schedule.learning_rate:g})"
            )
        rate = float(self.state.optimizer.param_groups[0]["lr"])  # of the last step
        self.state.curve.append((self.state.step, mean, rate))
        self.on_progress(self.state.step, mean, rate)
        # A rank that stopped or saved alone would leave the others waiting for its gradients.
        due = rank() == 0 and time.monotonic() - self.saved > self.machine.checkpoint_seconds
        flags = torch.tensor([float(stop.is_set()), float(due)], device=self.device)
        stops, due = total(flags).bool().tolist()
        if due or stops:
            written_by_leader(partial(self.state.save, self.directory / CHECKPOINT), self.device)
            self.saved = time.monotonic()
        if stops:  # at the last step too: the user does not want what would follow
            log.info(
                "stopped at step %d of %d; run the same command to resume",
                self.state.step,
                self.schedule.steps,
            )
            raise KeyboardInterrupt

    def finish(self) -> None:
        """Write the averaged weights and the loss curve.

        Raises:
            NonFiniteLossError: A weight is not finite. The loss cannot tell: it was computed before
                the last update.
            SharedFileError: A file cannot be written.
        """
        weights = self.state.average.state_dict()
        finite = torch.stack([values.isfinite().all() for values in weights.values()]).all()
        if not agreed(bool(finite), self.device):  # so that all ranks end alike
            raise NonFiniteLossError(
                f"after {self.schedule.steps} steps the averaged weights are not finite; lower the "
                f"learning rate (now {self.schedule.learning_rate:g})"
            )
        written_by_leader(partial(self._write, weights), self.device)

    def _write(self, weights: Mapping[str, Tensor]) -> None:
        save_tensors(self.directory / WEIGHTS, weights)
        with atomic_write(self.directory / CURVE) as path, path.open("wb") as file:
            np.save(file, np.array(self.state.curve))


def _loaded(state: TrainingState, checkpoint: Path) -> bool:
    """Load a checkpoint into `state`; False if there is none that can be read."""
    try:
        state.load(checkpoint)
    except FileNotFoundError:
        return False
    except (ValueError, OSError) as error:
        log.warning("%s cannot be read (%s); starting from step 0", checkpoint, error)
        return False
    return True
