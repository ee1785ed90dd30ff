"""Trackers: what they get of a run; and a run is the same with any of them, or a broken one."""

import json
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from landmarks.augmentation import Augmentation, Geometry
from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.experiment.experiment import Data, Experiment
from landmarks.experiment.run import run
from landmarks.experiment.strategies import real_only, synthetic_only
from landmarks.geometry import LandmarkCrop
from landmarks.training.device import Machine
from landmarks.training.progress import TrainingProgress
from landmarks.training.schedule import Schedule
from landmarks.training.tracking.mlflow import DEFAULTS, MLflow
from landmarks.training.tracking.tensorboard import TensorBoard
from landmarks.training.tracking.tracker import (
    FINISHED,
    INTERRUPTED,
    NoTracker,
    TrackedRun,
    check_installed,
)
from landmarks.training.tracking.wandb import WeightsAndBiases
from tests.small import small_architecture
from tests.waiting import PATIENCE

STEPS = Schedule(steps=30, batch_size=2, learning_rate=2e-3)
PLAIN = Augmentation(geometry=Geometry(mirror=0.5))
DATA = Data(
    synthetic=partial(read_toy, count=6, domain="synthetic"),
    real=partial(read_toy, count=6, domain="stand_in", seed=1),
    test=partial(read_toy, count=4, domain="stand_in", seed=2),
)
CONFIG = "n_real: 4\nschedule:\n  train:\n    steps: 30\n"


def experiment(folder, tracker, strategy=None, **changes):
    values = {
        "strategy": real_only(STEPS) if strategy is None else strategy,
        "n_real": 4,
        "seed": 0,
        "data": DATA,
        "model": small_architecture(),
        "crop": LandmarkCrop(1.35),
        "augmentation": {"real": PLAIN, "synthetic": PLAIN},
        # A checkpoint at each logged point, so that an interrupted run has one to resume from.
        "machine": Machine(device="cpu", precision="float32", checkpoint_seconds=0),
        "tracker": tracker,
        "out": folder / "out",
        "artifacts": folder / "artifacts",
    }
    return Experiment(**{**values, **changes})


def outcome(folder):
    """Everything that a run found, to the last digit."""
    stored = json.loads((folder / "out/result.json").read_text())
    del stored["timings"]
    with np.load(folder / "out/predictions.npz") as predictions:
        predicted = predictions["predicted"].tobytes()
    return stored, predicted, (folder / "out/loss.csv").read_text()


@pytest.fixture(scope="module")
def untracked(tmp_path_factory):
    """The outcome of the run without a tracker."""
    folder = tmp_path_factory.mktemp("untracked")
    run(experiment(folder, NoTracker()), CONFIG)
    assert not (folder / "out/tensorboard").exists()
    return outcome(folder)


@dataclass
class Spy:
    """Keeps what it is told; raises `error` at the call `fails_at`, if any."""

    error: type[BaseException] = RuntimeError
    fails_at: str = ""
    calls: list = field(default_factory=list)
    runs: list = field(default_factory=list)

    def start(self, run):
        self.runs.append(run)
        self._call("start")
        return self

    def point(self, training, step, loss, rate):
        self._call(f"point {step}")

    def result(self, metrics, pictures):
        self.metrics, self.pictures = metrics, pictures
        self._call("result")

    def close(self, how):
        self._call(f"close {how}")

    def _call(self, what):
        self.calls.append(what)
        if what == self.fails_at:
            raise self.error("the server\nis gone")


def interrupted(folder, tracker):
    """A run that is stopped, as by Ctrl-C, when `tracker` has got the point of step 20."""

    class Stops:
        def start(self, run):
            self.inner = tracker.start(run)
            self.result, self.close = self.inner.result, self.inner.close
            return self

        def point(self, training, step, loss, rate):
            self.inner.point(training, step, loss, rate)
            if step == 20:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(experiment(folder, Stops()), CONFIG)


def test_a_tracker_gets_settings_curve_errors_and_picture(tmp_path, untracked):
    spy = Spy()
    result = run(experiment(tmp_path, spy), CONFIG)
    (told,) = spy.runs
    assert told.name == "real_only n_real 4 seed 0"
    assert told.tags == {"strategy": "real_only", "n_real": "4", "seed": "0"}
    assert told.parameters == {"n_real": "4", "schedule.train.steps": "30"}
    assert spy.calls == ["start", "point 10", "point 20", "point 30", "result", "close finished"]
    assert spy.metrics["all/nme/interocular"] == result.nme
    assert spy.metrics["all/regions/eyes"] == result.metrics["all"]["regions"]["eyes"]["value"]
    assert spy.pictures == [tmp_path / "out/faces.png"]
    assert outcome(tmp_path) == untracked
    run(experiment(tmp_path, spy), CONFIG)
    assert len(spy.runs) == 1  # a finished run is not tracked again


def test_without_yaml_the_parameters_are_those_of_the_result(tmp_path):
    spy = Spy(error=KeyboardInterrupt, fails_at="start")
    with pytest.raises(KeyboardInterrupt):
        run(experiment(tmp_path, spy))
    assert spy.runs[0].parameters["settings.model.input_size"] == "64"
    assert spy.runs[0].parameters["seed"] == "0"


def warnings_of(caplog):
    records = [r for r in caplog.records if r.name.startswith("landmarks")]
    return [r.getMessage() for r in records if r.levelno == logging.WARNING]


WARNING = "Spy failed, so the rest of this run is not tracked: the server is gone"


def test_a_tracker_that_fails_costs_one_warning_and_nothing_else(tmp_path, untracked, caplog):
    spy = Spy(fails_at="point 10")
    run(experiment(tmp_path, spy), CONFIG)
    assert warnings_of(caplog) == [WARNING]
    assert spy.calls == ["start", "point 10"]
    assert outcome(tmp_path) == untracked


@pytest.mark.parametrize("fails_at", ["start", "point 10", "result", "close finished"])
def test_a_tracker_is_left_alone_once_it_has_failed(tmp_path, caplog, fails_at):
    spy = Spy(fails_at=fails_at)
    told = TrackedRun(id="a", name="b", tags={}, parameters={}, folder=tmp_path)
    with TrainingProgress(spy, told) as progress:
        progress.curve("train", 10, 1.5, 1e-3)
        progress.result({"all/nme/interocular": 0.04}, [])
    assert spy.calls[-1] == fails_at
    assert warnings_of(caplog) == [WARNING]


def test_a_resumed_run_has_the_same_id_and_repeats_its_past(tmp_path, untracked):
    spy = Spy()
    interrupted(tmp_path, spy)
    assert spy.calls[-1] == f"close {INTERRUPTED}"
    run(experiment(tmp_path, spy), CONFIG)
    first, second = spy.runs
    assert first.id == second.id
    assert spy.calls[-5:] == ["point 10", "point 20", "point 30", "result", f"close {FINISHED}"]
    assert outcome(tmp_path) == untracked
    other = Spy(error=KeyboardInterrupt, fails_at="start")
    with pytest.raises(KeyboardInterrupt):
        run(experiment(tmp_path, other, out=tmp_path / "elsewhere"))
    assert other.runs[0].id != first.id


def test_tensorboard_shows_curve_errors_settings_and_picture_of_a_resumed_run_once(
    tmp_path, untracked
):
    interrupted(tmp_path, TensorBoard())
    result = run(experiment(tmp_path, TensorBoard()), CONFIG)
    shown = EventAccumulator(str(tmp_path / "out/tensorboard")).Reload()
    assert [event.step for event in shown.Scalars("loss/train")] == [10, 20, 30]
    assert shown.Scalars("learning_rate/train")[0].value > 0
    (error,) = shown.Scalars("all/nme/interocular")
    assert error.value == pytest.approx(result.nme, rel=1e-6)
    assert [picture.width for picture in shown.Images("faces")] == [778]  # half of it
    assert "schedule.train.steps" in str(shown.Tensors("parameters/text_summary"))
    assert outcome(tmp_path) == untracked


def test_a_tracker_without_its_package_is_refused_with_what_to_install():
    with pytest.raises(InputError, match=r"pip install 'landmarks\[nowhere_package\]'"):
        check_installed("nowhere_package")


# MLflow

MLFLOW_WARNINGS = pytest.mark.filterwarnings("ignore")  # its own, and of what it imports


@pytest.fixture
def environment(monkeypatch):
    """What MLflow reads from the environment is as before after the test."""
    for name in DEFAULTS:
        monkeypatch.setenv(name, DEFAULTS[name])
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_LOGGING", "false")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    """The address of an MLflow server on this machine, and its process."""
    pytest.importorskip("mlflow.server")
    port = free_port()
    words = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", f"sqlite:///{tmp_path}/server.db"]
    words += ["--artifacts-destination", str(tmp_path / "server_artifacts")]
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    uri = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{uri}/health", timeout=1):
                    break
            except OSError:
                assert process.poll() is None, "the server has ended"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.2)
        yield uri, process
    finally:
        stop(process)


def stop(process):
    """End a server and the workers that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def check_mlflow(folder, uri, client_uri, untracked):
    """An interrupted run and one that was not, in one experiment."""
    from mlflow import MlflowClient

    tracker = MLflow(uri=uri, experiment="toy/small")
    interrupted(folder, tracker)
    client = MlflowClient(client_uri)
    shown = client.get_experiment_by_name("toy/small")
    (tracked,) = client.search_runs([shown.experiment_id])
    assert tracked.info.status == "KILLED"
    result = run(experiment(folder, tracker), CONFIG)
    assert outcome(folder) == untracked
    run(experiment(folder, tracker), CONFIG)  # finished: not tracked again
    (tracked,) = client.search_runs([shown.experiment_id])
    assert tracked.info.status == "FINISHED"
    assert tracked.info.run_name == "real_only n_real 4 seed 0"
    assert tracked.data.params == {"n_real": "4", "schedule.train.steps": "30"}
    assert tracked.data.tags.items() >= {("strategy", "real_only"), ("n_real", "4"), ("seed", "0")}
    assert tracked.data.metrics["all/nme/interocular"] == pytest.approx(result.nme, rel=1e-12)
    history = client.get_metric_history(tracked.info.run_id, "loss/train")
    assert [point.step for point in history] == [10, 20, 30]
    assert [f.path for f in client.list_artifacts(tracked.info.run_id)] == ["faces.png"]
    other = experiment(folder, tracker, synthetic_only(STEPS), n_real=0, out=folder / "other")
    run(other, CONFIG)
    assert len(client.search_runs([shown.experiment_id])) == 2


@MLFLOW_WARNINGS
def test_mlflow_continues_a_resumed_run_in_a_local_store(tmp_path, untracked, environment):
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("mlflow")
    folder = tmp_path / "store"
    check_mlflow(tmp_path, str(folder), f"sqlite:///{folder}/mlflow.db", untracked)


@pytest.mark.slow
@MLFLOW_WARNINGS
def test_mlflow_continues_a_resumed_run_on_a_server(tmp_path, untracked, environment, server):
    check_mlflow(tmp_path, server[0], server[0], untracked)


@pytest.mark.slow
@MLFLOW_WARNINGS
def test_a_server_that_dies_during_the_run_costs_one_warning(
    tmp_path, untracked, environment, server, caplog
):
    uri, process = server
    tracker = MLflow(uri=uri)

    class Dies:
        def start(self, run):
            self.inner = tracker.start(run)
            self.point, self.close = self.inner.point, self.inner.close
            return self

        def result(self, metrics, pictures):
            stop(process)
            self.inner.result(metrics, pictures)

    run(experiment(tmp_path, Dies()), CONFIG)
    (warning,) = warnings_of(caplog)
    assert "Dies failed" in warning
    assert outcome(tmp_path) == untracked


@MLFLOW_WARNINGS
def test_an_mlflow_server_that_is_not_there_costs_one_warning(
    tmp_path, untracked, environment, monkeypatch, caplog
):
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    run(experiment(tmp_path, MLflow(uri=f"http://127.0.0.1:{free_port()}")), CONFIG)
    (warning,) = warnings_of(caplog)
    assert warning.startswith("MLflow failed")
    assert outcome(tmp_path) == untracked


def test_mlflow_needs_a_folder_or_an_address():
    pytest.importorskip("mlflow")
    with pytest.raises(InputError, match="expected a folder or the address of a server"):
        MLflow(uri=None)


# Weights & Biases


def wandb_records(path):
    """The records of an offline file, which has the blocks of LevelDB's logs."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, records, whole = path.read_bytes(), [], b""
    place, block = 7, 2**15  # after the file's own header
    while place + 7 <= len(content):
        left = block - place % block
        if left < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", content[place : place + 7])
        whole += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # full, or last
            record = Record()
            record.ParseFromString(whole)
            records.append(record)
            whole = b""
    return records


@MLFLOW_WARNINGS
def test_wandb_offline_keeps_curve_errors_settings_and_picture_of_a_resumed_run_once(
    tmp_path, untracked
):
    pytest.importorskip("wandb")
    tracker = WeightsAndBiases(project="faces", group="toy/small")
    interrupted(tmp_path, tracker)
    (before,) = (tmp_path / "out/wandb").glob("offline-run-*")
    result = run(experiment(tmp_path, tracker), CONFIG)
    assert outcome(tmp_path) == untracked
    (folder,) = (tmp_path / "out/wandb").glob("offline-run-*")
    assert folder.name.rpartition("-")[2] == before.name.rpartition("-")[2]
    records = wandb_records(next(folder.glob("*.wandb")))
    (told,) = [r.run for r in records if r.HasField("run")]
    assert (told.project, told.run_group) == ("faces", "toy/small")
    assert told.display_name == "real_only n_real 4 seed 0"
    assert sorted(told.tags) == ["n_real=4", "seed=0", "strategy=real_only"]
    settings = {item.key: json.loads(item.value_json) for item in told.config.update}
    assert settings["schedule.train.steps"] == "30"
    history = [
        {item.key or item.nested_key[0]: item.value_json for item in r.history.item}
        for r in records
        if r.HasField("history")
    ]
    assert [int(h["step/train"]) for h in history if "step/train" in h] == [10, 20, 30]
    summary = {
        item.key or item.nested_key[0]: item.value_json
        for r in records
        if r.HasField("summary")
        for item in r.summary.update
    }
    assert float(summary["all/nme/interocular"]) == pytest.approx(result.nme, rel=1e-9)
    assert len(list(folder.glob("files/media/images/faces*.png"))) == 1


def test_an_unknown_mode_of_wandb_is_refused():
    pytest.importorskip("wandb")
    with pytest.raises(InputError, match=r"tracker.mode is 'on'; expected one of offline, online"):
        WeightsAndBiases(mode="on")
