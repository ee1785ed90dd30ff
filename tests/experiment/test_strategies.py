"""Strategies: their steps, written out."""

import pytest

from landmarks.adapters.ridge import RidgeFit
from landmarks.errors import InputError
from landmarks.experiment.steps import Adapted, FitAdapter, Real, Share, Synthetic, Train
from landmarks.experiment.strategies import (
    data_adaptation,
    finetune,
    label_adaptation,
    mixing,
    real_only,
    synthetic_only,
)
from landmarks.training.schedule import Schedule

LONG = Schedule(steps=200, batch_size=8, learning_rate=1e-3)
SHORT = Schedule(steps=50, batch_size=8, learning_rate=1e-4)
FIT = RidgeFit()
PRETRAIN = Train(name="pretrain", on=(Share(Synthetic()),), schedule=LONG)
ADAPT = FitAdapter(PRETRAIN, FIT)


def test_synthetic_only_touches_no_real_label():
    strategy = synthetic_only(LONG)
    assert strategy.steps == (PRETRAIN,)
    assert not strategy.uses_real
    assert strategy.output is None


def test_real_only_touches_no_synthetic_face():
    strategy = real_only(LONG)
    assert strategy.steps == (Train(name="train", on=(Share(Real()),), schedule=LONG),)
    assert strategy.uses_real
    assert not strategy.uses_synthetic


def test_label_adaptation_adapts_the_output():
    strategy = label_adaptation(LONG, FIT)
    assert strategy.steps == (PRETRAIN, ADAPT)
    assert strategy.output == ADAPT
    assert strategy.model == PRETRAIN


def test_data_adaptation_trains_from_scratch_on_adapted_labels_alone():
    strategy = data_adaptation(LONG, FIT, SHORT)
    train = Train(name="train", on=(Share(Adapted(ADAPT)),), schedule=SHORT)
    assert strategy.steps == (PRETRAIN, ADAPT, train)
    assert strategy.model == train
    assert strategy.output is None
    assert train.start is None


def test_mixing_draws_alpha_of_a_batch_from_adapted_faces():
    strategy = mixing(LONG, FIT, SHORT, alpha=0.75)
    assert strategy.model.on == (Share(Adapted(ADAPT), 0.75), Share(Real(), 0.25))
    assert strategy.steps == (PRETRAIN, ADAPT, strategy.model)


def test_mixing_with_original_labels_needs_no_adapter():
    strategy = mixing(LONG, FIT, SHORT, alpha=0.5, labels="original")
    assert strategy.steps == (strategy.model,)
    assert strategy.model.on[0] == Share(Synthetic(), 0.5)


def test_finetune_continues_with_real_faces_from_the_shared_pretraining():
    strategy = finetune(LONG, FIT, SHORT)
    assert strategy.steps == (PRETRAIN, strategy.model)
    assert strategy.model.start == PRETRAIN
    assert strategy.model.on == (Share(Synthetic(), 0.5, until=50), Share(Real(), 0.5))


@pytest.mark.parametrize(
    ("num_real", "shares"),
    [(10, [0.5, 0.5]), (50, [0.5, 0.5]), (100, [0.25, 0.75]), (500, [0.05, 0.95])],
)
def test_the_synthetic_share_shrinks_with_more_than_50_real_faces(num_real, shares):
    assert finetune(LONG, FIT, SHORT).model.shares(num_real) == pytest.approx(shares)


def test_what_a_shrinking_share_leaves_goes_to_the_others_in_proportion():
    parts = Share(Synthetic(), 0.5, until=10), Share(Real(), 0.3), Share(Adapted(ADAPT), 0.2)
    shares = Train(name="x", on=parts, schedule=LONG).shares(20)
    assert shares == pytest.approx([0.25, 0.45, 0.3])


def test_a_share_that_always_holds_is_part_of_the_name():
    strategy = finetune(LONG, FIT, SHORT, synthetic_until=None)
    assert strategy.name == "finetune_until_all"
    assert strategy.model.shares(5000) == [0.5, 0.5]


@pytest.mark.parametrize("until", [0, 1.5, "many"])
def test_a_limit_that_is_no_count_is_refused(until):
    with pytest.raises(InputError, match="until is"):
        finetune(LONG, FIT, SHORT, synthetic_until=until)


def test_a_batch_of_shrinking_shares_alone_is_refused():
    with pytest.raises(InputError, match="one must fill the batch"):
        Train(name="x", on=(Share(Synthetic(), 1, until=10),), schedule=LONG)


def test_the_plain_form_of_finetuning_sees_real_faces_only():
    strategy = finetune(LONG, FIT, SHORT, synthetic_share=0)
    assert strategy.name == "finetune_plain"
    assert strategy.model.on == (Share(Real(), 1),)


def test_another_synthetic_share_is_part_of_the_name():
    strategy = finetune(LONG, FIT, SHORT, synthetic_share=0.25, pretrain_labels="adapted")
    assert strategy.name == "finetune_share_0.25_adapted"
    assert strategy.model.on == (Share(Adapted(ADAPT), 0.25, until=50), Share(Real(), 0.75))


@pytest.mark.parametrize("share", [-0.1, 1, "half", True])
def test_a_synthetic_share_outside_its_range_is_refused(share):
    with pytest.raises(InputError, match="synthetic_share is"):
        finetune(LONG, FIT, SHORT, synthetic_share=share)


def test_finetune_can_pretrain_on_adapted_labels():
    strategy = finetune(LONG, FIT, SHORT, pretrain_labels="adapted")
    assert strategy.model.start.on == (Share(Adapted(ADAPT)),)
    assert strategy.steps[:2] == (PRETRAIN, ADAPT)
    assert strategy.optimiser_steps == 450


def test_four_strategies_share_one_pretraining():
    firsts = {
        strategy.steps[0]
        for strategy in (
            synthetic_only(LONG),
            label_adaptation(LONG, FIT),
            data_adaptation(LONG, FIT, SHORT),
            mixing(LONG, FIT, SHORT, alpha=0.5),
            finetune(LONG, FIT, SHORT),
        )
    }
    assert firsts == {PRETRAIN}


def test_another_alpha_is_part_of_the_name():
    def name(alpha, labels="adapted"):
        return mixing(LONG, FIT, SHORT, alpha=alpha, labels=labels).name

    assert (name(0.5), name(0.3), name(0.75)) == ("mixing", "mixing_alpha_0.3", "mixing_alpha_0.75")
    assert name(0.5, "original") == "mixing_original"
    assert name(0.3, "original") == "mixing_original_alpha_0.3"


@pytest.mark.parametrize("alpha", [0, 1, -0.5, 2, "half"])
def test_alpha_outside_its_range_is_refused(alpha):
    with pytest.raises(InputError, match="alpha is"):
        mixing(LONG, FIT, SHORT, alpha=alpha)


def test_unknown_labels_are_refused():
    with pytest.raises(InputError, match="allowed are original and adapted"):
        finetune(LONG, FIT, SHORT, pretrain_labels="moved")


@pytest.mark.parametrize("shares", [(2.0, -1.0), (0.5, 0.4), (0.0, 1.0)])
def test_shares_that_make_no_batch_are_refused(shares):
    with pytest.raises(InputError, match="share"):
        Train(
            name="x",
            on=tuple(Share(s, v) for s, v in zip((Synthetic(), Real()), shares, strict=True)),
            schedule=LONG,
        )


@pytest.mark.parametrize(
    "bad", [{"steps": 0}, {"batch_size": 1.5}, {"learning_rate": 3}, {"ema": 1}, {"steps": "many"}]
)
def test_a_schedule_that_cannot_train_is_refused(bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        Schedule(**{"steps": 10, "batch_size": 8, "learning_rate": 1e-3, **bad})
