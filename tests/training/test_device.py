"""Devices: names as torch writes them, checked against the machine before any work."""

import pytest
import torch

from landmarks.errors import InputError
from landmarks.training.device import Machine
from landmarks.training.distributed import fabric_for


@pytest.fixture
def hardware(monkeypatch):
    """Pretend that torch sees so many CUDA GPUs, and an Apple GPU or none."""

    def pretend(gpus=0, apple=False, ranks=1):
        monkeypatch.setattr("torch.cuda.is_available", lambda: gpus > 0)
        monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
        monkeypatch.setattr("torch.backends.mps.is_available", lambda: apple)
        if ranks > 1:
            monkeypatch.setenv("TORCHELASTIC_RUN_ID", "test")
            monkeypatch.setenv("WORLD_SIZE", str(ranks))
            monkeypatch.setenv("LOCAL_WORLD_SIZE", str(ranks))

    return pretend


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cpu", "cpu"),
        ("auto", "cuda"),
        ("cuda", "cuda"),
        ("cuda:0", "cuda:0"),
        ("cuda:1", "cuda:1"),
        ("mps", "mps"),
    ],
)
def test_names_of_torch_are_accepted_where_the_hardware_exists(hardware, name, expected):
    hardware(gpus=2, apple=True)
    assert Machine(device=name).torch_device == torch.device(expected)


def test_auto_is_the_cpu_without_a_gpu(hardware):
    hardware()
    assert Machine().torch_device == torch.device("cpu")


@pytest.mark.parametrize(
    ("there", "name", "message"),
    [
        (
            {},
            "tpu",
            r"device is 'tpu'; allowed are auto, cpu, cuda, cuda:0, cuda:1, \.\.\. and mps",
        ),
        ({}, 1, "device is 1; allowed are"),
        ({"gpus": 1}, "cuda:-1", "device is 'cuda:-1'; allowed are"),
        ({"gpus": 1}, "cuda:", "device is 'cuda:'; allowed are"),
        ({}, "cuda", "device is 'cuda', but torch sees no GPU here; use device=auto"),
        ({}, "cuda:1", "device is 'cuda:1', but torch sees no GPU here; use device=auto"),
        ({"gpus": 2}, "cuda:2", r"device is 'cuda:2', but torch sees 2 GPUs here, .* cuda:0"),
        ({}, "mps", "device is 'mps', but torch finds no Apple GPU here; use device=auto"),
        ({"gpus": 2, "ranks": 2}, "cuda:1", "torchrun gives each rank a GPU of its own"),
        ({"apple": True, "ranks": 2}, "mps", "device is 'mps', which is one GPU; run without"),
    ],
)
def test_a_device_that_is_missing_or_unknown_is_refused(hardware, there, name, message):
    hardware(**there)
    with pytest.raises(InputError, match=message):
        Machine(device=name)


def test_a_single_process_trains_on_the_gpu_that_was_chosen(monkeypatch):
    chosen = []

    class Fabric:
        def __init__(self, **options):
            chosen.append((options["accelerator"], options["devices"]))

        def launch(self):
            pass

    monkeypatch.setattr("lightning_fabric.Fabric", Fabric)
    fabric_for.cache_clear()
    for name in ("cuda:1", "cuda", "mps"):
        fabric_for(torch.device(name))
    fabric_for.cache_clear()
    assert chosen == [("cuda", [1]), ("cuda", 1), ("mps", 1)]
