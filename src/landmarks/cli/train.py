"""Command line: train and test a detector, or with -m a sweep of them.

landmarks train strategy=finetune n_real=50 seed=0
landmarks train -m strategy=real_only,finetune n_real=10,50 seed=0,1
torchrun --nproc_per_node 2 -m landmarks.train strategy=finetune   # one run on two GPUs or CPUs
landmarks train --help
landmarks train --cfg job        # print the composed YAML
"""

import sys
from typing import TYPE_CHECKING, Any, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from landmarks.cli.hydra_command import check_dataset, run_command, taking_scheme
from landmarks.errors import InputError
from landmarks.scheme import load_scheme

if TYPE_CHECKING:
    from landmarks.experiment.experiment import Experiment
    from landmarks.experiment.strategies import Strategy

# Groups that the YAML of a strategy refers to; not fields of an experiment.
SHARED_PARTS = ("schedule", "adapter")


def train(cfg: DictConfig) -> float:
    """Run one experiment; return its NME, which a sweeper may minimise.

    Raises:
        SystemExit: Code 1 if the model diverged, unless the run is one of a sweep.
    """
    # Slow imports (torch, timm), which --help and --cfg do not need.
    from landmarks.experiment.run import run

    sweeper = HydraConfig.get().sweeper  # Hydra's own, which a config.yaml may name, has no `dry`
    if HydraConfig.get().mode == RunMode.RUN and "dry" in sweeper and sweeper.dry:
        raise InputError(
            "hydra.sweeper.dry=true is for sweeps; add -m: "
            "landmarks train -m ... hydra.sweeper.dry=true"
        )
    result = run(made(cfg), config=OmegaConf.to_yaml(cfg, resolve=True))
    if result.diverged and HydraConfig.get().mode == RunMode.RUN:
        sys.exit(1)  # the log says why
    return result.nme


def made(cfg: DictConfig) -> "Experiment":
    """The experiment that a composed YAML describes; datasets are read when a run needs them."""
    from landmarks.cli.library_errors import library_errors

    whole = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True))
    for part in SHARED_PARTS:  # to find errors in them, even if the strategy uses no such part
        hydra.utils.instantiate(whole.pop(part), _convert_="all")
    strategy = hydra.utils.instantiate(whole["strategy"], _convert_="all")
    whole["data"] |= _readers(whole["data"], strategy, str(whole.pop("scheme")))
    with library_errors():
        experiment: Experiment = hydra.utils.instantiate(whole, _convert_="all")
    return experiment


def _readers(
    data: dict[str, Any], strategy: "Strategy", scheme: str
) -> dict[str, dict[str, Any] | None]:
    """Readers of the datasets that the strategy uses; the other datasets may be invalid."""
    readers: dict[str, dict[str, Any] | None] = {
        "real": None, "test": None, "synthetic": None, "unlabelled": None,
    }  # fmt: skip
    photos = data.get("unlabelled")
    if photos is not None and "unlabelled" in strategy.roles:
        faces = _reader(photos.get("faces") or data["real"], "data.unlabelled.faces", scheme)
        data = {**data, "unlabelled": {**photos, "faces": faces}}
    for role in strategy.roles:
        if data.get(role) is not None:
            readers[role] = _reader(data[role], f"data.{role}", scheme)
    return readers


def _reader(faces: dict[str, Any], place: str, scheme: str) -> dict[str, Any]:
    check_dataset(faces, place)
    named = {"scheme": scheme} if taking_scheme(faces, place, load_scheme(scheme)) else {}
    return {**named, **faces, "_partial_": True}


def main() -> None:
    """Run the command with the arguments of this process; ends the process."""
    run_command(train, "train")
