"""The strategies and their controls, side by side, composed of three kinds of steps.

`Train`, `FitAdapter` and `LabelPhotos` name what they need, down to the data, so that the whole
comparison can be read on this page. Nothing is computed here: `landmarks.experiment.runner` runs
each distinct step once. The YAML files set schedules.

Definitions: Datagen, "Facial landmark detection using synthetic data", 2022, part 2.
"""

from dataclasses import dataclass

from landmarks.adapters.fitting import AdapterFit
from landmarks.data.options import check_whole_number
from landmarks.errors import InputError
from landmarks.experiment.steps import (
    Adapted,
    FitAdapter,
    LabelPhotos,
    Real,
    SelfLabelled,
    Share,
    Step,
    Synthetic,
    Train,
    steps_of,
)
from landmarks.training.labelling import SelfLabelling
from landmarks.training.schedule import Schedule

ALPHA = 0.5  # synthetic share of each batch in the strategy that is called just "mixing"
# Of each batch in "finetune", after pre-training, and up to how many real faces; found on HELEN
# (docs/results/combining.md).
SYNTHETIC_SHARE, SYNTHETIC_UNTIL = 0.5, 50


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
                steps.update(dict.fromkeys(steps_of(root)))
        return tuple(steps)

    @property
    def uses_real(self) -> bool:
        """Whether any step uses the real subset."""
        return self.draws_on(Real) or self.adapts

    @property
    def adapts(self) -> bool:
        """Whether any step fits an adapter."""
        return any(isinstance(step, FitAdapter) for step in self.steps)

    @property
    def uses_synthetic(self) -> bool:
        """Whether any step uses synthetic faces."""
        return self.draws_on(Synthetic, Adapted)

    def draws_on(self, *kinds: type) -> bool:
        """Whether batches of any training contain faces of any of these sources."""
        return any(isinstance(step, Train) and step.draws_on(*kinds) for step in self.steps)

    @property
    def uses_unlabelled(self) -> bool:
        """Whether any step uses photos without labels."""
        return any(isinstance(step, LabelPhotos) for step in self.steps)

    @property
    def roles(self) -> tuple[str, ...]:
        """The datasets that a run reads; synthetic faces last: they may have to be rendered."""
        uses = {
            "real": self.uses_real,
            "unlabelled": self.uses_unlabelled,
            "test": True,
            "synthetic": self.uses_synthetic,
        }
        return tuple(role for role, used in uses.items() if used)

    @property
    def optimiser_steps(self) -> int:
        """Updates of the whole strategy, shared ones included."""
        return sum(step.schedule.steps for step in self.steps if isinstance(step, Train))


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
    pretrain: Schedule,
    adapter: AdapterFit,
    finetune: Schedule,
    synthetic_share: float = SYNTHETIC_SHARE,
    synthetic_until: int | None = SYNTHETIC_UNTIL,
    pretrain_labels: str = "original",
) -> Strategy:
    """5. Train on S, then continue on R with a schedule of its own.

    A model that sees a few photos only forgets what it learned from S, so a share of every batch
    stays synthetic; many photos are better without. The article's form has none: `finetune_plain`.

    Args:
        pretrain: Schedule on synthetic faces.
        adapter: How the adapter is fitted; used with adapted labels only.
        finetune: Schedule of the second part.
        synthetic_share: Of each of its batches, from 0 to below 1. Any but `SYNTHETIC_SHARE` is
            part of the name, so that each is a curve of its own.
        synthetic_until: The most real faces with which that share holds. With more it shrinks in
            proportion: 0.25 of twice as many. None: it always holds, and the name says so.
        pretrain_labels: "original", or "adapted" for S* wherever S is used.
    """
    is_number = isinstance(synthetic_share, int | float) and not isinstance(synthetic_share, bool)
    if not is_number or not 0 <= synthetic_share < 1:
        raise InputError(f"synthetic_share is {synthetic_share!r}; it must be from 0 to below 1")
    source = _synthetic(pretrain_labels, pretrain, adapter)
    suffix = "" if pretrain_labels == "original" else f"_{pretrain_labels}"
    start = Train(name=f"pretrain{suffix}", on=(Share(source),), schedule=pretrain)
    names = {SYNTHETIC_SHARE: "finetune", 0: "finetune_plain"}
    name = names.get(synthetic_share, f"finetune_share_{synthetic_share}")
    if synthetic_share and synthetic_until != SYNTHETIC_UNTIL:
        name += f"_until_{'all' if synthetic_until is None else synthetic_until}"
    kept = Share(source, synthetic_share, synthetic_until) if synthetic_share else None
    return Strategy(name=name + suffix, model=_finetuned(start, kept, finetune, name + suffix))


def self_training(
    pretrain: Schedule,
    finetune: Schedule,
    train: Schedule,
    labelling: SelfLabelling,
    rounds: int,
    name: str = "self_training",
) -> Strategy:
    """6. Fine-tune, then let the model label photos without labels and learn from them as well.

    Each round continues the model on S, U and R in equal parts, U with the labels that it gave
    them itself (pseudo-labels: Lee, 2013; for key points: Radosavovic et al., "Data distillation",
    2018). The control is `self_training_real_only`.

    Args:
        pretrain: Schedule on synthetic faces.
        finetune: Schedule on real and synthetic faces, as of "finetune".
        train: Schedule of each round.
        labelling: How photos are labelled.
        rounds: How often.
        name: Another name makes other settings a curve of its own.
    """
    kept = Share(Synthetic(), SYNTHETIC_SHARE, SYNTHETIC_UNTIL)
    start = _finetuned(_pretrain(pretrain), kept, finetune, "finetune")
    model = _self_trained(start, (Synthetic(), Real()), train, labelling, rounds)
    return Strategy(name=name, model=model)


def self_training_synthetic_only(
    pretrain: Schedule, train: Schedule, labelling: SelfLabelling, rounds: int
) -> Strategy:
    """Control: self-training on S and U; no real label at all."""
    model = _self_trained(_pretrain(pretrain), (Synthetic(),), train, labelling, rounds)
    return Strategy(name="self_training_synthetic_only", model=model)


def self_training_real_only(
    start: Schedule, train: Schedule, labelling: SelfLabelling, rounds: int
) -> Strategy:
    """Control: self-training on R and U; what the photos bring without synthetic faces.

    Args:
        start: Schedule of the first model, which is trained on R.
        train: Schedule of each round.
        labelling: How photos are labelled.
        rounds: How often.
    """
    first = real_only(start).model
    model = _self_trained(first, (Real(),), train, labelling, rounds)
    return Strategy(name="self_training_real_only", model=model)


def _self_trained(
    model: Train,
    beside: tuple[Synthetic | Real, ...],
    schedule: Schedule,
    labelling: SelfLabelling,
    rounds: int,
) -> Train:
    """`model` after rounds on U and the sources `beside` it, in equal shares."""
    check_whole_number("rounds", rounds, 1)
    for number in range(1, rounds + 1):
        sources = (*beside, SelfLabelled(LabelPhotos(model, labelling)))
        model = Train(
            name=f"self_training_{number}",
            on=tuple(Share(source, 1 / len(sources)) for source in sources),
            schedule=schedule,
            start=model,
        )
    return model


def _finetuned(start: Train, kept: Share | None, schedule: Schedule, name: str) -> Train:
    """`start`, continued on R and the share of synthetic faces that is kept, if any."""
    on = (Share(Real()),) if kept is None else (kept, Share(Real(), 1 - kept.share))
    return Train(name=name, on=on, schedule=schedule, start=start)


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
