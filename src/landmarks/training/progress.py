"""Progress of a run: a bar with rate and time left for each training, and a tracker's curves."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from tqdm import tqdm

from landmarks.training.tracking.tracker import (
    FAILED,
    FINISHED,
    INTERRUPTED,
    TrackedRun,
    Tracker,
    Tracking,
)

log = logging.getLogger(__name__)


class TrainingProgress:
    """A progress bar for each training; its loss and learning rate for a tracker.

    A tracker that raises anything is left alone from then on, with one warning: the run continues,
    and its results are the same.

    Args:
        tracker: Where the run is tracked.
        run: What to call it there.
    """

    def __init__(self, tracker: Tracker, run: TrackedRun) -> None:
        self._kind = type(tracker).__name__
        self._tracking: Tracking | None = None
        self._bar: tqdm[NoReturn] | None = None
        self._name = ""
        self._attempt(lambda: self._follow(tracker.start(run)))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the bar, and tell the tracker how the run ended."""
        self._close_bar()
        interrupted = isinstance(error, KeyboardInterrupt)
        how = FINISHED if error is None else INTERRUPTED if interrupted else FAILED
        self._tell(lambda tracking: tracking.close(how))

    def begin(self, name: str, steps: int) -> None:
        """Start the bar of a training of `steps` steps."""
        self._close_bar()
        self._name = name
        self._bar = tqdm(total=steps, desc=name, unit="step")

    def at(self, step: int, loss: float, rate: float) -> None:
        """Show that the training has reached `step`."""
        self.curve(self._name, step, loss, rate)
        if self._bar is not None:
            self._bar.update(step - self._bar.n)
            self._bar.set_postfix(loss=f"{loss:.4g}", refresh=False)

    def curve(self, name: str, step: int, loss: float, rate: float) -> None:
        """Add a point to the curves of training `name`."""
        self._tell(lambda tracking: tracking.point(name, step, loss, rate))

    def result(self, metrics: Mapping[str, float], pictures: Sequence[Path]) -> None:
        """Add the errors on the test set, and pictures of its faces."""
        self._close_bar()
        self._tell(lambda tracking: tracking.result(metrics, pictures))

    def _follow(self, tracking: Tracking) -> None:
        self._tracking = tracking

    def _tell(self, what: Callable[[Tracking], None]) -> None:
        tracking = self._tracking
        if tracking is not None:
            self._attempt(lambda: what(tracking))

    def _attempt(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # a library's, about a server, a disk, a version: anything
            self._tracking = None
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            log.warning("%s failed, so the rest of this run is not tracked: %s", self._kind, reason)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
