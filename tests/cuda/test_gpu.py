"""What only a GPU can show: run `pytest tests/cuda` on a machine that has one (minutes)."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from landmarks.models.forward import predict, to_network
from landmarks.training.device import Machine
from landmarks.training.monitor import CURVE, WEIGHTS
from landmarks.training.schedule import Schedule
from tests.small import small_architecture
from tests.training.test_loop import train
from tests.training.test_other_devices import batch, composed

if not torch.cuda.is_available():
    pytest.skip("there is no GPU", allow_module_level=True)

GPU = Machine(device="cuda", checkpoint_seconds=0)
CPU = Machine(device="cpu")
ROOT = Path(__file__).parents[2]
MODELS = [path.stem for path in sorted((ROOT / "configs" / "model").glob("*.yaml"))]
SCHEDULE = Schedule(steps=60, batch_size=8, learning_rate=4e-3, warmup=10)


def test_a_gpu_learns_as_a_cpu_does_in_float32(toy_crops, tmp_path):
    model = small_architecture()
    curves, landmarks = [], []
    for machine in (replace(GPU, precision="float32"), replace(CPU, precision="float32")):
        folder = tmp_path / machine.device
        network = train(model, toy_crops, folder, SCHEDULE, machine=machine)
        curves.append(np.load(folder / CURVE)[:, 1])
        landmarks.append(
            predict(network, model, toy_crops, np.arange(8), device=machine.torch_device)
        )
    np.testing.assert_allclose(curves[0][:2], curves[1][:2], rtol=1e-3)
    np.testing.assert_allclose(curves[0], curves[1], rtol=0.05)
    assert np.abs(landmarks[0] - landmarks[1]).mean() < 1


def test_the_same_weights_predict_the_same_on_both(toy_crops):
    model = small_architecture()
    network = model.start(68, seed=0)
    found = [
        predict(network, model, toy_crops, np.arange(8), device=m.torch_device) for m in (GPU, CPU)
    ]
    np.testing.assert_allclose(*found, atol=0.02)


def test_a_run_on_a_gpu_repeats_and_resumes_with_the_same_numbers(toy_crops, tmp_path):
    model = small_architecture()

    def stop(step, *_):
        if step == 30:
            raise KeyboardInterrupt

    whole = train(model, toy_crops, tmp_path / "whole", SCHEDULE, machine=GPU)
    with pytest.raises(KeyboardInterrupt):
        train(model, toy_crops, tmp_path / "parts", SCHEDULE, stop, GPU)
    parts = train(model, toy_crops, tmp_path / "parts", SCHEDULE, machine=GPU)
    for one, other in zip(whole.state_dict().values(), parts.state_dict().values(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("workers", [0, 4])
def test_workers_change_no_number(toy_crops, tmp_path, workers):
    machine = replace(GPU, workers=workers)
    train(small_architecture(), toy_crops, tmp_path / "fit", SCHEDULE, machine=machine)
    train(small_architecture(), toy_crops, tmp_path / "plain", SCHEDULE, machine=GPU)
    assert (tmp_path / "fit" / WEIGHTS).read_bytes() == (tmp_path / "plain" / WEIGHTS).read_bytes()


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", MODELS)
def test_every_model_trains_in_16_bits(name, precision):
    model = composed(f"model={name}")
    network = model.build(68).cuda().to(memory_format=torch.channels_last)
    here = batch(model.input_size).to(torch.device("cuda"))
    machine = replace(GPU, precision=precision)
    with machine.autocast(cpu_bfloat16=True):
        output = network(to_network(here.images))
    loss = model.loss(output, here.landmarks, here.visible, model.codec)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in network.parameters())


def test_one_rank_under_torchrun_runs_a_whole_experiment(tmp_path):
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=1"]
    run = ["data=toy", "schedule=tiny", "strategy=mixing", "n_real=10", "machine.device=cuda"]
    done = subprocess.run(
        [*launcher, "-m", "landmarks.train", *run, "out=run", "artifacts=artifacts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "result.json").exists()
