"""Training and prediction keep to one device, checked without a GPU.

Tensors of PyTorch's "meta" device have shapes and no values, and fake tensors on "cuda" need no
GPU. Both refuse to be mixed with tensors of another device, and so does a GPU.
"""

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch._subclasses.fake_tensor import FakeTensorMode

from landmarks.cli.hydra_command import CONFIGS
from landmarks.models.forward import to_network
from landmarks.training.batch import Batch
from landmarks.training.checkpoint import TrainingState
from landmarks.training.device import Machine
from landmarks.training.loop import update
from landmarks.training.schedule import Schedule

MODELS = ("unet", "resnet18_128", "resnet34_direct")
LOSSES = ("cross_entropy", "mse", "adaptive_wing", "coordinate_mse", "gaussian_nll")
SCHEDULE = Schedule(steps=4, batch_size=4, learning_rate=1e-3, clip_norm=1.0)


def composed(*overrides):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        cfg = compose("train", overrides=["data=toy", *overrides])
    return instantiate(cfg.model, _convert_="all")


@pytest.fixture(
    params=[*(f"model={name}" for name in MODELS), *(f"loss={name}" for name in LOSSES)]
)
def model(request):
    """An architecture with each network and each loss."""
    choice = request.param
    network = "model=resnet34_direct" if choice.endswith(("coordinate_mse", "gaussian_nll")) else ""
    return composed(*filter(None, (network, choice)))


def batch(size):
    return Batch(
        images=torch.zeros(4, size, size, 3, dtype=torch.uint8),
        landmarks=torch.full((4, 68, 2), size / 2),
        visible=torch.ones(4, 68, dtype=torch.bool),
    )


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_training_step_keeps_to_its_device(model, accumulate):
    with torch.device("meta"):
        network = model.build(68).train()
    state = TrainingState.at_start(network, SCHEDULE)
    machine = Machine(device="cpu", accumulate=accumulate, precision="float32")
    here = batch(model.input_size).to(torch.device("meta"))
    for _ in range(2):
        loss = update(state, network, model, here, SCHEDULE, machine)
        state.step += 1
    assert loss.device.type == "meta"
    assert loss.shape == ()
    assert {p.grad.device.type for p in network.parameters()} == {"meta"}


def test_a_step_with_a_batch_on_another_device_fails():
    model = composed("model=unet")
    with torch.device("meta"):
        network = model.build(68).train()
    state = TrainingState.at_start(network, SCHEDULE)
    machine = Machine(device="cpu", precision="float32")
    with pytest.raises((RuntimeError, NotImplementedError)):
        update(state, network, model, batch(model.input_size), SCHEDULE, machine)


def test_a_forward_pass_and_its_loss_keep_to_a_gpu(model):
    with FakeTensorMode(), torch.device("cuda"):
        network = model.build(68).eval()
        here = batch(model.input_size)
        output = network(to_network(here.images))
        landmarks = model.codec.decode(output)
        loss = model.loss(output, here.landmarks, here.visible, model.codec)
    assert landmarks.device.type == loss.device.type == "cuda"
    assert landmarks.shape == (4, 68, 2)
