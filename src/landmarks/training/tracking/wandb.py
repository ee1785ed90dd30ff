"""Weights & Biases: offline in the folder of the run, or on a server.

Written for wandb 0.19 and later: https://docs.wandb.ai/ref/python/init.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from landmarks.errors import InputError
from landmarks.training.tracking.tracker import (
    FINISHED,
    TrackedRun,
    check_installed,
    curve_names,
)

if TYPE_CHECKING:
    from wandb import Run

FOLDER = "wandb"  # in that of the run; the name is the library's
Mode = Literal["offline", "online"]
MODES = get_args(Mode)


@dataclass(frozen=True, kw_only=True)
class WeightsAndBiases:
    """Tracks in a project of Weights & Biases.

    Attributes:
        project: The project.
        group: Groups the runs of a sweep.
        entity: The team or user that the project belongs to; None: the user's own default.
        mode: "offline" writes `wandb/` in the folder of the run, which `wandb sync` uploads;
            "online" sends while the run lasts, and needs `wandb login`.
    """

    project: str = "landmarks"
    group: str = "landmarks"
    entity: str | None = None
    mode: Mode = "offline"

    def __post_init__(self) -> None:
        """Refuse what could only fail later."""
        check_installed("wandb")
        if self.mode not in MODES:
            raise InputError(f"tracker.mode is {self.mode!r}; expected one of {', '.join(MODES)}")

    def start(self, run: TrackedRun) -> "_Tracking":
        """Follow a run, or continue to; offline, the resumed run repeats its past in new files."""
        import wandb  # slow

        offline = self.mode == "offline"
        if offline:
            shutil.rmtree(run.folder / FOLDER, ignore_errors=True)
        started = wandb.init(
            project=self.project,
            entity=self.entity,
            group=self.group,
            id=run.id,
            name=run.name,
            tags=[f"{name}={value}" for name, value in run.tags.items()],
            config=dict(run.parameters),
            dir=str(run.folder),
            mode=self.mode,
            resume=None if offline else "allow",
            settings=wandb.Settings(silent=True, console="off", disable_git=True),
        )
        return _Tracking(started)


class _Tracking:
    def __init__(self, run: "Run") -> None:
        self._run = run
        self._known = run.step  # points that the server has from before
        self._count = 0
        self._trainings: set[str] = set()

    def point(self, training: str, step: int, loss: float, rate: float) -> None:
        """Add to the curves, unless the server has the point already."""
        names, axis = curve_names(training), f"step/{training}"
        if training not in self._trainings:
            self._trainings.add(training)
            for name in names:
                self._run.define_metric(name, step_metric=axis)
        if self._count >= self._known:
            values = dict(zip((*names, axis), (loss, rate, step), strict=True))
            self._run.log(values, step=self._count)
        self._count += 1

    def result(self, metrics: Mapping[str, float], pictures: Sequence[Path]) -> None:
        """Log the numbers and pictures."""
        import wandb

        self._run.summary.update(dict(metrics))
        self._run.log({path.stem: wandb.Image(str(path)) for path in pictures})

    def close(self, how: str) -> None:
        """Say how the run ended, and wait until everything is written or sent."""
        self._run.finish(exit_code=int(how != FINISHED))
