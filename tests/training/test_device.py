"""The machine: what it refuses, and the precision it trains in. No test depends on the CPU."""

import platform

import pytest
import torch

from landmarks.errors import InputError
from landmarks.training import device
from landmarks.training.device import Machine
from landmarks.training.distributed import rank_device


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


@pytest.mark.parametrize(
    "bad",
    [
        {"workers": -1},
        {"workers": "many"},
        {"workers": 1.5},
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


@pytest.mark.parametrize(
    ("there", "name", "workers", "expected"),
    [
        ({"gpus": 1}, "auto", "auto", 8),
        ({"gpus": 2, "ranks": 2}, "cuda", "auto", 4),
        ({"apple": True}, "mps", "auto", 8),
        ({"gpus": 9, "ranks": 9}, "cuda", "auto", 1),
        ({}, "auto", "auto", 0),
        ({"gpus": 1}, "cpu", "auto", 0),
        ({"gpus": 1}, "cuda", 3, 3),
        ({}, "cpu", 2, 2),
    ],
)
def test_a_gpu_gets_batches_from_all_cores(hardware, monkeypatch, there, name, workers, expected):
    hardware(**there)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert Machine(device=name, workers=workers).num_workers == expected


def test_torch_leaves_a_core_to_each_worker(monkeypatch):
    monkeypatch.setattr("landmarks.training.device.TORCH_THREADS", 4)
    before = torch.get_num_threads()
    try:
        for workers, threads, expected in ((0, None, 4), (1, None, 3), (9, None, 1), (9, 2, 2)):
            Machine(device="cpu", workers=workers, threads=threads).prepare()
            assert torch.get_num_threads() == expected
    finally:
        torch.set_num_threads(before)


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


@pytest.mark.parametrize(("supported", "precision"), [(True, "bfloat16"), (False, "float16")])
def test_a_gpu_trains_in_16_bits_whatever_the_network_gains_on_cpus(
    hardware, monkeypatch, supported, precision
):
    hardware(gpus=1)
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


def test_each_rank_has_a_gpu_of_its_own_and_a_single_process_the_one_it_chose(
    hardware, monkeypatch
):
    assert rank_device(torch.device("cuda:1")) == torch.device("cuda:1")
    hardware(gpus=2, ranks=2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert rank_device(torch.device("cuda")) == torch.device("cuda:1")
    assert rank_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can keep freed memory")
def test_memory_of_a_step_serves_the_next_one():
    import resource  # not on Windows

    Machine(device="cpu").prepare()

    def new_pages():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        blocks = [torch.zeros(2_000_000) for _ in range(10)]
        del blocks
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    assert min(new_pages() for _ in range(4)) < 0.5 * 10 * 8_000_000 / resource.getpagesize()
