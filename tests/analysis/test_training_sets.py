"""Table 2 over several studies, and the script that prints it."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from landmarks.analysis.statements import table2
from landmarks.analysis.study import read_study
from landmarks.analysis.table import ARTICLE
from landmarks.analysis.training_sets import table2_of
from landmarks.errors import InputError
from tests.analysis.studies import write_study

SCRIPTS = Path(__file__).parents[2] / "scripts"
STRATEGIES = ("synthetic_only", "label_adaptation", "real_only")


def write_with(folder: Path, synthetic: str, **more) -> Path:
    """A study whose synthetic faces are called so."""
    write_study(folder, strategies=STRATEGIES, sizes=(10, 50), seeds=(0, 1), **more)
    for path in folder.rglob("result.json"):
        text = path.read_text()
        path.write_text(text.replace('"name": "rendered"', f'"name": "{synthetic}"'))
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    at = tmp_path_factory.mktemp("sets")
    return [write_with(at / name, name) for name in ("DGFaces", "FaceSynthetics", "mine")]


def test_each_training_set_is_a_row_beside_the_numbers_of_the_article(folders: list[Path]) -> None:
    studies = {folder.name: read_study(folder) for folder in folders}
    rows = table2_of(studies).rows
    assert [(row[0], row[-1]) for row in rows[:6]] == [
        (f"{folder.name}, 4,000; {n} real labels", folder.name)
        for folder in folders
        for n in (10, 50)
    ]
    assert [row[-1] for row in rows[6:]] == [ARTICLE] * 3
    assert rows[7][0].startswith("Microsoft FaceSynthetics, 10,000")
    for i, study in enumerate(studies.values()):
        alone = table2(study).rows[:2]
        assert [row[:-1] for row in rows[2 * i : 2 * i + 2]] == [row[:-1] for row in alone]


def test_what_else_the_studies_differ_in_is_told(folders: list[Path], tmp_path: Path) -> None:
    one = read_study(folders[0])
    same = read_study(folders[1])
    assert "These studies differ" not in table2_of({"a": one, "b": same}).note
    write_with(tmp_path / "model", "mine")
    for path in (tmp_path / "model").rglob("result.json"):
        path.write_text(path.read_text().replace('"input_size": 64', '"input_size": 128'))
    other = read_study(tmp_path / "model")
    told = "These studies differ in their model: between them, compare ratios, not errors."
    assert told in table2_of({"a": one, "b": other}).note
    faces = read_study(write_with(tmp_path / "faces", "mine", faces=39))
    assert "differ in their test set:" in table2_of({"a": one, "b": faces}).note


def test_other_test_faces_of_the_same_name_are_told(folders: list[Path], tmp_path: Path) -> None:
    folder = write_with(tmp_path / "others", "mine", tested=1)
    studies = {"a": read_study(folders[0]), "b": read_study(folder)}
    assert "differ in their test set:" in table2_of(studies).note


def test_a_study_without_label_adaptation_is_refused(folders: list[Path], tmp_path: Path) -> None:
    write_study(tmp_path, strategies=("real_only", "finetune"), sizes=(10,), seeds=(0,))
    with pytest.raises(InputError, match="b: no n_real was run with both label_adaptation and"):
        table2_of({"a": read_study(folders[0]), "b": read_study(tmp_path)})


def script(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "reproduce_table2.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_prints_one_table_of_the_folders(folders: list[Path]) -> None:
    done = script(*map(str, folders))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("### Table 2. Label adaptation") == 1
    for folder in folders:
        assert f"| {folder.name}, 4,000; 50 real labels" in done.stdout
    assert "no number here is an accuracy on photographs" in done.stdout


def test_folders_and_words_of_a_sweep_are_not_mixed(folders: list[Path]) -> None:
    done = script(str(folders[0]), "seed=0")
    assert done.returncode == 2
    assert done.stderr == (
        "error: give either folders of finished studies or the words of a sweep\n"
    )


def test_a_sweep_says_only_what_belongs_to_table_2(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    done = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)  # the runs are there
    assert import_module("reproduce_table2").main([f"out={folders[0]}/${{seed}}"]) == 0
    told = capsys.readouterr().out
    assert "### Table 2" in told
    for strange in ("exchange rate", "not enough seeds", "Figure 4"):
        assert strange not in told
    assert told.splitlines()[-2].startswith("The test faces are drawn or rendered")
