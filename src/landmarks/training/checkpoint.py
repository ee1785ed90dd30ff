"""The state of a training run, and the checkpoint file that holds it."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim.swa_utils import get_ema_multi_avg_fn

from landmarks.storage.tensor_files import load_tensors, save_tensors
from landmarks.training.schedule import Schedule

# Devices that have AdamW as one kernel. Elsewhere ("meta", in tests) it is a loop.
FUSED_DEVICES = ("cpu", "cuda", "mps")


@dataclass
class TrainingState:
    """Everything that changes during training.

    Attributes:
        network: Updated at every step.
        average: Moving average of its weights and of its running statistics.
        optimizer: Of `network`.
        scaler: Keeps float16 gradients in range; disabled in other precisions.
        step: Number of updates done.
        curve: Step, loss and learning rate at each logged point.
    """

    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.AdamW
    scaler: GradScaler
    step: int
    curve: list[tuple[float, float, float]]

    @classmethod
    def at_start(
        cls, network: nn.Module, schedule: Schedule, *, scales: bool = False
    ) -> "TrainingState":
        """The state before the first update of `network`.

        Args:
            network: On its device.
            schedule: Gives the optimiser's settings.
            scales: Whether gradients need scaling, as in float16.
        """
        decayed = [p for p in network.parameters() if p.ndim > 1]
        spared = [p for p in network.parameters() if p.ndim <= 1]
        device = decayed[0].device.type
        optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": schedule.weight_decay},
                {"params": spared, "weight_decay": 0.0},
            ],
            lr=schedule.learning_rate,
            fused=device in FUSED_DEVICES,
        )
        average = deepcopy(network).requires_grad_(False)
        return cls(network, average, optimizer, GradScaler(device, enabled=scales), 0, [])

    @torch.no_grad()
    def update_average(self, decay: float, updates: int) -> None:
        """Move the average towards the network as it is after update number `step` + 1.

        The decay grows with the step, so that the average soon forgets the random weights it
        started from (as in TensorFlow's ExponentialMovingAverage with `num_updates`).

        Args:
            decay: The largest decay, of one update.
            updates: How many updates the network has made since the last call, about.
        """
        # The step is a Python number: reading a counter from a GPU would wait for it.
        one = min(decay, (1 + self.step) / (10 + self.step)) if self.step else 0.0
        decay = one**updates
        pairs = list(zip(_values(self.average), _values(self.network), strict=True))
        floating = [pair for pair in pairs if pair[0].is_floating_point()]
        averages, values = (list(tensors) for tensors in zip(*floating, strict=True))
        get_ema_multi_avg_fn(decay)(averages, values, 0)  # type: ignore[no-untyped-call]
        for average, value in pairs:
            if not average.is_floating_point():  # BatchNorm's counter
                average.copy_(value)

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for i, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{k}": v for k, v in values.items()}
        tensors["curve"] = torch.tensor(self.curve, dtype=torch.float64).reshape(-1, 3)
        scaler = json.dumps(self.scaler.state_dict())
        save_tensors(path, tensors, {"step": str(self.step), "scaler": scaler})

    def load(self, path: Path) -> None:
        """Restore a checkpoint; nothing is changed if the file cannot be read."""
        tensors, metadata = load_tensors(path)
        if "checksum" not in metadata:
            raise ValueError("a checkpoint of an earlier version")
        self.step = int(metadata["step"])
        scaler = json.loads(metadata["scaler"])  # empty if saved in another precision
        if self.scaler.is_enabled() and scaler:
            self.scaler.load_state_dict(scaler)
        self.curve = [cast(tuple[float, float, float], tuple(r)) for r in tensors["curve"].tolist()]
        self.network.load_state_dict(_under("network.", tensors))
        self.average.load_state_dict(_under("average.", tensors))
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _under("optimizer.", tensors).items():
            number, _, name = key.partition(".")
            # The fused update reads memory in order, so a moment needs its parameter's layout.
            like = torch.empty_like(parameters[int(number)]) if value.ndim else torch.empty(())
            state.setdefault(int(number), {})[name] = like.detach().copy_(value)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})


def _values(network: nn.Module) -> Iterator[Tensor]:
    yield from network.parameters()
    yield from network.buffers()


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
