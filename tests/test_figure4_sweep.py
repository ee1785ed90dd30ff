"""The scripts that reproduce the article find their runs and always write a report."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from landmarks.analysis.paper import figures
from landmarks.analysis.report import PAGE, REPORT
from tests.analysis.studies import write_study

OUT = "${hydra:runtime.choices.strategy}/n_real_${n_real}/seed_${seed}"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "scripts"))
    import figure4_sweep

    return figure4_sweep


@pytest.mark.parametrize(
    ("overrides", "folder"),
    [
        (["experiment=figure4_demo"], "outputs/figure4_demo"),
        (
            ["experiment=figure4_demo", "strategy=mixing", "strategy.labels=original"],
            "figure4_demo",
        ),
        (["experiment=figure4_demo", f"out=my/runs/{OUT}"], "my/runs"),
        (["experiment=figure4", "data=w300_dgfaces"], "outputs/figure4"),
        (
            ["experiment=helen_to_afw", "strategy=real_only,finetune", "n_real=50,250"],
            "outputs/w300_face_synthetics/unet",
        ),
        (
            ["experiment=helen_to_afw", "model=unet_small"],
            "outputs/w300_face_synthetics/unet_small",
        ),
        (["experiment=helen_to_afw", "model=unet,unet_small"], "outputs/w300_face_synthetics"),
        (["experiment=synthetic_scaling"], "outputs/synthetic_scaling"),
        (["experiment=synthetic_scaling", "data.synthetic.count=50"], "synthetic_scaling/count_50"),
        (["experiment=rendered_to_afw"], "outputs/rendered_to_afw/synthetic"),
    ],
)
def test_the_runs_of_any_experiment_are_found(
    script: ModuleType, overrides: list[str], folder: str
) -> None:
    assert script._folder(overrides).as_posix().endswith(folder)


def test_a_sweep_with_a_failed_run_is_reported_and_still_a_failure(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def swept(overrides: list[str]) -> int:
        write_study(tmp_path, seeds=(0, 1), sizes=(10, 50), strategies=("real_only", "finetune"))
        return 2

    monkeypatch.setattr(script, "run_sweep", swept)
    monkeypatch.setattr(figures, "FIGURES", {})
    overrides = [f"out={tmp_path}/{OUT}"]
    assert script.sweep_and_report(overrides, ("figure4",), lambda f: f.summary) == 2
    assert (tmp_path / REPORT / PAGE).is_file()
    assert "(the sweep is unfinished)" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["experiment=none_such", "n_rael=5", "out=nowhere/${seed}"])
def test_a_sweep_without_finished_runs_keeps_its_exit_code(
    script: ModuleType,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(script, "run_sweep", lambda overrides: 7)
    assert script.sweep_and_report([word], (), lambda f: f.summary) == 7
    assert "error: no report: " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["reproduce_figure4", "reproduce_table2"])
def test_help_is_printed_and_nothing_is_run(
    script: ModuleType, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert import_module(name).main(["--help"]) == 0
    assert f"python scripts/{name}.py" in capsys.readouterr().out
