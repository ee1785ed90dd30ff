"""Evidence: a report is what its predictions give, and a changed one is caught."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from landmarks import report, verify
from landmarks.predictions import read_predictions
from tests.analysis.studies import write_study


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


def test_one_changed_prediction_is_caught(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "finetune" / "n_real_10" / "seed_1" / "predictions.npz"
    with np.load(path) as stored:
        parts = dict(stored)
    parts["predicted"][3, 30, 0] += 0.5
    np.savez(path, **parts)
    assert verify.main([str(folder)]) == 1
    told = capsys.readouterr().out
    assert "n_real_10/seed_1/result.json: metrics.all.nme.interocular.value is" in told
    assert "report.json: findings.curves.all.finetune[0].runs.1 is" in told


def test_one_changed_table_cell_is_caught(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "report" / "tables" / "figure4.csv"
    cells = path.read_text().splitlines()
    cells[2] = cells[2].replace(cells[2].split(",")[3], "1.23")
    path.write_text("\n".join(cells) + "\n")
    assert verify.main([str(folder)]) == 1
    assert "figure4.csv, line 3: " in capsys.readouterr().out


def test_one_changed_number_of_the_page_is_caught(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "report" / "report.html"
    answer = "With 50 stand-in faces"
    page = path.read_text()
    assert answer in page
    path.write_text(page.replace(answer, "With 5 stand-in faces", 1))
    assert verify.main([str(folder)]) == 1
    assert "report.html, line" in capsys.readouterr().out


def test_a_missing_figure_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "report" / "figures" / "figure4.svg").unlink()
    assert verify.main([str(folder)]) == 1
    assert "figure4.svg: missing" in capsys.readouterr().out


def test_a_study_without_report_is_told_how_to_write_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_study(tmp_path, seeds=(0,), sizes=(10,), strategies=("real_only",))
    assert verify.main([str(tmp_path)]) == 2
    assert "write it with: python -m landmarks.report" in capsys.readouterr().err


def test_a_report_is_written_whole_over_an_old_one(folder: Path) -> None:
    (folder / "report" / "stray.txt").write_text("of an older version")
    assert report.main([str(folder)]) == 0
    assert not (folder / "report" / "stray.txt").exists()
    assert {path.name for path in folder.iterdir()} == {"finetune", "real_only", "report"}


@pytest.mark.parametrize("cost", ["0", "-1", "nan"])
def test_a_price_that_is_none_is_refused(
    folder: Path, cost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report.main([str(folder), "--labelling-cost", cost]) == 2
    assert "labelling cost is" in capsys.readouterr().err
