"""What is told about a run to every experiment tracker, such as MLflow.

A tracker only listens: nothing that it does or fails to do may change a run. So
`landmarks.training.progress.TrainingProgress` calls it, and catches whatever it raises.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from landmarks.errors import InputError

FINISHED, INTERRUPTED, FAILED = "finished", "interrupted", "failed"


@dataclass(frozen=True, kw_only=True)
class TrackedRun:
    """A run, as a tracker gets to know it.

    Attributes:
        id: The same each time the run is started, so that a resumed run continues in the tracker.
        name: For people.
        tags: For filtering: strategy, n_real, seed.
        parameters: Every setting by its dotted name.
        folder: Of the run; exists.
    """

    id: str
    name: str
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    folder: Path


class Tracking(Protocol):
    """A run that a tracker follows. Every method may raise anything; it is not called again."""

    def point(self, training: str, step: int, loss: float, rate: float) -> None:
        """A point of the curves of a training; a resumed run repeats all earlier ones, in order."""
        ...

    def result(self, metrics: Mapping[str, float], pictures: Sequence[Path]) -> None:
        """The errors on the test set, and pictures of its faces (PNG), at the end of the run."""
        ...

    def close(self, how: str) -> None:
        """The run has ended: FINISHED, INTERRUPTED or FAILED."""
        ...


class Tracker(Protocol):
    """Where runs are tracked."""

    def start(self, run: TrackedRun) -> Tracking:
        """Follow a run, or continue to follow it."""
        ...


@dataclass(frozen=True)
class NoTracker:
    """Tracks nothing; the run's `loss.csv` has the curves too."""

    def start(self, run: TrackedRun) -> Tracking:
        """Follow a run."""
        return _Nothing()


class _Nothing:
    def point(self, training: str, step: int, loss: float, rate: float) -> None:
        """Do nothing."""

    def result(self, metrics: Mapping[str, float], pictures: Sequence[Path]) -> None:
        """Do nothing."""

    def close(self, how: str) -> None:
        """Do nothing."""


def curve_names(training: str) -> tuple[str, str]:
    """The names of the curves of a training: loss and learning rate."""
    return f"loss/{training}", f"learning_rate/{training}"


def check_installed(package: str) -> None:
    """Refuse a tracker whose package is missing, before the run starts.

    Args:
        package: Its name, also that of the extra and of the option.
    """
    if find_spec(package) is None:
        raise InputError(
            f"tracker={package} needs the package {package}, which is not installed; "
            f"pip install 'landmarks[{package}]', or choose tracker=tensorboard"
        )
