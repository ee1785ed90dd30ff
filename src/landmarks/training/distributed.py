"""Ranks: the processes that torchrun started for one run. The first leads, the others follow.

The leader walks through the run as a single process does: it alone finds artifacts or makes them,
decodes faces, fits adapters, and writes progress and results. A follower writes nothing and holds
no lease. It waits for orders, calls that all ranks make together, and a training is the only one.
So no two ranks can wait for each other, and nothing but a training needs to know of ranks.

All hosts see data and artifacts under the same paths.
"""

import atexit
import gc
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
from timm.layers import convert_sync_batchnorm
from torch import Tensor, distributed, nn

from landmarks.errors import InputError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

# A follower may wait while the leader renders, decodes or waits for another job. Should the leader
# die, torchrun ends the followers.
PATIENCE = timedelta(days=365)

T = TypeVar("T")

log = logging.getLogger(__name__)


def num_ranks() -> int:
    """Processes of this run: those that torchrun started, else 1."""
    return _told("WORLD_SIZE")


def num_local_ranks() -> int:
    """Those of them on this host."""
    return _told("LOCAL_WORLD_SIZE")


def _told(name: str) -> int:
    return int(os.environ[name]) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def shares_statistics(device: torch.device) -> bool:
    """Whether BatchNorm sees the faces of all ranks. PyTorch can do that on GPUs only."""
    return device.type == "cuda" and num_ranks() > 1


def with_shared_statistics(network: nn.Module, device: torch.device) -> nn.Module:
    """`network`, its BatchNorm layers seeing the faces of all ranks if `shares_statistics`."""
    if not shares_statistics(device):
        return network
    return cast(nn.Module, convert_sync_batchnorm(network))


@cache
def fabric_for(device: torch.device) -> "Fabric":
    """Lightning's Fabric for this rank, joined with the other ranks.

    Args:
        device: Its type is that of every rank; each rank of a host has a GPU of its own. With an
            index, the GPU of the only rank.
    """
    # Importing it takes seconds, which only a training should cost.
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment
    from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
    from lightning_fabric.strategies.ddp import DDPStrategy

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # our log says it shorter
    # Named, not detected, so that a run inside a Slurm job of several tasks is still one process.
    alone = num_ranks() == 1
    fabric = Fabric(
        accelerator=device.type,
        devices=num_local_ranks() if device.index is None else [device.index],
        num_nodes=num_ranks() // num_local_ranks(),
        strategy="auto" if alone else DDPStrategy(gradient_as_bucket_view=True),
        plugins=[LightningEnvironment() if alone else TorchElasticEnvironment()],
    )
    fabric.launch()
    if not alone:
        atexit.register(_leave)
    return fabric


def _leave() -> None:
    """Close the connections: if they outlive Python, their threads abort the process."""
    _channel.cache_clear()
    fabric_for.cache_clear()
    gc.collect()  # finished trainings hold connections too, in circles
    distributed.destroy_process_group()


def total(fabric: "Fabric", values: Tensor) -> Tensor:
    """`values` summed over the ranks, in all of them."""
    return cast(Tensor, fabric.all_reduce(values, reduce_op="sum"))


@dataclass(frozen=True)
class _End:
    """The last message to the followers: what the leader's task gave, or why it could not."""

    result: Any
    error: InputError | None = None


def led(task: Callable[[], T], device: torch.device) -> T:
    """What `task` gives, in all ranks. The leader computes it; followers carry out its orders.

    Args:
        task: Gives something that can be pickled.
        device: As for `fabric_for`.

    Raises:
        InputError: From `task`, in all ranks.
        SystemExit: For any other error, after which the ranks are no longer in step: torchrun ends
            them all, and a sweep does not go on.
    """
    if num_ranks() == 1:
        return task()
    fabric_for(device)
    try:
        return _lead(task) if distributed.get_rank() == 0 else cast(T, _follow())
    except InputError:
        raise
    except Exception:
        log.exception("rank %d failed", distributed.get_rank())
        sys.exit(1)


def _lead(task: Callable[[], T]) -> T:
    try:
        result = task()
    except InputError as error:
        _message(_End(None, error))
        raise
    _message(_End(result))
    return result


def order(call: Callable[[], object]) -> None:
    """Have the followers of a `led` task call `call`, which the leader calls next itself.

    Args:
        call: Can be pickled. It raises `InputError` in all ranks or in none.
    """
    if num_ranks() > 1:
        _message(call)


def _follow() -> object:
    logging.getLogger("landmarks").setLevel(logging.WARNING)  # the leader tells what happens
    while True:
        message = _message(None)
        if isinstance(message, _End):
            if message.error is not None:
                raise message.error
            return message.result
        with suppress(InputError):  # the leader meets it too, and sends it
            cast(Callable[[], object], message)()


def _message(message: object) -> object:
    """What the leader says, in all ranks."""
    box = [message]
    distributed.broadcast_object_list(box, src=0, group=_channel())
    return box[0]


@cache
def _channel() -> distributed.ProcessGroup:
    """For messages alone: gradients have a time limit, orders have not."""
    group = distributed.new_group(backend="gloo", timeout=PATIENCE)
    return cast(distributed.ProcessGroup, group)
