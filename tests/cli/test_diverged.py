"""A model that diverged: results are written, marked, and end in exit code 1."""

import json

from tests.processes import forked
from tests.waiting import PATIENCE

# Direct regression is unbounded, so that a learning rate this large gives errors of thousands of %.
DIVERGING = (
    "data=toy",
    "strategy=real_only",
    "n_real=10",
    "schedule=tiny",
    "schedule.train.learning_rate=0.5",
    "data.real.count=20",
    "data.test.count=10",
    "loss=coordinate_mse",
    "model.input_size=64",
    "model.network._target_=landmarks.models.coordinate_net.CoordinateNet",
    "~model.network.widths",
    "+model.network.backbone=test_resnet",
    "machine.device=cpu",
    "machine.threads=1",
)
WARNING = "the model diverged or learned nothing: its error is no less than with all landmarks"


def test_a_diverged_run_is_marked_and_every_command_that_shows_it_exits_with_code_1(tmp_path):
    def landmarks(name, *arguments):
        return forked(name, *arguments, cwd=tmp_path, patience=PATIENCE)

    trained = landmarks("train", *DIVERGING, "out=run")
    assert trained.returncode == 1, trained.stderr
    assert WARNING in trained.stdout
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["diverged"] is True
    assert result["metrics"]["all"]["nme"]["interocular"]["value"] > 1
    assert WARNING in (tmp_path / "run" / "run.log").read_text()

    again = landmarks("train", *DIVERGING, "out=run")
    assert (again.returncode, again.stdout.count(WARNING)) == (1, 1)

    swept = landmarks("train", "-m", *DIVERGING, "seed=0,1", "out=sweep/${seed}")
    assert swept.returncode == 1
    assert "2 of 2 runs: the model diverged" in swept.stdout
    assert "Traceback" not in swept.stderr

    tested = landmarks("evaluate", "run=run", "faces@data.test=toy", "data.test.count=8")
    assert tested.returncode == 1
    assert WARNING in tested.stdout
    (evaluation,) = (tmp_path / "run" / "evaluations").glob("*/evaluation.json")
    assert json.loads(evaluation.read_text())["diverged"] is True
