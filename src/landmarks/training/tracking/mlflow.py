"""MLflow: in a local store or on a server.

Uses `mlflow.client.MlflowClient`, not the functions of `mlflow`, which depend on global state.
Written for MLflow 3; the package `mlflow-skinny` suffices for a server, a local store needs
`mlflow`.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landmarks.data.files import expanded
from landmarks.errors import InputError
from landmarks.storage.locks import lock
from landmarks.training.tracking.tracker import (
    FAILED,
    FINISHED,
    INTERRUPTED,
    TrackedRun,
    check_installed,
    curve_names,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

# What MLflow reads from the environment, unless the user has set it: send no usage statistics, and
# hold a run up for seconds, not for many minutes, if the server is gone.
DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

RUN_TAG = "landmarks.run"  # holds the id of a `TrackedRun`; MLflow gives runs ids of its own
STATES = {FINISHED: "FINISHED", INTERRUPTED: "KILLED", FAILED: "FAILED"}
SEND_SECONDS = 5.0  # points are sent together, once in so many seconds
MOST = 100  # parameters or points in one request
LONGEST = 500  # characters of the value of a parameter


@dataclass(frozen=True, kw_only=True)
class MLflow:
    """Tracks in an experiment of MLflow.

    Attributes:
        uri: A folder for a local store, or the address of a server: "http://localhost:5000".
        experiment: The experiment of MLflow that groups the runs of a sweep.
    """

    uri: str = "outputs/mlflow"
    experiment: str = "landmarks"

    def __post_init__(self) -> None:
        """Refuse what could only fail later."""
        check_installed("mlflow")
        if not isinstance(self.uri, str) or not isinstance(self.experiment, str):
            raise InputError(
                f"tracker.uri is {self.uri!r} and tracker.experiment {self.experiment!r}; expected "
                "a folder or the address of a server, and a name"
            )
        if self._is_local:
            expanded(self.uri, "tracker.uri")

    @property
    def _is_local(self) -> bool:
        return "://" not in self.uri

    def start(self, run: TrackedRun) -> "_Tracking":
        """Follow a run, or continue to."""
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        if not self._is_local:
            return self._start(_client(self.uri), run, artifacts=None)
        folder = expanded(self.uri, "tracker.uri").resolve()
        # Two processes that create its tables at once fail.
        with lock(folder / ".start.lock", what=f"opening {folder}"):
            client = _client(f"sqlite:///{folder}/mlflow.db")
            return self._start(client, run, artifacts=(folder / "artifacts").as_uri())

    def _start(self, client: "MlflowClient", run: TrackedRun, artifacts: str | None) -> "_Tracking":
        experiment = _experiment(client, self.experiment, artifacts)
        found = client.search_runs([experiment], f"tags.`{RUN_TAG}` = '{run.id}'", max_results=1)
        if found:
            id, old = found[0].info.run_id, set(found[0].data.params)
            client.update_run(id, status="RUNNING")
        else:
            tags = {RUN_TAG: run.id, **run.tags}
            id, old = client.create_run(experiment, tags=tags, run_name=run.name).info.run_id, set()
        _log_parameters(client, id, {k: v for k, v in run.parameters.items() if k not in old})
        return _Tracking(client, id)


class _Tracking:
    def __init__(self, client: "MlflowClient", id: str) -> None:
        self._client, self._id = client, id
        self._waiting: list[Any] = []
        self._sent = time.monotonic()
        self._last: dict[str, int] = {}  # the last step of each curve that MLflow has

    def point(self, training: str, step: int, loss: float, rate: float) -> None:
        """Add to the curves, unless MLflow has the point already."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        for name, value in zip(curve_names(training), (loss, rate), strict=True):
            if name not in self._last:
                history = self._client.get_metric_history(self._id, name)
                self._last[name] = max((known.step for known in history), default=-1)
            if step > self._last[name]:
                self._waiting.append(Metric(name, value, now, step))
        if time.monotonic() - self._sent > SEND_SECONDS:
            self._send()

    def result(self, metrics: Mapping[str, float], pictures: Sequence[Path]) -> None:
        """Log the numbers and pictures."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._waiting += [Metric(name, value, now, 0) for name, value in metrics.items()]
        self._send()
        for path in pictures:
            self._client.log_artifact(self._id, str(path))

    def close(self, how: str) -> None:
        """Send what is still in memory, and say how the run ended."""
        self._send()
        self._client.set_terminated(self._id, STATES[how])

    def _send(self) -> None:
        for first in range(0, len(self._waiting), MOST):
            self._client.log_batch(self._id, metrics=self._waiting[first : first + MOST])
        self._waiting.clear()
        self._sent = time.monotonic()


def _client(uri: str) -> "MlflowClient":
    from mlflow import MlflowClient  # slow

    return MlflowClient(tracking_uri=uri)


def _experiment(client: "MlflowClient", name: str, artifacts: str | None) -> str:
    """The id of an experiment, which is created if there is none, perhaps by another process."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, artifact_location=artifacts))
        except MlflowException:
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    return str(found.experiment_id)


def _log_parameters(client: "MlflowClient", id: str, parameters: Mapping[str, str]) -> None:
    from mlflow.entities import Param

    params = [Param(name, value[:LONGEST]) for name, value in parameters.items()]
    for first in range(0, len(params), MOST):
        client.log_batch(id, params=params[first : first + MOST])
