"""Studies with known errors: the folders that a sweep leaves, without the training.

Every landmark of a run is off by a length that is chosen, in a direction that is drawn. So the mean
error of a run is exactly what its curve says, times its seed's own factor.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from landmarks.adapters.perceptron import PerceptronFit
from landmarks.data.mean_face import MEAN_FACE
from landmarks.experiment import strategies as known
from landmarks.experiment.results import LEDGER, Ledger, Result, StepRecord, StepTiming, write_json
from landmarks.experiment.steps import Real, Train
from landmarks.inference.predictions import Predictions, write_cumulative_error
from landmarks.scheme import IBUG68
from landmarks.storage.serialization import fingerprint, record
from landmarks.training.schedule import Schedule

K = IBUG68.num_landmarks
STRATEGIES = (
    "synthetic_only",
    "label_adaptation",
    "data_adaptation",
    "real_only",
    "mixing",
    "finetune",
)
CONTROLS = ("real_only_imagenet", "mixing_original", "finetune_adapted")
# Synthetic labels put the jaw lower: the part of their error that an adapter can take away.
JAW_LOW = np.array([0.0, 1.0])
OF_REGION = {"jaw": 1.6, "eyes": 0.6, "mouth": 1.0, "nose": 0.8, "brows": 0.9}

Curve = Callable[[str, int], float]


def photos_alone(n_real: float) -> float:
    """Mean error of real only: 5.6 % at 50, 3.7 % at 250."""
    return 0.155 * n_real**-0.26


def article_like(strategy: str, n_real: int) -> float:
    """Mean error as the article's Figure 4 has it: fine-tuned with 50 is as good as 250 alone."""
    return {
        "synthetic_only": lambda n: 0.075,
        "label_adaptation": lambda n: 0.055 + 0.01 * (n + 1) ** -0.3,
        "data_adaptation": lambda n: 0.053 + 0.01 * (n + 1) ** -0.3,
        "real_only": photos_alone,
        "mixing": lambda n: photos_alone(max(n, 3 * n**0.95)),
        "finetune": lambda n: photos_alone(max(n, 5 * (n / 50) ** -0.25 * n)),
    }.get(strategy, photos_alone)(n_real)


def write_study(
    folder: Path,
    *,
    seeds: Iterable[int] = (0, 1, 2),
    sizes: Iterable[int] = (10, 50, 250, 1000),
    strategies: Iterable[str] = STRATEGIES,
    faces: int = 40,
    rendered: bool = True,
    curve: Curve = article_like,
    spread: float = 0.03,
    rng: np.random.Generator | None = None,
    synthetic: int = 4000,
    tested: int = 0,
) -> Path:
    """Write one folder for each run, with the files that numbers are made or checked from.

    Args:
        folder: Where to; the runs lie at <strategy>/n_real_<n>/seed_<seed> below it.
        seeds: Of every strategy and size.
        sizes: Numbers of real faces; "synthetic_only" is run with 0 instead.
        strategies: Names.
        faces: Of the test set; three photos of four show one, the fourth shows two.
        rendered: Whether the test faces are called rendered.
        curve: Mean error of a strategy at n_real, a fraction.
        spread: Standard deviation of the logarithm of the error over seeds.
        rng: Draws all but the test faces; seeded with 0 if not given.
        synthetic: Number of synthetic faces.
        tested: Another seed gives other test faces.

    Returns:
        The folder.
    """
    always = np.random.default_rng(tested)
    target = _truth(faces, always)
    hardness = always.lognormal(0, 0.4, faces)  # of each face, for every run
    rng = always if rng is None else rng
    for seed in seeds:
        own = rng.normal(0, spread)  # its subset is hard or easy for every strategy
        for strategy in strategies:
            for n_real in (0,) if strategy == "synthetic_only" else tuple(sizes):
                factor = np.exp((own + rng.normal(0, spread)) / np.sqrt(2))
                errors = hardness * rng.lognormal(0, 0.2, faces)
                errors *= curve(strategy, n_real) * factor / errors.mean()
                lengths = errors[:, None] * _of_landmark()
                directory = folder / strategy / f"n_real_{n_real}" / f"seed_{seed}"
                directory.mkdir(parents=True)
                predictions = Predictions(
                    ids=np.array([f"face {i}" for i in range(faces)]),
                    groups=np.array([f"photo {4 * i // 5}" for i in range(faces)]),
                    subsets=np.full(faces, "all"),
                    predicted=_off(target, lengths, strategy == "synthetic_only", rng),
                    target=target,
                    visible=np.ones((faces, K), bool),
                    scheme=IBUG68,
                )
                result = _result(strategy, n_real, seed, predictions, rendered, synthetic)
                _leave(directory, predictions, result)
    return folder


def _leave(directory: Path, predictions: Predictions, result: Result) -> None:
    predictions.write(directory)
    write_cumulative_error(directory / "ced.csv", predictions.errors)
    labelled = {f"real face {i}": f"content {i}" for i in range(result.n_real)}
    write_json(directory / LEDGER, {**result.ledger, "faces": labelled})
    (directory / "config.yaml").write_text(yaml.safe_dump(_config(result)))
    result.write(directory)


def _truth(faces: int, rng: np.random.Generator) -> np.ndarray:
    """(F, K, 2) pixels: the mean face, each at its own place, size, turn and shape."""
    shapes = MEAN_FACE + rng.normal(0, 0.02, (faces, K, 2))
    turns = rng.normal(0, 0.15, faces)
    cos, sin = np.cos(turns), np.sin(turns)
    turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)
    size = rng.uniform(60, 120, (faces, 1, 1))
    place = rng.uniform(150, 250, (faces, 1, 2))
    return (shapes @ turn * size + place).astype(np.float32)


def _of_landmark() -> np.ndarray:
    """(K,) how much more a landmark is off than others; 1 in the mean."""
    factors = np.ones(K)
    for region, factor in OF_REGION.items():
        factors[list(IBUG68.regions[region])] = factor
    return factors / factors.mean()


def _off(
    target: np.ndarray, lengths: np.ndarray, jaw_low: bool, rng: np.random.Generator
) -> np.ndarray:
    """(F, K, 2) landmarks that are off by (F, K) inter-ocular distances."""
    directions = rng.normal(size=target.shape)
    if jaw_low:
        directions[:, list(IBUG68.regions["jaw"])] = JAW_LOW
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    right, left = (target[:, k] for k in IBUG68.interocular)
    unit = np.linalg.norm(left - right, axis=-1)[:, None, None]
    return (target + lengths[..., None] * unit * directions).astype(np.float32)


ADAPTER = PerceptronFit()
PRETRAIN, TRAIN, FINETUNE = (
    Schedule(steps=steps, batch_size=8, learning_rate=1e-3) for steps in (2000, 3000, 1000)
)
MIXED = {"pretrain": PRETRAIN, "adapter": ADAPTER, "train": TRAIN, "alpha": 0.5}
TUNED = {"pretrain": PRETRAIN, "adapter": ADAPTER, "finetune": FINETUNE}
# By name of the strategy: the function that makes it, and what it is given.
ARGUMENTS = {
    "synthetic_only": ("synthetic_only", {"pretrain": PRETRAIN}),
    "label_adaptation": ("label_adaptation", {"pretrain": PRETRAIN, "adapter": ADAPTER}),
    "data_adaptation": (
        "data_adaptation",
        {"pretrain": PRETRAIN, "adapter": ADAPTER, "train": TRAIN},
    ),
    "real_only": ("real_only", {"train": TRAIN}),
    "mixing": ("mixing", MIXED),
    "finetune": ("finetune", TUNED),
    "real_only_imagenet": ("real_only", {"train": TRAIN, "name": "real_only_imagenet"}),
    "mixing_original": ("mixing", {**MIXED, "labels": "original"}),
    "finetune_adapted": ("finetune", {**TUNED, "pretrain_labels": "adapted"}),
}
KNOWN = {name: getattr(known, maker)(**given) for name, (maker, given) in ARGUMENTS.items()}
MODEL = {"network": {"_target_": "UNet"}, "input_size": 64, "initial": None}
OWN_MODELS = {
    "real_only_imagenet": {
        "network": {
            "_target_": "HeatmapNet",
            "backbone": "tf_efficientnet_lite0",
        },
        "input_size": 128,
        "initial": {"_target_": "EfficientNetLite0Weights"},
    }
}
AUGMENTATION = {
    "real": {"geometry": {"mirror": 0.5}},
    "synthetic": {"geometry": {"mirror": 0.25}},
}
CROP = {"_target_": "LandmarkCrop", "scale": 1.35}


# The classes that YAML files name with their module, and records without.
MODULES = {
    "EfficientNetLite0Weights": "landmarks.models.imagenet",
    "HeatmapNet": "landmarks.models.heatmap_net",
    "LandmarkCrop": "landmarks.geometry",
    "PerceptronFit": "landmarks.adapters.perceptron",
    "Schedule": "landmarks.training.schedule",
    "UNet": "landmarks.models.unet",
}


def _config(result: Result) -> dict[str, object]:
    """The YAML of a run."""
    name = result.strategy if result.strategy in KNOWN else "real_only"
    maker, given = ARGUMENTS[name]
    return {
        "strategy": {
            "_target_": f"landmarks.experiment.strategies.{maker}",
            **_with_modules(record(given)),
        },
        "n_real": result.n_real,
        "seed": result.seed,
        "model": _with_modules(OWN_MODELS.get(result.strategy, MODEL)),
        "augmentation": AUGMENTATION,
        "crop": _with_modules(CROP),
    }


def _with_modules(value: Any) -> Any:
    """A record as a YAML file has it."""
    if not isinstance(value, dict):
        return value
    inner = {key: _with_modules(item) for key, item in value.items()}
    if "_target_" in inner:
        inner["_target_"] = f"{MODULES[inner['_target_']]}.{inner['_target_']}"
    return inner


def _steps(strategy: str, n_real: int, seed: int) -> list[StepRecord]:
    """What a run records of its steps; the pre-training is shared by a seed."""
    found = []
    for step in KNOWN.get(strategy, KNOWN["real_only"]).steps:
        trains = isinstance(step, Train)
        name = step.name if trains else "adapter"
        own = [] if name == "pretrain" else [strategy, n_real]
        found.append(
            StepRecord(
                name=name,
                artifact=fingerprint([name, seed, *own]),
                optimiser_steps=step.schedule.steps if trains else 0,
                real_labels=n_real if not trains or step.draws_on(Real) else 0,
            )
        )
    return found


def _result(
    strategy: str,
    n_real: int,
    seed: int,
    predictions: Predictions,
    rendered: bool,
    synthetic: int,
) -> Result:
    steps = _steps(strategy, n_real, seed)
    timings = {
        step.name: StepTiming(
            seconds=step.optimiser_steps / 10 + 1,
            reused=step.name == "pretrain" and strategy != "synthetic_only",
            continued=False,
        )
        for step in steps
    }
    test = {"name": "drawn faces" if rendered else "photographs", "faces": len(predictions.ids)}
    nme = float(predictions.errors.mean())
    return Result(
        fingerprint=fingerprint([strategy, n_real, seed]),
        strategy=strategy,
        n_real=n_real,
        seed=seed,
        optimiser_steps=sum(step.optimiser_steps for step in steps),
        settings={
            "strategy": record(KNOWN.get(strategy, KNOWN["real_only"])),
            "model": OWN_MODELS.get(strategy, MODEL),
            "augmentation": AUGMENTATION,
        },
        data={
            "test": {**test, "origin": "data", "notes": ["made for tests"]},
            **(
                {"real": {"name": "stand-in", "origin": "data", "faces": 1000, "notes": []}}
                if n_real
                else {}
            ),
            **(
                {"synthetic": {"name": "rendered", "faces": synthetic, "notes": []}}
                if not strategy.startswith("real_only")
                else {}
            ),
        },
        shared_photos=0,
        rendered_test=rendered,
        crop=CROP,
        box_source="landmarks",
        metrics={
            "all": {"nme": {"interocular": {"value": nme, "low": 0.9 * nme, "high": 1.1 * nme}}}
        },
        ledger=asdict(
            Ledger(
                n_real=n_real,
                photos=n_real,
                training=max((s.real_labels for s in steps if s.optimiser_steps), default=0),
                adapter=max((s.real_labels for s in steps if not s.optimiser_steps), default=0),
                validation=0,
                total=n_real,
            )
        ),
        steps=[asdict(step) for step in steps],
        versions={"python": "3.11.7", "landmarks": "0.1.0", "torch": "2.9.0"},
        products={"crops": 1, "training": 1, "predictions": 1},
        timings={
            "seconds": 60.0,
            "machine": {"device": "cpu", "precision": "float32", "threads": 1},
            "steps": {name: asdict(timing) for name, timing in timings.items()},
        },
    )
