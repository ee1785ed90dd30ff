"""The numbers of a product change only with its version.

A tiny fixed computation of each product is compared with numbers that are stored beside this file,
to three digits, so that they hold on any CPU. If a test here fails after a change that was meant to
change numbers, do what its message says: raise the version, then store the new numbers with

    python -m tests.experiment.test_products
"""

import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import albumentations
import numpy as np
import torch

from landmarks.adapters.fitting import ADAPTER_VERSION
from landmarks.adapters.perceptron import PerceptronFit
from landmarks.adapters.ridge import RidgeFit
from landmarks.augmentation import Augmentation, Geometry
from landmarks.data.crops import CROPS_VERSION, FaceCrops, make_crops
from landmarks.data.dataset import Face, FaceDataset
from landmarks.experiment.evaluation import predict_set
from landmarks.geometry import LandmarkCrop
from landmarks.heatmap import CoordinateCodec, DistributionCodec, HeatmapCodec
from landmarks.inference.detector import Detector
from landmarks.inference.predictions import PREDICTIONS_VERSION
from landmarks.losses import (
    AdaptiveWing,
    CoordinateMSE,
    CrossEntropySoftArgmax,
    GaussianNLL,
    HeatmapMSE,
)
from landmarks.models.coordinate_net import CoordinateNet
from landmarks.models.heatmap_net import HeatmapNet
from landmarks.models.unet import UNet
from landmarks.scheme import IBUG68
from landmarks.training.batches import FaceSource, MixtureBatches
from landmarks.training.device import Machine
from landmarks.training.loop import TRAINING_VERSION, fit, load_weights
from landmarks.training.monitor import CURVE, WEIGHTS
from landmarks.training.schedule import Schedule
from tests.experiment.test_run import PLAIN
from tests.small import unnormalised_architecture

STORED = Path(__file__).with_name("products.json")
K = IBUG68.num_landmarks
SIZE = 64  # of the crops, pixels
FACES = 8
MACHINE = Machine(device="cpu", threads=1, precision="float32")

Numbers = dict[str, float]


class Waves:
    """A spot of light with waves, by a formula: it depends on no file and on no library."""

    variant = ""

    def __init__(self, number: int) -> None:
        self.number = number

    def content(self) -> str:
        return f"waves {self.number}"

    def shape(self) -> tuple[int, int]:
        return 120, 140

    def read(self) -> np.ndarray:
        y, x = np.mgrid[:120, :140]
        spot = np.exp(-((x - 75) ** 2 + (y - 55) ** 2) / 900)
        waves = [np.sin((x * (c + 1) + y * self.number) / 17 + c) for c in range(3)]
        return np.rint(110 * (spot * (1 + np.stack(waves)))).astype(np.uint8).transpose(1, 2, 0)


def points(number: int) -> np.ndarray:
    """(K, 2) landmarks by a formula, other ones for each face."""
    k = np.arange(K)
    radius = 15 + 25 * k / K + number
    angle = 2 * np.pi * k / 11
    around = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return (np.array([68.5, 61.25]) + radius[:, None] * around).astype(np.float32)


def dataset() -> FaceDataset:
    faces = (
        Face(id=f"{i}", image=Waves(i), landmarks=points(i), group=f"{i // 2}")
        for i in range(FACES)
    )
    return FaceDataset(name="waves", origin="a formula", faces=tuple(faces))


def stored_crops(folder: Path) -> FaceCrops:
    make_crops(dataset(), LandmarkCrop(1.35), SIZE, folder)
    return FaceCrops(folder, SIZE, IBUG68)


def of_crops(folder: Path) -> Numbers:
    crops = stored_crops(folder)
    images = crops.crops(np.arange(FACES)).astype(float)
    columns = np.arange(SIZE)
    return {
        "level": images.mean(),
        "contrast": images.std(),
        "detail": np.abs(np.diff(images, axis=2)).mean(),
        "centre of light, x": (images * columns[:, None]).sum() / images.sum(),
        "centre of light, y": (images * columns[:, None, None]).sum() / images.sum(),
        "canvas": np.mean([crops.images[i].astype(float).mean() for i in range(FACES)]),
        "landmarks": crops.landmarks.mean(),
        "spread of landmarks": crops.landmarks.std(),
    }


def of_training(folder: Path) -> Numbers:
    (folder / "crops").mkdir()
    (folder / "training").mkdir()
    crops = stored_crops(folder / "crops")
    turned = Augmentation(
        geometry=Geometry(mirror=0.5, rotation=20, scale=0.2, shift=0.05),
        transforms=(
            albumentations.RandomBrightnessContrast(p=0.5),
            albumentations.GaussNoise(std_range=(0.05, 0.2), p=0.5),
        ),
    )
    parts = ((np.arange(5), PLAIN, 0.25), (np.arange(5, FACES), turned, 0.75))
    sources = [
        FaceSource(
            crops=crops,
            indices=indices,
            landmarks=crops.landmarks,
            visible=crops.visible,
            augmentation=augmentation,
            share=share,
        )
        for indices, augmentation, share in parts
    ]
    schedule = Schedule(steps=40, batch_size=8, learning_rate=2e-3, warmup=10)
    architecture = unnormalised_architecture()
    network = architecture.start(K, seed=1)
    before = torch.nn.utils.parameters_to_vector(network.parameters()).detach().clone()
    batches = MixtureBatches(sources, schedule.batch_size, schedule.steps, 1)
    fit(
        network,
        architecture,
        batches,
        schedule,
        machine=MACHINE,
        directory=folder / "training",
        on_progress=lambda *_: None,
    )
    curve = np.load(folder / "training" / CURVE)
    after = architecture.build(K)
    load_weights(after, folder / "training" / WEIGHTS)
    moved = torch.nn.utils.parameters_to_vector(after.parameters()).detach() - before
    return {
        "start": float(before.norm()),
        **{f"loss after {step:.0f}": loss for step, loss, _ in curve},
        "learning rate": curve[1, 2],
        "way of the averaged weights": float(moved.norm()),
        **of_networks(),
        **of_losses(),
    }


def of_networks() -> Numbers:
    """Outputs of networks with their first weights."""
    images = torch.linspace(-1, 1, 2 * 3 * SIZE * SIZE).sin().reshape(2, 3, SIZE, SIZE)
    found = {}
    networks: dict[str, Callable[[], torch.nn.Module]] = {
        "UNet": lambda: UNet(K, [8, 16, 16, 16, 16]),
        "HeatmapNet": lambda: HeatmapNet(K, "resnet18"),
        "CoordinateNet": lambda: CoordinateNet(K, "resnet18"),
    }
    for name, build in networks.items():
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(3)
            network = build()
            weights = torch.cat([p.abs().flatten() for p in network.parameters()])
            found[f"weights of {name}"] = float(weights.mean())
            found[f"output of {name}"] = float(network.train()(images).std())
    return found


def of_losses() -> Numbers:
    landmarks = torch.from_numpy(np.stack([points(0), points(1)])) / 2
    visible = torch.arange(2 * K).reshape(2, K) % 5 > 0
    maps = torch.linspace(-3, 40, 2 * K * 256).sin().reshape(2, K, 16, 16)
    coordinates = torch.linspace(0, 9, 2 * K * 3).sin().reshape(2, K, 3)
    cases = [
        (HeatmapMSE(), HeatmapCodec(stride=4, sigma=1.5), maps),
        (AdaptiveWing(), HeatmapCodec(stride=4, sigma=1.5), maps),
        (CrossEntropySoftArgmax(), DistributionCodec(stride=4, sigma=1.0), maps),
        (CoordinateMSE(), CoordinateCodec(size=SIZE), coordinates[..., :2]),
        (GaussianNLL(), CoordinateCodec(size=SIZE), coordinates),
    ]
    found = {}
    for loss, codec, output in cases:
        name = type(loss).__name__
        found[name] = float(loss(output, landmarks, visible, codec))
        found[f"decoded for {name}"] = float(codec.decode(output).mean())
    return found


def of_adapters(_: Path) -> Numbers:
    target = np.stack([points(i) for i in range(FACES)])
    k = np.arange(K)
    i = np.arange(FACES)[:, None]
    bend = np.stack([np.sin(k / 3 + i / 2), np.cos(k / 5 - i / 3)], axis=-1)
    predicted = (target + 2 * bend).astype(np.float32)
    visible = np.ones((FACES, K), bool)
    found = {"before": float(np.abs(predicted - target).mean())}
    for how in (RidgeFit(), PerceptronFit(steps=40)):
        adapted = how(predicted, target, visible, IBUG68, 5).adapt(predicted)
        name = type(how).__name__
        found[f"after {name}"] = float(np.abs(adapted - target).mean())
        found[f"moved by {name}"] = float(np.abs(adapted - predicted).mean())
    return found


def of_predictions(folder: Path) -> Numbers:
    crops = stored_crops(folder)
    architecture = unnormalised_architecture()
    network = architecture.build(K)
    with torch.no_grad():  # by a formula, so that no other product matters
        for weights in network.parameters():
            values = torch.arange(weights.numel(), dtype=torch.float64).mul(1.7).sin() / 5
            weights.copy_(values.reshape(weights.shape))
    detector = Detector(network=network, architecture=architecture, crop=LandmarkCrop(1.35))
    predictions = predict_set(detector, crops)
    metrics = predictions.summaries()["all"]
    return {
        "x": predictions.predicted[..., 0].mean(),
        "y": predictions.predicted[..., 1].mean(),
        "spread": predictions.predicted.std(),
        **{f"NME by {name}": estimate.value for name, estimate in metrics.nme.items()},
        "low": metrics.nme["interocular"].low,
        "high": metrics.nme["interocular"].high,
        **{f"NME of the {name}": estimate.value for name, estimate in metrics.regions.items()},
    }


# In the order in which one depends on the other: what to compute, and the version to raise.
PRODUCTS = {
    "crops": (of_crops, CROPS_VERSION, "CROPS_VERSION in landmarks/data/crops.py"),
    "training": (of_training, TRAINING_VERSION, "TRAINING_VERSION in landmarks/training/loop.py"),
    "adapter": (of_adapters, ADAPTER_VERSION, "ADAPTER_VERSION in landmarks/adapters/fitting.py"),
    "predictions": (
        of_predictions,
        PREDICTIONS_VERSION,
        "PREDICTIONS_VERSION in landmarks/inference/predictions.py",
    ),
}
HOW_TO_STORE = "store the new numbers with `python -m tests.experiment.test_products`"


def fault(name: str, version: int, numbers: Numbers, stored: dict[str, dict]) -> str:
    """What to do about the numbers of a product; empty if they are those of its version."""
    then = stored[name]
    changed = [
        f"{key} is {numbers.get(key)}, was {then['numbers'].get(key)}"
        for key in {**then["numbers"], **numbers}
        if not math.isclose(
            numbers.get(key, math.nan), then["numbers"].get(key, math.nan), rel_tol=1e-3
        )
    ]
    if version != then["version"]:
        return f"{PRODUCTS[name][2]} is {version}, was {then['version']}; {HOW_TO_STORE}"
    if changed:
        return (
            f"the numbers of {name} changed ({'; '.join(changed)}); if they should, raise "
            f"{PRODUCTS[name][2]} and {HOW_TO_STORE}; what is computed from them changes too, "
            "without a version of its own"
        )
    return ""


def computed(name: str) -> Numbers:
    with tempfile.TemporaryDirectory() as folder:
        return {key: float(f"{n:.5g}") for key, n in PRODUCTS[name][0](Path(folder)).items()}


def test_the_numbers_of_every_product_are_those_of_its_version():
    stored = json.loads(STORED.read_text())
    for name, (_, version, _) in PRODUCTS.items():  # of a chain, the first change counts
        assert not (message := fault(name, version, computed(name), stored)), message


def test_changed_numbers_are_reported_with_the_version_to_raise():
    stored = {"adapter": {"version": 3, "numbers": {"moved": 0.5}}}
    assert fault("adapter", 3, {"moved": 0.5004}, stored) == ""
    message = fault("adapter", 3, {"moved": 0.51}, stored)
    assert "moved is 0.51, was 0.5" in message
    assert "raise ADAPTER_VERSION in landmarks/adapters/fitting.py" in message
    assert "store the new numbers" in fault("adapter", 4, {"moved": 0.51}, stored)
    assert "other is 1, was None" in fault("adapter", 3, {"moved": 0.5, "other": 1}, stored)


if __name__ == "__main__":
    torch.set_num_threads(1)
    made = {
        name: {"version": version, "numbers": computed(name)}
        for name, (_, version, _) in PRODUCTS.items()
    }
    STORED.write_text(json.dumps(made, indent=1) + "\n")
