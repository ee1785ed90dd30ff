"""Progress of a training: a bar with rate and time left, and curves in TensorBoard."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm


class TrainingProgress:
    """A progress bar for each training, and its loss and learning rate as curves.

    Args:
        directory: For TensorBoard; replaced, because a resumed run logs its past again.
    """

    def __init__(self, directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        self._writer = SummaryWriter(str(directory))
        self._bar: tqdm[NoReturn] | None = None
        self._name = ""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the bar and flush TensorBoard."""
        self._close_bar()
        self._writer.close()

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
        self._writer.add_scalar(f"loss/{name}", loss, step)
        self._writer.add_scalar(f"learning_rate/{name}", rate, step)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
