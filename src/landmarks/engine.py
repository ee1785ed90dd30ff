"""The two loops: `fit` trains a network, `predict` runs one over stored faces."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from landmarks.batches import MixtureBatches, load
from landmarks.data.crops import FaceCrops
from landmarks.errors import InputError
from landmarks.geometry import mirrored
from landmarks.heatmap import inside
from landmarks.machine import Machine
from landmarks.models.architecture import Architecture
from landmarks.sample import Batch, to_network
from landmarks.scheme import LandmarkScheme
from landmarks.strategies import Schedule

log = logging.getLogger(__name__)

WEIGHTS = "weights.safetensors"
CHECKPOINT = "checkpoint.safetensors"
CURVE = "loss.npy"

# The loss is read from the device, checked and logged once in so many steps, because reading it
# waits for the device to finish.
LOG_EVERY = 10

Tensors = tuple[Tensor, ...] | list[Tensor]

# Told every LOG_EVERY steps: the step, the mean loss since the last call, the learning rate.
OnProgress = Callable[[int, float, float], None]


class NonFiniteLossError(InputError):
    """Training diverged."""


def learning_rate(step: int, schedule: Schedule) -> float:
    """The rate of update number `step`, counted from 0: a linear rise, then half a cosine."""
    warmup = min(schedule.warmup, schedule.steps // 2)
    if step < warmup:
        return schedule.learning_rate * (step + 1) / warmup
    progress = (step - warmup) / max(1, schedule.steps - warmup)
    return schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


@dataclass
class _State:
    """Everything that changes while a network trains."""

    network: nn.Module
    average: AveragedModel
    optimizer: torch.optim.AdamW
    step: int
    curve: list[tuple[float, float, float]]

    def save(self, path: Path) -> None:
        """Write a checkpoint; a killed write leaves the one before."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for i, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{k}": v for k, v in values.items()}
        tensors["curve"] = torch.tensor(self.curve, dtype=torch.float64).reshape(-1, 3)
        partial = path.with_suffix(".partial")
        save_file(
            {k: v.detach().cpu().contiguous() for k, v in tensors.items()},
            partial,
            metadata={"step": str(self.step)},
        )
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        tensors = load_file(path)
        with safe_open(path, framework="pt") as file:
            self.step = int(file.metadata()["step"])
        self.curve = [cast(tuple[float, float, float], tuple(r)) for r in tensors["curve"].tolist()]
        self.network.load_state_dict(_under("network.", tensors))
        self.average.load_state_dict(_under("average.", tensors))
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _under("optimizer.", tensors).items():
            number, _, name = key.partition(".")
            state.setdefault(int(number), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _new_state(network: nn.Module, schedule: Schedule) -> _State:
    def follow(averages: Tensors, values: Tensors, count: Tensor | int) -> None:
        # The average forgets its first, random weights faster than its last (as in timm's EMA).
        decay = min(schedule.ema, (1 + int(count)) / (10 + int(count)))
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, values, 1 - decay)
        else:
            torch._foreach_copy_(averages, values)

    decayed = [p for p in network.parameters() if p.ndim > 1]
    spared = [p for p in network.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": schedule.weight_decay},
            {"params": spared, "weight_decay": 0.0},
        ],
        lr=schedule.learning_rate,
    )
    average = AveragedModel(network, multi_avg_fn=follow, use_buffers=True)
    return _State(network, average, optimizer, step=0, curve=[])


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

    Args:
        network: Its weights are where training starts.
        architecture: Gives the codec and the loss.
        batches: One for each step.
        schedule: Says how.
        machine: Says on what.
        directory: Exists.
        on_progress: Told how it goes.

    Raises:
        NonFiniteLossError: The loss is no longer a number.
    """
    device = machine.torch_device
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = _new_state(network, schedule)
    checkpoint = directory / CHECKPOINT
    if checkpoint.exists():
        state.load(checkpoint)
        log.info("continuing at step %d of %d", state.step, schedule.steps)
        for step, loss, rate in state.curve:
            on_progress(int(step), loss, rate)
    network.train()
    saved = time.monotonic()
    losses: list[Tensor] = []
    for batch in load(batches, first=state.step, workers=machine.workers):
        rate = learning_rate(state.step, schedule)
        losses.append(_step(state, architecture, batch.to(device), rate, machine))
        state.step += 1
        if state.step % LOG_EVERY == 0 or state.step == schedule.steps:
            loss = float(torch.stack(losses).mean())
            losses.clear()
            if not math.isfinite(loss):
                raise NonFiniteLossError(
                    f"the loss is {loss} at step {state.step} of {schedule.steps}; lower the "
                    f"learning rate (now {schedule.learning_rate:g})"
                )
            state.curve.append((state.step, loss, rate))
            on_progress(state.step, loss, rate)
            if time.monotonic() - saved > machine.checkpoint_seconds:
                state.save(checkpoint)
                saved = time.monotonic()
    _finish(state, directory)


def _step(
    state: _State, architecture: Architecture, batch: Batch, rate: float, machine: Machine
) -> Tensor:
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    visible = batch.visible & inside(batch.landmarks, architecture.input_size)
    with machine.autocast(bfloat16=architecture.bfloat16):
        output = state.network(to_network(batch.images))
    loss = architecture.loss(output, batch.landmarks, visible, architecture.codec)
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    state.optimizer.step()
    state.average.update_parameters(state.network)
    return loss.detach()


def _finish(state: _State, directory: Path) -> None:
    weights = state.average.module.state_dict()
    save_file({k: v.cpu().contiguous() for k, v in weights.items()}, directory / WEIGHTS)
    np.save(directory / CURVE, np.array(state.curve))


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
    batch_size: int = 64,
) -> NDArray[np.float32]:
    """Landmarks of stored faces: the mean of a face's answer and its mirror image's.

    Args:
        network: Trained.
        architecture: Gives the codec.
        crops: The faces.
        indices: (n,) which of them.
        machine: Says on what. Always in float32: a half-precision peak costs accuracy.
        batch_size: Faces at a time.

    Returns:
        (n, K, 2) crop pixels.
    """
    device = machine.torch_device
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.eval()
    found = [
        predict_images(network, architecture, crops.crops(part), crops.scheme, device)
        for part in np.array_split(indices, max(1, math.ceil(len(indices) / batch_size)))
    ]
    return np.concatenate(found)


def predict_images(
    network: nn.Module,
    architecture: Architecture,
    images: NDArray[np.uint8],
    scheme: LandmarkScheme,
    device: torch.device,
) -> NDArray[np.float32]:
    """Landmarks, (B, K, 2) crop pixels, of crops (B, H, W, 3) uint8."""
    batch = torch.from_numpy(images).to(device)
    upright, reflected = (
        architecture.codec.decode(network(to_network(x))).cpu().numpy()
        for x in (batch, batch.flip(2))
    )
    both = upright + mirrored(reflected, images.shape[2], scheme)
    return np.asarray(both / 2, np.float32)
