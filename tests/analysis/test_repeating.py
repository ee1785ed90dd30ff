"""How to repeat: the page's commands, typed into a shell, on a study of one real run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from landmarks.analysis.reporting import ReportOptions, how_to_repeat
from landmarks.cli import report
from landmarks.experiment.results import RESULT
from tests.analysis.markup import parse
from tests.waiting import PATIENCE

STUDY = "my runs/a"
TINY = [
    *("data=toy", "schedule=tiny", "strategy=real_only", "n_real=4", "model=unet"),
    *("model.input_size=32", "model.network.widths=[8,8]", "schedule.train.steps=2"),
    *("data.synthetic.count=4", "data.real.count=8", "data.test.count=6", f"out={STUDY}/one"),
]


def shell(command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands_of_the_page_work_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell(f"python -m landmarks.train {' '.join(map(quoted, TINY))}", tmp_path)
    before = (tmp_path / STUDY / "one" / RESULT).read_text()
    monkeypatch.chdir(tmp_path)
    assert report.main([STUDY]) == 0
    (code,) = parse((tmp_path / STUDY / "report" / "report.html").read_text()).all("code")
    runs, _, check = how_to_repeat(ReportOptions(folder=STUDY))
    assert code.text().startswith(runs)
    assert "done before: real_only" in shell(runs, tmp_path)
    assert shell(check, tmp_path).startswith("verified: in my runs/a, of 1 runs")
    (tmp_path / STUDY / "one" / RESULT).unlink()
    shell(runs, tmp_path)
    after = (tmp_path / STUDY / "one" / RESULT).read_text()
    assert before.partition('"timings"')[0] == after.partition('"timings"')[0]
    assert {path.name for path in tmp_path.iterdir()} == {"my runs", "outputs"}


def quoted(word: str) -> str:
    return f"'{word}'"
