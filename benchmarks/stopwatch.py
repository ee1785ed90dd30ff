"""Where the time of `landmarks.training.loop.fit` goes, part by part, without a change of the loop.

The loop calls the batches, the network, the loss, the optimiser and the average. The stopwatch is
called when each of them begins and ends, and the time between two of them has a name as well.
"""

import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

import torch
from material import K
from measuring import Now
from torch import Tensor
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from landmarks.heatmap import Codec
from landmarks.losses import Loss
from landmarks.models.architecture import Architecture
from landmarks.training.batches import MixtureBatches
from landmarks.training.checkpoint import TrainingState
from landmarks.training.device import Machine
from landmarks.training.loop import fit
from landmarks.training.monitor import LOG_EVERY
from landmarks.training.schedule import Schedule

P = ParamSpec("P")
R = TypeVar("R")

PARTS = ("batches", "forward", "loss", "backward", "optimiser", "average", "rest")


@dataclass
class Stopwatch:
    """Adds the time since its last call to the part that it is called with.

    Attributes:
        now: Seconds of any beginning.
    """

    now: Now
    seconds: Counter[str] = field(default_factory=Counter)
    last: float = 0.0

    def __call__(self, part: str) -> None:
        """`part` took the time since the last call."""
        time = self.now()
        self.seconds[part] += time - self.last
        self.last = time

    def around(self, part: str, work: Callable[P, R]) -> Callable[P, R]:
        """`work`, whose time is that of `part`; what came before it is "rest"."""

        def timed(*args: P.args, **options: P.kwargs) -> R:
            self("rest")
            result = work(*args, **options)
            self(part)
            return result

        return timed

    def restart(self, step: int, *_: float) -> None:
        """As `on_progress` of `fit`: nothing before the first logged step counts."""
        if step == LOG_EVERY:
            self.seconds.clear()
            self.last = self.now()


class TimedLoss:
    """A loss that tells the stopwatch."""

    def __init__(self, loss: Loss[Any], watch: Stopwatch) -> None:
        self.codec_type = loss.codec_type
        self.timed = watch.around("loss", loss)

    def __call__(self, output: Tensor, landmarks: Tensor, visible: Tensor, codec: Codec) -> Tensor:
        """See `Loss`."""
        return self.timed(output, landmarks, visible, codec)


def milliseconds(
    model: Architecture, batches: MixtureBatches, here: Machine, now: Now
) -> dict[str, float]:
    """Milliseconds of each of `PARTS` in one step, after `LOG_EVERY` steps of warm-up.

    Without data workers, which make batches in processes of their own.
    """

    def seconds() -> float:
        if here.torch_device.type == "cuda":
            torch.cuda.synchronize()  # kernels run on after the call that started them
        return now()

    here.prepare()
    watch = Stopwatch(seconds)
    network = model.start(K, seed=0)
    network.register_forward_pre_hook(lambda *_: watch("rest"))
    network.register_forward_hook(lambda *_: watch("forward"))
    average = watch.around("average", TrainingState.update_average)
    made = watch.around("batches", type(batches).__getitem__)
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(patch.object(TrainingState, "update_average", average))
        stack.enter_context(patch.object(type(batches), "__getitem__", made))
        hooks = [
            register_optimizer_step_pre_hook(lambda *_: watch("backward")),
            register_optimizer_step_post_hook(lambda *_: watch("optimiser")),
        ]
        for hook in hooks:
            stack.callback(hook.remove)
        fit(
            network,
            replace(model, loss=TimedLoss(model.loss, watch)),
            batches,
            Schedule(steps=batches.steps, batch_size=batches.batch_size, learning_rate=1e-3),
            machine=here,
            directory=Path(directory),
            on_progress=watch.restart,
        )
    counted = batches.steps - LOG_EVERY
    return {part: 1e3 * watch.seconds[part] / counted for part in PARTS}
