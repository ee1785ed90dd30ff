"""The five strategies and their controls, side by side, composed of two kinds of steps.

`Train` and `FitAdapter` name what they need, down to the data, so that the whole comparison can be
read on this page. Nothing is computed here: `landmarks.experiment.runner` runs each distinct step
once. The YAML files set schedules.

Definitions: Datagen, "Facial landmark detection using synthetic data", 2022, part 2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from landmarks.adapters.fitting import AdapterFit
from landmarks.errors import InputError
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


Source = Synthetic | Adapted | Real

ALPHA = 0.5  # synthetic share of each batch in the strategy that is called just "mixing"


@dataclass(frozen=True)
class Share:
    """A part of every batch.

    Attributes:
        source: Where its faces come from.
        share: Fraction of the batch, above 0.
    """

    source: Source
    share: float = 1.0


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
        if abs(sum(part.share for part in self.on) - 1) > 1e-9:
            raise InputError(f"{self.name}: the batch shares do not sum to 1")

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


Step = Train | FitAdapter


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """What a run trains: a model, and optionally an adapter for its output.

    Attributes:
        name: In results and reports.
        model: The training that gives the model.
        output: Moves the model's predictions to the real convention, if given.
    """

    name: str
    model: Train
    output: FitAdapter | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every distinct step, each after those it needs."""
        steps: dict[Step, None] = {}
        for root in (self.model, self.output):
            if root is not None:
                steps.update(dict.fromkeys(_walk(root)))
        return tuple(steps)

    @property
    def uses_real(self) -> bool:
        """Whether any step uses the real subset."""
        return any(isinstance(step, FitAdapter) or step.draws_on(Real) for step in self.steps)

    @property
    def uses_synthetic(self) -> bool:
        """Whether any step uses synthetic faces."""
        return any(
            isinstance(step, Train) and step.draws_on(Synthetic, Adapted) for step in self.steps
        )

    @property
    def roles(self) -> tuple[str, ...]:
        """The datasets that a run reads; synthetic faces last: they may have to be rendered."""
        uses = {"real": self.uses_real, "test": True, "synthetic": self.uses_synthetic}
        return tuple(role for role, used in uses.items() if used)

    @property
    def optimiser_steps(self) -> int:
        """Updates of the whole strategy, shared ones included."""
        return sum(step.schedule.steps for step in self.steps if isinstance(step, Train))


def _walk(step: Step) -> Iterator[Step]:
    if isinstance(step, FitAdapter):
        yield from _walk(step.model)
    else:
        if step.start is not None:
            yield from _walk(step.start)
        for part in step.on:
            if isinstance(part.source, Adapted):
                yield from _walk(part.source.by)
    yield step


def synthetic_only(pretrain: Schedule) -> Strategy:
    """Control: train on S and predict; no real label at all."""
    return Strategy(name="synthetic_only", model=_pretrain(pretrain))


def real_only(train: Schedule, name: str = "real_only") -> Strategy:
    """1. Train on R.

    Args:
        train: Schedule.
        name: Another name makes a control that starts from other weights a curve of its own.
    """
    return Strategy(name=name, model=Train(name="train", on=(Share(Real()),), schedule=train))


def label_adaptation(pretrain: Schedule, adapter: AdapterFit) -> Strategy:
    """2. Train on S; move the model's output to the real convention."""
    model = _pretrain(pretrain)
    return Strategy(name="label_adaptation", model=model, output=FitAdapter(model, adapter))


def data_adaptation(pretrain: Schedule, adapter: AdapterFit, train: Schedule) -> Strategy:
    """3. Move the labels of S to the real convention, then train on S* from scratch."""
    adapted = Adapted(FitAdapter(_pretrain(pretrain), adapter))
    return Strategy(
        name="data_adaptation", model=Train(name="train", on=(Share(adapted),), schedule=train)
    )


def mixing(
    pretrain: Schedule, adapter: AdapterFit, train: Schedule, alpha: float, labels: str = "adapted"
) -> Strategy:
    """4. Train from scratch on batches of alpha S* and (1 - alpha) R.

    Args:
        pretrain: Schedule of the model whose predictions fit the adapter.
        adapter: How the adapter is fitted.
        train: Schedule of the model that is kept.
        alpha: Synthetic share of each batch, between 0 and 1. Any but `ALPHA` is part of the name,
            so that each is a curve of its own.
        labels: Of the synthetic faces: "adapted", or "original" as a control.
    """
    if not isinstance(alpha, int | float) or not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha!r}; it must be between 0 and 1, both excluded")
    source = _synthetic(labels, pretrain, adapter)
    on = (Share(source, alpha), Share(Real(), 1 - alpha))
    name = "mixing" if labels == "adapted" else f"mixing_{labels}"
    name += "" if alpha == ALPHA else f"_alpha_{alpha}"
    return Strategy(name=name, model=Train(name="train", on=on, schedule=train))


def finetune(
    pretrain: Schedule, adapter: AdapterFit, finetune: Schedule, pretrain_labels: str = "original"
) -> Strategy:
    """5. Train on S, then continue on R with a schedule of its own.

    Args:
        pretrain: Schedule on synthetic faces.
        adapter: How the adapter is fitted; used with adapted labels only.
        finetune: Schedule on real faces.
        pretrain_labels: "original", or "adapted" to pre-train on S*.
    """
    source = _synthetic(pretrain_labels, pretrain, adapter)
    suffix = "" if pretrain_labels == "original" else f"_{pretrain_labels}"
    start = Train(name=f"pretrain{suffix}", on=(Share(source),), schedule=pretrain)
    model = Train(name="finetune", on=(Share(Real()),), schedule=finetune, start=start)
    return Strategy(name=f"finetune{suffix}", model=model)


def _pretrain(schedule: Schedule) -> Train:
    return Train(name="pretrain", on=(Share(Synthetic()),), schedule=schedule)


def _synthetic(labels: str, pretrain: Schedule, adapter: AdapterFit) -> Synthetic | Adapted:
    sources: dict[str, Synthetic | Adapted] = {
        "original": Synthetic(),
        "adapted": Adapted(FitAdapter(_pretrain(pretrain), adapter)),
    }
    if labels not in sources:
        raise InputError(f"synthetic labels are {labels!r}; allowed are original and adapted")
    return sources[labels]
