"""The processes (ranks) that torchrun started for one run: rank 0 leads, the others follow.

The leader runs everything a single process would: it alone finds or creates artifacts, decodes
faces, fits adapters, and writes progress and results. A follower writes nothing and holds no lock.
It waits for orders, which are calls that all ranks make together; a training is the only one. So no
two ranks can wait for each other, and only training code knows about ranks. An error ends an order
in all ranks alike (`SharedError`), or the process that it is raised in, and torchrun the others.

All hosts must see data and artifacts under the same paths.
"""

import atexit
import gc
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, cast

import torch
from timm.layers import convert_sync_batchnorm
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from landmarks.errors import InputError, input_error, refused

# A follower may wait while the leader renders, decodes or waits for another job. If the leader
# dies, torchrun ends the followers.
PATIENCE = timedelta(days=365)

# A follower that fails waits so long before it reports that. If it only lost the connection to a
# leader that failed, torchrun ends it before, and the leader's report stays the only one.
GRACE_SECONDS = 5.0

log = logging.getLogger(__name__)


def num_ranks() -> int:
    """Number of processes of this run: those that torchrun started, else 1."""
    return _from_torchrun("WORLD_SIZE", 1)


def num_local_ranks() -> int:
    """Number of them on this host."""
    return _from_torchrun("LOCAL_WORLD_SIZE", 1)


def rank() -> int:
    """This process's number among them; 0 leads."""
    return _from_torchrun("RANK", 0)


def _from_torchrun(name: str, alone: int) -> int:
    return int(os.environ[name]) if "TORCHELASTIC_RUN_ID" in os.environ else alone


def rank_device(device: torch.device) -> torch.device:
    """The device of this rank: each rank of a host has a GPU of its own."""
    if device.type != "cuda" or num_ranks() == 1:
        return device
    return torch.device("cuda", _from_torchrun("LOCAL_RANK", 0))


def shares_statistics(device: torch.device) -> bool:
    """Whether BatchNorm sees the faces of all ranks. PyTorch supports that on GPUs only."""
    return device.type == "cuda" and num_ranks() > 1


def with_shared_statistics(network: nn.Module, device: torch.device) -> nn.Module:
    """`network`, with BatchNorm layers that see the faces of all ranks if `shares_statistics`."""
    if not shares_statistics(device):
        return network
    return cast(nn.Module, convert_sync_batchnorm(network))


@cache
def join_ranks(device: torch.device) -> None:
    """Connect this rank with the others; a single process has nothing to connect.

    Args:
        device: The device of this rank, as from `rank_device`.
    """
    if num_ranks() == 1:
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)  # before NCCL starts, which would use GPU 0 in every rank
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    atexit.register(_leave)


def _leave() -> None:
    """Close the connections: if they outlive Python, their threads abort the process."""
    _channel.cache_clear()
    gc.collect()  # finished trainings hold connections too, in reference cycles
    distributed.destroy_process_group()


def parallel(network: nn.Module) -> nn.Module:
    """`network`, whose gradients are averaged over the ranks in every backward pass."""
    if num_ranks() == 1:
        return network
    return DistributedDataParallel(network, gradient_as_bucket_view=True)


def without_sync(network: nn.Module) -> AbstractContextManager[object]:
    """Keep gradients of the passes inside to this rank; the next pass outside averages the sum."""
    if isinstance(network, DistributedDataParallel):
        return network.no_sync()
    return nullcontext()


def total(values: Tensor) -> Tensor:
    """`values` summed over the ranks, in all of them."""
    if num_ranks() > 1:
        distributed.all_reduce(values)
    return values


def agreed(value: bool, device: torch.device) -> bool:
    """`value` of the leader, in all ranks."""
    return bool(total(torch.tensor(float(value and rank() == 0), device=device)))


@dataclass
class Outcome:
    """What the leader's block computed.

    Attributes:
        result: Reaches the followers at the end of the block; something that can be pickled.
    """

    result: Any = None


class SharedError(Exception):
    """An error that an order raises in all ranks alike."""


class SharedFileError(OSError, SharedError):
    """The leader could not write a file."""


@dataclass(frozen=True)
class _End:
    """The last message to the followers: the result of the leader's block, or its error."""

    result: Any
    error: InputError | None = None


@contextmanager
def leading(device: torch.device) -> Iterator[Outcome]:
    """The block of the leader, while all other ranks call `follow`; or of a process without ranks.

    Args:
        device: Its type is that of every rank.

    Raises:
        InputError: From the block, in all ranks.
        OSError: One that the user can fix, which is an `InputError` in the other ranks.
        SystemExit: For any other error, after which the ranks are no longer in step: torchrun ends
            them all, and a sweep stops.
    """
    outcome = Outcome()
    if num_ranks() == 1:
        yield outcome
        return
    join_ranks(rank_device(device))
    try:
        yield outcome
    except Exception as error:
        cause = input_error(error)
        with _exit_on_error():
            if cause is None:
                raise
            _message(_End(None, cause))
        raise
    with _exit_on_error():
        _message(_End(outcome.result))


def follow(device: torch.device) -> Any:  # noqa: ANN401 - whatever the leader computed
    """Carry out the orders of the leader until its block ends; returns its result.

    Args:
        device: As for `leading`.

    Raises:
        InputError: From the leader's block.
        SystemExit: As for `leading`.
    """
    join_ranks(rank_device(device))
    logging.getLogger("landmarks").setLevel(logging.WARNING)  # the leader logs for all
    while True:
        with _exit_on_error():
            message = _message(None)
            if not isinstance(message, _End):
                with suppress(SharedError):  # the leader raises it too, and sends it
                    cast(Callable[[], object], message)()
                continue
        if message.error is not None:
            raise message.error
        return message.result


@contextmanager
def _exit_on_error() -> Iterator[None]:
    """End this process if the block fails: its ranks are no longer in step."""
    try:
        yield
    except Exception as error:
        if rank() > 0:
            time.sleep(GRACE_SECONDS)
        try:
            code = refused(error)
        except Exception:
            log.exception("rank %d failed", rank())
            code = 1
        sys.exit(code)


def order(call: Callable[[], object], own: Callable[[], object]) -> None:
    """Have the followers call `call` while the leader calls `own`.

    Args:
        call: Can be pickled.
        own: Does what `call` does, so that no rank waits for another in vain.

    Raises:
        SharedError: From both.
        SystemExit: The leader raised another error, while the followers may wait for it inside of
            `call`. Nobody may handle that as an `Exception`.
    """
    if num_ranks() == 1:
        own()
        return
    with _exit_on_error():
        _message(call)
    try:
        own()
    except SharedError:
        raise
    except Exception:
        with _exit_on_error():
            raise


def written_by_leader(write: Callable[[], object], device: torch.device) -> None:
    """Have the leader write a file in the midst of an order.

    Raises:
        SharedFileError: The file cannot be written.
    """
    failure = None
    if rank() == 0:
        try:
            write()
        except OSError as error:
            failure = error
    if agreed(failure is not None, device):
        parts = (failure.errno, failure.strerror, failure.filename) if failure else ()
        raise SharedFileError(*parts) from failure


def _message(message: object) -> object:
    """The leader's `message`, in all ranks."""
    box = [message]
    distributed.broadcast_object_list(box, src=0, group=_channel())
    return box[0]


@cache
def _channel() -> distributed.ProcessGroup:
    """For messages only: gradients have a time limit, orders have none."""
    group = distributed.new_group(backend="gloo", timeout=PATIENCE)
    return cast(distributed.ProcessGroup, group)
