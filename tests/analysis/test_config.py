"""The configuration and the result of a run agree, for every option there is."""

from dataclasses import fields
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from landmarks.analysis.study import StudyRun
from landmarks.analysis.verification.config import config_differences
from landmarks.cli.hydra_command import CONFIGS
from landmarks.cli.train import made
from landmarks.experiment.results import Result
from landmarks.storage.serialization import record

TOY = ["data=toy", "data.synthetic.count=4", "data.real.count=4", "data.test.count=4", "out=x"]
DIRECT = ("coordinate_mse", "gaussian_nll")


def choices() -> list[str]:
    groups = ("schedule", "crop", "adapter", "model", "loss", "strategy")
    words = [f"{g}={path.stem}" for g in groups for path in sorted((CONFIGS / g).glob("*.yaml"))]
    return [*words, "augmentation@augmentation.real=none", "n_real=all"]


def more(choice: str) -> list[str]:
    """What an option needs in addition."""
    if choice.endswith("synthetic_only"):
        return ["n_real=0"]
    group, _, option = choice.partition("=")
    needs = {"adapter": ["strategy=mixing"], "loss": ["model=resnet34_direct"] * (option in DIRECT)}
    return ["n_real=2"] * (choice != "n_real=all") + needs.get(group, [])


@pytest.mark.parametrize("choice", choices())
def test_no_option_is_reported_as_a_difference(choice: str, tmp_path: Path) -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        cfg = compose("train", overrides=[*TOY, *more(choice), choice])
    experiment = made(cfg)
    settings = ("strategy", "model", "augmentation")
    result = Result(
        **{
            **{field.name: {} for field in fields(Result)},
            "n_real": len(experiment.subset),
            "seed": experiment.seed,
            "settings": record({name: getattr(experiment, name) for name in settings}),
            "crop": record(experiment.crop),
            "data": {role: {"faces": len(experiment.faces(role))} for role in experiment.roles},
        }
    )
    (tmp_path / "config.yaml").write_text(OmegaConf.to_yaml(cfg, resolve=True))
    run = StudyRun(directory=tmp_path, result=result, errors={})
    assert list(config_differences(run)) == []
