"""The machine: what it refuses, and the precision it trains in. No test depends on the CPU."""

import pytest
import torch

from landmarks.training import device
from landmarks.training.device import Machine


@pytest.mark.parametrize(
    "bad",
    [
        {"device": "tpu"},
        {"workers": -1},
        {"threads": 0},
        {"checkpoint_seconds": "often"},
        {"accumulate": 0},
        {"compile": "yes"},
        {"deterministic": "no"},
        {"precision": "bf16"},
    ],
)
def test_unknown_machine_settings_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Machine(**bad)


def test_torch_leaves_a_core_to_each_worker(monkeypatch):
    monkeypatch.setattr("landmarks.training.device.TORCH_THREADS", 4)
    before = torch.get_num_threads()
    try:
        for workers, threads, expected in ((0, None, 4), (1, None, 3), (9, None, 1), (9, 2, 2)):
            Machine(device="cpu", workers=workers, threads=threads).prepare()
            assert torch.get_num_threads() == expected
    finally:
        torch.set_num_threads(before)


@pytest.fixture
def gpu(monkeypatch):
    """A machine that has a GPU, as far as settings are concerned."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


@pytest.mark.parametrize(
    ("supported", "gains", "precision"),
    [
        (True, True, "bfloat16"),
        (True, False, "float32"),
        (False, True, "float32"),
    ],
)
def test_a_cpu_trains_in_bfloat16_if_it_has_it_and_the_network_gains(
    monkeypatch, supported, gains, precision
):
    monkeypatch.setattr(device, "_cpu_has_bfloat16", lambda: supported)
    machine = Machine(device="cpu")
    assert machine.computes_in(cpu_bfloat16=gains) == precision
    assert machine.describe(cpu_bfloat16=gains)["precision"] == precision


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(("supported", "precision"), [(True, "bfloat16"), (False, "float16")])
def test_a_gpu_trains_in_16_bits_whatever_the_network_gains_on_cpus(
    monkeypatch, supported, precision
):
    monkeypatch.setattr(device, "_gpu_has_bfloat16", lambda: supported)
    assert Machine(device="cuda").computes_in(cpu_bfloat16=False) == precision


def test_a_named_precision_is_used():
    for precision, dtype in device.PRECISIONS.items():
        machine = Machine(device="cpu", precision=precision)
        assert machine.computes_in(cpu_bfloat16=True) == precision
        with machine.autocast(cpu_bfloat16=True):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype == dtype


def test_nondeterministic_kernels_are_an_option():
    try:
        for deterministic in (False, True):
            Machine(device="cpu", deterministic=deterministic).prepare()
            assert torch.backends.cudnn.deterministic is deterministic
            assert torch.backends.cudnn.benchmark is not deterministic
    finally:
        Machine(device="cpu").prepare()
