"""The tables of a report, and Table 2 over several studies."""

import json
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from landmarks.analysis.findings import Findings
from landmarks.analysis.result_tables import table2, table2_of
from landmarks.analysis.study import read_study
from landmarks.analysis.styles import style_of
from landmarks.analysis.tables import OURS, data_table
from landmarks.errors import InputError
from tests.analysis.studies import CONTROLS, write_study

STRATEGIES = ("synthetic_only", "label_adaptation", "real_only")
SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_findings_are_plain_json(findings: Findings) -> None:
    text = json.dumps(findings.record(), allow_nan=False)
    assert '"form": "power law with floor"' in text


def test_a_price_of_labels_adds_a_column_of_money(findings: Findings, one_seed: Findings) -> None:
    assert findings.table("exchange").header[5] == "saved at 0.5 a label"
    assert not any("saved" in name for name in one_seed.table("exchange").header)


def test_synthetic_faces_alone_have_an_exchange_rate(findings: Findings) -> None:
    rows = findings.table("exchange").rows
    (row,) = [row for row in rows if row[:2] == ("synthetic only", "0")]
    (found,) = [one for one in findings.exchanges if one.strategy == "synthetic_only"]
    assert row[2] == found.text()
    assert row[3] == "-"  # not divided by 0 real faces
    assert row[4] == found.text()  # all of it is transferred


@pytest.mark.parametrize("name", [*CONTROLS, "mixing_alpha_0.3", "mixing_alpha_0.7"])
def test_controls_and_other_shares_have_rows_and_curves_of_their_own(
    with_controls: Findings, name: str
) -> None:
    assert [point.n_real for point in with_controls.curves["all"][name]] == [10, 50]
    label = style_of(name).label
    for table in ("figure4", "figure4b", "exchange"):
        rows = with_controls.table(table).rows
        assert [row[1] for row in rows if row[0] == label] == ["10", "50"]


def test_figure_4_in_numbers_has_every_region(findings: Findings) -> None:
    table = findings.table("figure4")
    assert table.header[6:-1] == ("jaw", "brows", "nose", "eyes", "mouth", "inner 51")
    (row,) = (row for row in table.rows if row[:2] == ("fine-tuning", "50"))
    point = findings.curves["eyes"]["finetune"][1]
    assert row[9] == f"{100 * point.mean.value:.2f}"


def test_table_2_has_the_ratio_of_each_size_in_pairs(findings: Findings) -> None:
    ours = [row for row in findings.table("table2").rows if row[-1] == "this study"]
    assert [row[0].split("; ")[1] for row in ours] == [
        f"{n} real labels" for n in ("10", "50", "250", "1,000")
    ]
    for row in ours:
        adapted, alone = (float(cell) for cell in row[2:4])
        ratio, low, high = (float(x) for x in re.findall(r"[\d.]+", row[4]))
        assert low < ratio < high
        assert ratio == pytest.approx(adapted / alone, rel=5e-3)  # both have two decimals
        assert row[5] == "0 1 2"


def test_table_2_of_one_seed_has_a_ratio_without_interval(tmp_path: Path) -> None:
    write_study(tmp_path, seeds=(7,), sizes=(10,), strategies=STRATEGIES[1:])
    (row, *_) = table2(read_study(tmp_path)).rows
    assert row[1] == "-"
    assert re.fullmatch(r"\d\.\d{3}", row[4])
    assert row[5] == "7"


def write_with(folder: Path, synthetic: str, **more: object) -> Path:
    """A study with synthetic faces of this name."""
    write_study(folder, strategies=STRATEGIES, sizes=(10, 50), seeds=(0, 1), **more)
    for path in folder.rglob("result.json"):
        text = path.read_text()
        path.write_text(text.replace('"name": "rendered"', f'"name": "{synthetic}"'))
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    at = tmp_path_factory.mktemp("sets")
    return [write_with(at / name, name) for name in ("DGFaces", "FaceSynthetics")]


def test_each_training_set_is_a_row_next_to_the_numbers_of_the_article(folders: list[Path]) -> None:
    studies = {folder.name: read_study(folder) for folder in folders}
    table = table2_of(studies)
    assert [(row[0], row[-1]) for row in table.rows[:4]] == [
        (f"{folder.name}, 4,000; {n} real labels", folder.name)
        for folder in folders
        for n in (10, 50)
    ]
    assert [row[-1] for row in table.rows[4:]] == ["article"] * 3
    assert table.rows[0][:-1] == table2(studies["DGFaces"]).rows[0][:-1]
    assert "These studies differ" not in table.note


@pytest.mark.parametrize(
    ("more", "old", "new", "what"),
    [
        ({}, '"input_size": 64', '"input_size": 128', "model"),
        ({"faces": 39}, "", "", "test set"),
        ({"tested": 1}, "", "", "test set"),  # other faces of the same name
    ],
)
def test_settings_in_which_the_studies_differ_are_named(
    folders: list[Path], tmp_path: Path, more: dict[str, int], old: str, new: str, what: str
) -> None:
    for path in write_with(tmp_path, "mine", **more).rglob("result.json"):
        path.write_text(path.read_text().replace(old, new))
    note = table2_of({"a": read_study(folders[0]), "b": read_study(tmp_path)}).note
    assert f"These studies differ in their {what}: between them, compare ratios" in note


def test_a_study_without_label_adaptation_is_refused(folders: list[Path], tmp_path: Path) -> None:
    write_study(tmp_path, strategies=("real_only", "finetune"), sizes=(10,), seeds=(0,))
    with pytest.raises(InputError, match="b: no n_real was run with both label_adaptation and"):
        table2_of({"a": read_study(folders[0]), "b": read_study(tmp_path)})


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return import_module("reproduce_table2")


def test_the_script_prints_one_table_for_all_folders(
    script: ModuleType, folders: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main([str(folder) for folder in folders]) == 0
    printed = capsys.readouterr().out
    assert printed.count("### Table 2. Label adaptation") == 1
    for folder in folders:
        assert f"| {folder.name}, 4,000; 50 real labels" in printed
    assert "no number here is an accuracy on photographs" in printed


def test_the_script_refuses_folders_mixed_with_overrides(
    script: ModuleType, folders: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main([str(folders[0]), "seed=0"]) == 2
    assert capsys.readouterr().err == (
        "error: give either folders of finished studies or overrides of a sweep, not both\n"
    )


def test_a_sweep_prints_only_what_belongs_to_table_2(
    script: ModuleType,
    folders: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("figure4_sweep.run_sweep", lambda overrides: 0)  # the runs are finished
    assert script.main([f"out={folders[0]}/${{seed}}"]) == 0
    printed = capsys.readouterr().out
    assert "### Table 2" in printed
    assert "exchange rate" not in printed
    assert "Figure 4" not in printed
    assert printed.splitlines()[-2].startswith("The test faces are drawn or rendered")


def test_photos_without_labels_have_a_row_of_their_own(tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path, strategies=("real_only",)))
    run = study.runs[0]
    photos = {**run.result.data["real"], "name": "photos"}
    result = replace(run.result, data={"unlabelled": photos, **run.result.data})
    rows = data_table(replace(study, runs=(replace(run, result=result),))).rows
    assert [row[0] for row in rows if row[-1] == OURS] == ["real", "unlabelled", "test"]
