"""The folder of a report: its face sheets, and the commands that reproduce it."""

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from landmarks.analysis.exchange import Design, Exchange
from landmarks.analysis.page.page import FaceSheet
from landmarks.analysis.paper import figures
from landmarks.analysis.report import ReportOptions, commands, face_sheets
from landmarks.analysis.study import read_study
from landmarks.cli import report, verify
from landmarks.cli.hydra_command import CONFIGS
from landmarks.errors import InputError
from landmarks.experiment.results import RESULT
from tests.analysis.studies import write_study
from tests.waiting import PATIENCE

PNG = b"\x89PNG\r\n\x1a\n"
HEADLINE = Exchange(
    strategy="finetune",
    n_real=50,
    value=200.0,
    low=150.0,
    high=300.0,
    design=Design(seeds=(3, 5), sizes=(10, 250)),
)
STUDY = "my runs/a"
TINY = [
    *("data=toy", "schedule=tiny", "strategy=real_only", "n_real=4", "model=unet"),
    *("model.input_size=32", "model.network.widths=[8,8]", "schedule.train.steps=2"),
    *("data.synthetic.count=4", "data.real.count=8", "data.test.count=6"),
]


def small_study(folder, **changes):
    """Two strategies at two sizes; each run's picture contains its own name."""
    values = {"strategies": ("real_only", "finetune"), "sizes": (10, 50), "seeds": (3, 5)}
    study = read_study(write_study(folder, **{**values, "faces": 8, **changes}))
    for run in study.runs:
        (run.directory / "faces.png").write_bytes(PNG + str((*run.cell, run.result.seed)).encode())
    return study


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    return small_study(tmp_path_factory.mktemp("rendered"))


@pytest.fixture
def photographs(tmp_path):
    return small_study(tmp_path, rendered=False)


def test_the_headline_and_real_only_show_their_faces(rendered):
    found = face_sheets(rendered, HEADLINE, photos=False)
    assert [sheet.png for sheet in found] == [
        PNG + b"('finetune', 50, 3)",
        PNG + b"('real_only', 50, 3)",
    ]
    assert found[0].caption.startswith("Fine-tuning, 50 real faces, seed 3:")
    nme = 100 * rendered.by_cell["finetune", 50][3].nme
    assert f"NME of all 8 test faces: {nme:.2f} %" in found[0].caption
    assert all("rendered" in sheet.caption for sheet in found)


def test_photographs_are_shown_only_on_request(photographs):
    assert face_sheets(photographs, HEADLINE, photos=False) == ()
    shown = face_sheets(photographs, HEADLINE, photos=True)
    assert len(shown) == 2
    assert all("photographs" in sheet.caption for sheet in shown)


def test_without_real_only_at_its_size_the_headline_is_shown_alone(rendered):
    runs = tuple(run for run in rendered.runs if run.cell != ("real_only", 50))
    (shown,) = face_sheets(replace(rendered, runs=runs), HEADLINE, photos=False)
    assert shown.png.endswith(b"('finetune', 50, 3)")


def test_without_a_headline_the_last_run_is_shown(rendered):
    (shown,) = face_sheets(rendered, None, photos=False)
    assert shown.png.endswith(b"('finetune', 50, 5)")


def test_missing_pictures_are_an_error_only_on_request(photographs):
    (photographs.by_cell["finetune", 50][3].directory / "faces.png").unlink()
    rendered = replace(photographs, rendered_test=True)
    assert len(face_sheets(rendered, HEADLINE, photos=False)) == 1
    with pytest.raises(InputError, match=r"finetune/n_real_50/seed_3/faces\.png: no such file"):
        face_sheets(photographs, HEADLINE, photos=True)


def test_a_picture_that_is_not_a_png_file_is_refused():
    with pytest.raises(InputError, match=r"starts with b'<html>"):
        FaceSheet(caption="Faces", png=b"<html></html>")


def test_the_commands_quote_the_folder():
    train, write, check = commands(ReportOptions(folder=STUDY, labelling_cost=0.5, photos=True))
    assert train.startswith("find 'my runs/a' -name config.yaml | while read -r config; do\n")
    assert write == "landmarks report 'my runs/a' --labelling-cost 0.5 --photos"
    assert check == "landmarks verify 'my runs/a'"


def test_the_commands_reproduce_a_study_from_its_configurations(tmp_path, monkeypatch, capsys):
    run = tmp_path / STUDY / "one"
    run.mkdir(parents=True)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        cfg = compose("train", [*TINY, f"out='{STUDY}/one'"])
    (run / "config.yaml").write_text(OmegaConf.to_yaml(cfg, resolve=True))
    train, *then = commands(ReportOptions(folder=STUDY))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", train],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (run / RESULT).exists(), done.stderr
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(figures, "FIGURES", {"figure4": figures.FIGURES["figure4"]})
    for command, module in zip(then, (report, verify), strict=True):
        name, *arguments = shlex.split(command)[1:]
        assert module.__name__.endswith(name)
        assert module.main(arguments) == 0
    assert "verified: my runs/a, 1 runs" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"my runs", "outputs"}
