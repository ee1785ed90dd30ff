"""Checkpoint: everything that changes while a network trains, as a value that a file can hold."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from landmarks.storage.tensor_files import save_tensors
from landmarks.training.schedule import Schedule

Tensors = tuple[Tensor, ...] | list[Tensor]


@dataclass
class TrainingState:
    """Where a training is.

    Attributes:
        network: Trained at every step.
        average: The moving average of its weights and of its running statistics.
        optimizer: Of `network`.
        step: Updates done.
        curve: Step, loss and learning rate at each point that was logged.
    """

    network: nn.Module
    average: AveragedModel
    optimizer: torch.optim.AdamW
    step: int
    curve: list[tuple[float, float, float]]

    @classmethod
    def at_start(cls, network: nn.Module, schedule: Schedule) -> "TrainingState":
        """The state before the first update of `network`, which is on its device already."""

        def follow(averages: Tensors, values: Tensors, count: Tensor | int) -> None:
            # The average forgets its first, random weights faster than its last (as timm's EMA).
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
            fused=True,
        )
        average = AveragedModel(network, multi_avg_fn=follow, use_buffers=True)
        return cls(network, average, optimizer, step=0, curve=[])

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for i, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{k}": v for k, v in values.items()}
        tensors["curve"] = torch.tensor(self.curve, dtype=torch.float64).reshape(-1, 3)
        save_tensors(path, tensors, {"step": str(self.step)})

    def load(self, path: Path) -> None:
        """Go on from a checkpoint; nothing is changed if the file cannot be read."""
        tensors = load_file(path)
        with safe_open(path, framework="pt") as file:
            self.step = int(file.metadata()["step"])
        self.curve = [cast(tuple[float, float, float], tuple(r)) for r in tensors["curve"].tolist()]
        self.network.load_state_dict(_under("network.", tensors))
        self.average.load_state_dict(_under("average.", tensors))
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _under("optimizer.", tensors).items():
            number, _, name = key.partition(".")
            # The fused update reads memory in order, so a moment must lie as its parameter does.
            like = torch.empty_like(parameters[int(number)]) if value.ndim else torch.empty(())
            state.setdefault(int(number), {})[name] = like.detach().copy_(value)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
