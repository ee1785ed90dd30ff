"""Command line: one run, or with -m a sweep of runs.

python -m landmarks.train strategy=finetune n_real=50 seed=0
python -m landmarks.train -m strategy=real_only,finetune n_real=10,50 seed=0,1
torchrun --nproc_per_node 2 -m landmarks.train strategy=finetune   # a run on two GPUs, or CPUs
python -m landmarks.train --help
python -m landmarks.train --cfg job        # what would run
"""

from typing import TYPE_CHECKING, Any, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from landmarks.cli.hydra_command import run_command
from landmarks.errors import InputError

if TYPE_CHECKING:
    from landmarks.experiment.experiment import Experiment
    from landmarks.experiment.strategies import Strategy

# Written once in the YAML and taken over by the strategies; not fields of an experiment.
SHARED_PARTS = ("schedule", "adapter")


def train(cfg: DictConfig) -> float:
    """Run one experiment; return its NME, which a sweeper may minimise."""
    # torch and timm take seconds to import; --help and --cfg should not wait for them.
    from landmarks.experiment.run import run

    sweeper = HydraConfig.get().sweeper  # Hydra's own, which is never dry, repeats a config.yaml
    if HydraConfig.get().mode == RunMode.RUN and "dry" in sweeper and sweeper.dry:
        raise InputError(
            "hydra.sweeper.dry=true tells what a sweep would do, and needs -m: "
            "python -m landmarks.train -m ... hydra.sweeper.dry=true"
        )
    return run(made(cfg), config=OmegaConf.to_yaml(cfg, resolve=True)).nme


def made(cfg: DictConfig) -> "Experiment":
    """The experiment of a composed YAML; its data are read when they are needed."""
    whole = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True))
    for part in SHARED_PARTS:  # to refuse what is wrong in them, though a strategy may not ask
        hydra.utils.instantiate(whole.pop(part), _convert_="all")
    strategy = hydra.utils.instantiate(whole["strategy"], _convert_="all")
    whole["data"] |= _readers(whole["data"], strategy)
    experiment: Experiment = hydra.utils.instantiate(whole, _convert_="all")
    return experiment


def _readers(data: dict[str, Any], strategy: "Strategy") -> dict[str, dict[str, Any] | None]:
    """The sets of faces that the strategy uses, to be read later; its other sets may be wrong."""
    from landmarks.data.options import check_options

    readers: dict[str, dict[str, Any] | None] = {"real": None, "test": None, "synthetic": None}
    for role in strategy.roles:
        faces = data.get(role)
        if faces is not None and not (isinstance(faces, dict) and "_target_" in faces):
            raise InputError(
                f"data.{role} is {faces!r}, which is no set of faces; did you mean "
                f"data.{role}.root={faces}?"
            )
        if faces is not None:
            options = {key: value for key, value in faces.items() if not key.startswith("_")}
            check_options(hydra.utils.get_method(faces["_target_"]), options, f"data.{role}")
            readers[role] = {**faces, "_partial_": True}
    return readers


def main() -> None:
    """Run the command on the arguments of this process; ends the process."""
    run_command(train, "train")
