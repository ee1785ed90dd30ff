"""What strategies are composed of: sources of faces, and three kinds of steps that use them.

Each names what it needs, down to the data; nothing is computed here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from landmarks.adapters.fitting import AdapterFit
from landmarks.data.options import check_whole_number
from landmarks.errors import InputError
from landmarks.training.labelling import SelfLabelling
from landmarks.training.schedule import Schedule


@dataclass(frozen=True)
class Synthetic:
    """S: the synthetic faces with their own labels."""

    domain: ClassVar[str] = "synthetic"


@dataclass(frozen=True)
class Adapted:
    """S*: the synthetic faces, with labels moved to the real convention."""

    by: "FitAdapter"
    domain: ClassVar[str] = "synthetic"


@dataclass(frozen=True)
class Real:
    """R: the real subset of the run."""

    domain: ClassVar[str] = "real"


@dataclass(frozen=True)
class SelfLabelled:
    """U: photos without labels, labelled by a model of the run."""

    by: "LabelPhotos"
    domain: ClassVar[str] = "unlabelled"


Source = Synthetic | Adapted | Real | SelfLabelled


@dataclass(frozen=True)
class Share:
    """A part of every batch.

    Attributes:
        source: Where its faces come from.
        share: Fraction of the batch, above 0.
        until: The most real faces with which the share holds. With more it shrinks in proportion,
            and the other parts fill the batch. None: it always holds.
    """

    source: Source
    share: float = 1.0
    until: int | None = None

    def of(self, num_real: int) -> float:
        """The fraction in a run with so many real faces."""
        return self.share if self.until is None else self.share * min(1, self.until / num_real)


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train the model.

    Attributes:
        name: For logs and files.
        on: The parts of a batch; their shares sum to 1.
        schedule: Steps, batch size and learning rate.
        start: The training whose weights it starts from; None: from scratch.
    """

    name: str
    on: tuple[Share, ...]
    schedule: Schedule
    start: "Train | None" = None

    def __post_init__(self) -> None:
        """Check the schedule, each share, then their sum."""
        if not isinstance(self.schedule, Schedule):
            raise InputError(f"{self.name}: its schedule is {self.schedule!r}; remove the override")
        for part in self.on:
            if not 0 < part.share <= 1:
                raise InputError(
                    f"{self.name}: a batch share is {part.share!r}; it must be above 0, at most 1"
                )
            if part.until is not None:
                check_whole_number("until", part.until, 1)
        if abs(sum(part.share for part in self.on) - 1) > 1e-9:
            raise InputError(f"{self.name}: the batch shares do not sum to 1")
        if all(part.until is not None for part in self.on):
            raise InputError(f"{self.name}: every share shrinks; one must fill the batch")

    def shares(self, num_real: int) -> list[float]:
        """The fraction of each part in a run with so many real faces; they sum to 1."""
        shares = [part.of(num_real) for part in self.on]
        filling = sum(part.share for part in self.on if part.until is None)
        lost = 1 - sum(shares)
        return [
            share + lost * (part.share / filling if part.until is None else 0)
            for share, part in zip(shares, self.on, strict=True)
        ]

    def draws_on(self, *kinds: type) -> bool:
        """Whether its batches contain faces of any of these sources."""
        return any(isinstance(part.source, kinds) for part in self.on)


@dataclass(frozen=True)
class FitAdapter:
    """Fit an adapter from the predictions of `model` on R to the labels of R.

    Attributes:
        model: The training whose predictions are moved.
        fit: How the adapter is fitted.
    """

    model: Train
    fit: AdapterFit


@dataclass(frozen=True)
class LabelPhotos:
    """Have `model` label U.

    Attributes:
        model: The training whose predictions become labels.
        how: Views, and the share of U that is kept.
    """

    model: Train
    how: SelfLabelling


Step = Train | FitAdapter | LabelPhotos


def steps_of(step: Step) -> Iterator[Step]:
    """A step after all those it needs; one that is needed twice comes twice."""
    if not isinstance(step, Train):
        yield from steps_of(step.model)
    else:
        if step.start is not None:
            yield from steps_of(step.start)
        for part in step.on:
            if isinstance(part.source, Adapted | SelfLabelled):
                yield from steps_of(part.source.by)
    yield step
