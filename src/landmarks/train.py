"""Command line: one run, or with -m a sweep of runs.

python -m landmarks.train strategy=finetune n_real=50 seed=0
python -m landmarks.train -m strategy=real_only,finetune n_real=10,50 seed=0,1
torchrun --nproc_per_node 2 -m landmarks.train strategy=finetune   # a run on two GPUs, or CPUs
python -m landmarks.train --help
python -m landmarks.train --cfg job        # what would run
"""

from typing import Any, cast

import hydra
from omegaconf import DictConfig, OmegaConf

from landmarks.command_line import run_command

# Written once in the YAML and taken over by the strategies; not fields of an experiment.
SHARED_PARTS = ("schedule", "adapter")


def train(cfg: DictConfig) -> float:
    """Run one experiment; return its NME, which a sweeper may minimise."""
    # torch and timm take seconds to import; --help and --cfg should not wait for them.
    from landmarks.run import run

    whole = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True))
    fields = {key: value for key, value in whole.items() if key not in SHARED_PARTS}
    experiment = hydra.utils.instantiate(fields, _convert_="all")
    return run(experiment, config=OmegaConf.to_yaml(cfg, resolve=True)).nme


if __name__ == "__main__":
    run_command(train, "train")
