"""TensorBoard: event files in the folder of the run."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from landmarks.training.tracking.tracker import TrackedRun, curve_names

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"  # in that of the run


@dataclass(frozen=True)
class TensorBoard:
    """Writes `tensorboard/` in the folder of each run: `tensorboard --logdir outputs`."""

    def start(self, run: TrackedRun) -> "_Tracking":
        """Follow a run; earlier files are replaced, because a resumed run repeats its past."""
        from torch.utils.tensorboard import SummaryWriter  # slow

        shutil.rmtree(run.folder / FOLDER, ignore_errors=True)
        writer = SummaryWriter(str(run.folder / FOLDER))
        for name, values in (("run", run.tags), ("parameters", run.parameters)):
            writer.add_text(name, _table(values))
        return _Tracking(writer)


class _Tracking:
    def __init__(self, writer: "SummaryWriter") -> None:
        self._writer = writer

    def point(self, training: str, step: int, loss: float, rate: float) -> None:
        """Add to the curves."""
        for name, value in zip(curve_names(training), (loss, rate), strict=True):
            self._writer.add_scalar(name, value, step)

    def result(self, metrics: Mapping[str, float], pictures: Sequence[Path]) -> None:
        """Add the numbers and pictures."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value)
        for path in pictures:
            with Image.open(path) as picture:  # at half its size: TensorBoard shows it small
                pixels = np.asarray(picture.convert("RGB").reduce(2))
            self._writer.add_image(path.stem, pixels, dataformats="HWC")

    def close(self, how: str) -> None:
        """Write what is still in memory."""
        self._writer.close()


def _table(values: Mapping[str, str]) -> str:
    """A table in Markdown, which TensorBoard shows."""
    rows = [f"| `{name}` | `{value}` |" for name, value in values.items()]
    return "\n".join(("| name | value |", "| --- | --- |", *rows))
