"""Verification: a report agrees with its predictions, and any change is found."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from landmarks.analysis.paper import figures
from landmarks.analysis.study import read_study
from landmarks.analysis.verification.verify import run_differences
from landmarks.cli import report, verify
from landmarks.inference.predictions import read_predictions
from tests.analysis.studies import write_study


@pytest.fixture(scope="module", autouse=True)
def few_figures() -> Iterator[None]:
    """Two figures, which are quicker to draw than nine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            figures, "FIGURES", {name: figures.FIGURES[name] for name in ("figure4", "ced")}
        )
        yield


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_study(
        tmp_path_factory.mktemp("reported") / "figure4",
        seeds=(0, 1),
        sizes=(10, 50),
        strategies=("real_only", "finetune"),
        faces=20,
    )
    for path in folder.rglob("result.json"):  # as a real run states them
        result = json.loads(path.read_text())
        parts = read_predictions(path.parent).summaries()
        result["metrics"] = {name: asdict(part) for name, part in parts.items()}
        path.write_text(json.dumps(result))
    assert report.main([str(folder), "--labelling-cost", "0.5"]) == 0
    return folder


@pytest.fixture
def folder(reported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reported, tmp_path / "figure4"))


def test_an_untouched_report_is_verified(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(folder)]) == 0
    assert capsys.readouterr().out.startswith("verified")


def test_a_changed_prediction_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "finetune" / "n_real_10" / "seed_1" / "predictions.npz"
    with np.load(path) as stored:
        parts = dict(stored)
    parts["predicted"][3, 30, 0] += 0.5
    np.savez(path, **parts)
    assert verify.main([str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "n_real_10/seed_1/result.json: metrics.all.nme.interocular.value is" in printed
    assert "report.json: findings.curves.all.finetune[0].runs.1 is" in printed


def test_a_changed_table_cell_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "report" / "tables" / "figure4.csv"
    cells = path.read_text().splitlines()
    cells[2] = cells[2].replace(cells[2].split(",")[3], "1.23")
    path.write_text("\n".join(cells) + "\n")
    assert verify.main([str(folder)]) == 1
    assert "figure4.csv, line 3: " in capsys.readouterr().out


def test_a_changed_sentence_of_the_page_is_found(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "report" / "report.html"
    answer = "Fine-tuning with 50 stand-in faces"
    page = path.read_text()
    assert answer in page
    path.write_text(page.replace(answer, "Fine-tuning with 5 stand-in faces", 1))
    assert verify.main([str(folder)]) == 1
    assert "report.html, line" in capsys.readouterr().out


def changed_numbers(folder: Path, change: Callable[[str], str]) -> None:
    path = folder / "report" / "report.json"
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))


def test_additions_to_the_numbers_are_found(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for old, new in (
        ('"options": {', '"reviewed_by": "N_eff is 900", "options": {'),
        ('"findings": {', '"findings": {"more": null, '),
        ('"rendered_test": true', '"rendered_test": 1'),
    ):
        changed_numbers(folder, lambda text, old=old, new=new: text.replace(old, new, 1))
    assert verify.main([str(folder)]) == 1
    printed = capsys.readouterr().out
    for what in ("reviewed_by is 'N_eff", "findings.more is None", "findings.rendered_test is 1"):
        assert f"report.json: {what}" in printed


@pytest.mark.parametrize(
    ("old", "new", "printed"),
    [
        ('"findings": {', '"findings": {"answer": "900", ', "a name is repeated among answer"),
        ('"labelling_cost": 0.5', '"labelling_cost": [1]', "labelling cost is [1]"),
    ],
)
def test_numbers_that_cannot_be_read_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, printed: str
) -> None:
    changed_numbers(folder, lambda text: text.replace(old, new, 1))
    assert verify.main([str(folder)]) == 2
    assert printed in capsys.readouterr().err


def test_a_changed_setting_of_the_yaml_is_found(folder: Path) -> None:
    path = folder / "finetune" / "n_real_10" / "seed_1" / "config.yaml"
    text = path.read_text()
    path.write_text(text.replace("landmarks.geometry.LandmarkCrop", "evil.LandmarkCrop"))
    (printed,) = run_differences(read_study(folder))
    assert "crop._target_ is 'evil.LandmarkCrop'" in printed
    path.write_text(text.replace("landmarks.geometry.LandmarkCrop", "landmarks.nowhere.Crop"))
    (printed,) = run_differences(read_study(folder))
    assert "not the settings of a run (No module named 'landmarks.nowhere')" in printed
    path.write_text(re.sub(r"\n +scale: 1.35", "", text))
    (printed,) = run_differences(read_study(folder))
    assert "config.yaml: crop.scale is missing" in printed


def test_a_missing_figure_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "report" / "figures" / "figure4.svg").unlink()
    assert verify.main([str(folder)]) == 1
    assert "figure4.svg: missing" in capsys.readouterr().out


def test_an_additional_file_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "report" / "figures" / "figure4-final.svg").write_text("<svg/>")
    (folder / "report" / "empty").mkdir()
    assert verify.main([str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "figures/figure4-final.svg: not a file of this report" in printed
    assert "empty: not a file of this report" in printed


def change_error(run: Path) -> None:
    with np.load(run / "predictions.npz") as stored:
        parts = dict(stored)
    parts["error"][2] *= 0.5
    np.savez(run / "predictions.npz", **parts)


def change_cumulative(run: Path) -> None:
    lines = (run / "ced.csv").read_text().splitlines()
    lines[3] = "0.001," + lines[3].split(",")[1]
    (run / "ced.csv").write_text("\n".join(lines) + "\n")


def change_json(name: str, **values: object) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        stored = json.loads((run / name).read_text())
        (run / name).write_text(json.dumps({**stored, **values}))

    return change


def rename_face(old: str, new: str, *, of: str = "finetune/n_real_10/seed_1") -> Callable:
    def change(run: Path) -> None:
        for path in run.parents[2].glob(f"{of}/ledger.json"):
            path.write_text(path.read_text().replace(f'"{old}"', f'"{new}"'))

    return change


def change_config(old: str, new: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        text = (run / "config.yaml").read_text()
        assert old in text
        (run / "config.yaml").write_text(text.replace(old, new))

    return change


def change_photos(run: Path) -> None:
    for name in ("ledger.json", "result.json"):
        stored = json.loads((run / name).read_text())
        stored.get("ledger", stored)["photos"] = 9
        (run / name).write_text(json.dumps(stored))


def change_step(run: Path) -> None:
    stored = json.loads((run / "result.json").read_text())
    stored["steps"][-1]["real_labels"] = 5
    (run / "result.json").write_text(json.dumps(stored))


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        (change_error, "predictions.npz: the stored errors are not those of the stored landmarks"),
        (change_cumulative, "ced.csv: not the curve of the predictions"),
        (lambda run: (run / "ced.csv").unlink(), "ced.csv: missing"),
        (lambda run: (run / "ced.csv").write_text("a,b\nc,d\n"), "not a cumulative error curve"),
        (lambda run: (run / "ced.csv").write_text(""), "ced.csv: not the curve"),
        (change_json("ledger.json", total=3), "ledger.json: ledger.total is 3, by result.json"),
        (change_json("ledger.json", faces={}), "ledger.json: 0 faces are listed, but n_real is 10"),
        (lambda run: (run / "ledger.json").unlink(), "ledger.json: missing"),
        (lambda run: (run / "ledger.json").write_text("[]"), "ledger.json: not the ledger"),
        (change_json("result.json", diverged=True), "diverged is True, by the predictions it is F"),
        (
            change_json("result.json", optimiser_steps=9),
            "optimiser_steps is 9, but its steps add up to 3000",
        ),
        (change_step, "ledger.training is 10, by n_real and its steps it is 5"),
        (rename_face("real face 3", "face 3"), "ledger.json: 'face 3' is a test face"),
        (rename_face("real face 3", "x"), "'real face 3' is missing or has another image"),
        (rename_face("content 3", "x"), "'real face 3' is missing or has another image"),
        (
            rename_face("real face 3", "x", of="*/n_real_10/seed_1"),
            "n_real_50/seed_1/ledger.json: does not contain all faces of",
        ),
        (change_photos, "ledger.json: photos is 9, by "),
        (change_config("seed: 1", "seed: 7"), "config.yaml: seed is 7, by result.json it is 1"),
        (change_config("n_real: 10", "n_real: 50"), "config.yaml: n_real is 50, by result.json"),
        (
            change_config("strategies.finetune", "strategies.mixing"),
            "config.yaml: not the settings of a run (mixing() got an unexpected",
        ),
        (
            change_config("steps: 1000", "steps: 10"),
            "config.yaml: strategy.model.schedule.steps is 10, by result.json it is 1000",
        ),
        (change_config("input_size: 64", "input_size: 32"), "model.input_size is 32, by result"),
        (change_config("mirror: 0.25", "mirror: 0"), "augmentation.synthetic.geometry.mirror is 0"),
        (
            change_config("landmarks.experiment.strategies.finetune", "os.system"),
            "it names 'os.system'; allowed are landmarks.experiment.strategies, ",
        ),
        (lambda run: (run / "config.yaml").unlink(), "config.yaml: missing"),
        (lambda run: (run / "config.yaml").write_text(""), "config.yaml: not the settings"),
        (
            change_config("seed: 1", "a: &a [1]\nb: [*a, *a]\nseed: 1"),
            "config.yaml: not the settings of a run (it has aliases)",
        ),
        (
            change_config("seed: 1", "seed: " + "[" * 900 + "]" * 900),
            "config.yaml: not the settings of a run",
        ),
    ],
)
def test_a_record_that_does_not_agree_is_found(
    folder: Path, change: Callable[[Path], None], printed: str
) -> None:
    directory = folder / "finetune" / "n_real_10" / "seed_1"
    change(directory)
    assert any(printed in what for what in run_differences(read_study(folder)))


def test_n_real_all_is_the_number_of_real_faces_in_the_result(folder: Path) -> None:
    directory = folder / "finetune" / "n_real_50" / "seed_0"
    change_config("n_real: 50", "n_real: all")(directory)
    (printed,) = run_differences(read_study(folder))
    assert printed.endswith("config.yaml: n_real is 1000, by result.json it is 50")


def test_a_name_from_another_folder_is_not_a_test_face(folder: Path) -> None:
    for path in folder.rglob("result.json"):
        result = json.loads(path.read_text())
        result["data"]["real"]["origin"] = "elsewhere"
        path.write_text(json.dumps(result))
    rename_face("real face 3", "face 3", of="*/*/*")(folder / "finetune" / "n_real_10" / "seed_1")
    assert list(run_differences(read_study(folder))) == []


def drawn_by_another(folder: Path, package: str) -> None:
    path = folder / "report" / "report.json"
    numbers = json.loads(path.read_text())
    numbers["drawn_with"][package] = "1.0"
    path.write_text(json.dumps(numbers))


def test_with_another_plotly_all_but_the_plots_is_compared(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn_by_another(folder, "plotly")
    page = folder / "report" / "report.html"
    start, _, rest = page.read_text().partition('<script id="plotly">')
    whole = f'{start}<script id="plotly">another{rest[rest.index("</script>") :]}'
    page.write_text(whole)
    assert verify.main([str(folder)]) == 3
    printed = capsys.readouterr().out
    assert "skipped the plots of report.html, drawn with plotly 1.0 (installed: " in printed
    assert not any(line.startswith("verified:") for line in printed.splitlines())
    page.write_text(whole.replace("with 50 stand-in faces", "with 5 stand-in faces", 1))
    assert verify.main([str(folder)]) == 1
    assert "report.html, line" in capsys.readouterr().out


def test_figures_of_another_matplotlib_are_skipped_but_not_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn_by_another(folder, "matplotlib")
    figures = folder / "report" / "figures"
    (figures / "figure4.png").write_bytes(b"of matplotlib 1.0")
    assert verify.main([str(folder)]) == 3
    printed = capsys.readouterr().out
    assert "report: skipped figures, drawn with matplotlib 1.0 (installed: " in printed
    assert not any(line.startswith("verified:") for line in printed.splitlines())
    (figures / "ced.png").unlink()
    assert verify.main([str(folder)]) == 1
    assert "ced.png: missing" in capsys.readouterr().out


def test_a_report_is_verified_from_anywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    assert report.main([str(folder)]) == 0
    page = (folder / "report" / "report.html").read_text()
    assert "landmarks verify figure4\n" in page.replace("</code>", "\n")
    monkeypatch.chdir(folder)
    assert verify.main(["."]) == 0
    assert ", 8 runs (metrics" in capsys.readouterr().out


def test_without_a_report_the_error_says_how_to_write_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_study(tmp_path, seeds=(0,), sizes=(10,), strategies=("real_only",))
    assert verify.main([str(tmp_path)]) == 2
    assert "write it with: landmarks report" in capsys.readouterr().err


def test_a_new_report_replaces_an_old_one_completely(folder: Path) -> None:
    (folder / "report" / "stray.txt").write_text("of an older version")
    assert report.main([str(folder)]) == 0
    assert not (folder / "report" / "stray.txt").exists()
    assert {path.name for path in folder.iterdir()} == {"finetune", "real_only", "report"}


@pytest.mark.parametrize("cost", ["0", "-1", "nan"])
def test_an_invalid_price_is_refused(
    folder: Path, cost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report.main([str(folder), "--labelling-cost", cost]) == 2
    assert "labelling cost is" in capsys.readouterr().err
