"""The sentences of a report say no more than its numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landmarks.analysis.comparisons import Comparison
from landmarks.analysis.contrasts import Interval
from landmarks.analysis.exchange import Design, Exchange
from landmarks.analysis.findings import Findings, find
from landmarks.analysis.sentences import (
    answer,
    comparison_summary,
    headline_exchange,
    trend_text,
    worth,
)
from landmarks.analysis.study import read_study
from tests.analysis.studies import write_study


def exchange_of(
    value: float, low: float, high: float, seeds: tuple[int, ...] = (0, 1, 2)
) -> Exchange:
    return Exchange(
        strategy="finetune",
        n_real=50,
        value=value,
        low=low,
        high=high,
        design=Design(seeds=seeds, sizes=(10, 25, 50, 100)),
    )


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (
            exchange_of(80, 60, 95),
            "Fine-tuning with 50 real faces is as accurate as real only with 80 [60 to 95] real "
            "faces.",
        ),
        (exchange_of(54, 43, 61), "61] real faces (not significantly more than 50)."),
        (
            exchange_of(np.inf, 100, np.inf),
            "is better than real only with 100, the largest size run with the same seeds",
        ),
        (exchange_of(np.inf, 39, np.inf), "looks better, but not significantly, than real only"),
        (exchange_of(0, 0, 10), "is worse than real only with 10, the smallest size"),
        (exchange_of(0, 0, 20), "looks worse, but not significantly, than real only with 10"),
        (exchange_of(54, 0, np.inf), "covers all sizes that were run, from 10 to 100."),
        (exchange_of(np.nan, 0, np.inf, seeds=(0,)), "not enough seeds for an exchange rate"),
    ],
)
def test_the_answer_says_no_more_than_its_interval(one: Exchange, sentence: str) -> None:
    assert sentence in answer(one, rendered_test=False)


def test_without_a_combination_the_answer_says_what_to_run(tmp_path: Path) -> None:
    found = find(read_study(write_study(tmp_path, strategies=("real_only",))))
    assert found.headline is None
    assert found.answer == (
        "Not enough runs for an exchange rate: run real_only at two or more sizes, and finetune, "
        "mixing or self_training, with the same seed."
    )


def test_one_seed_gives_sentences_without_numbers(one_seed: Findings) -> None:
    assert "not enough seeds" in one_seed.answer
    assert one_seed.comparison.startswith("Not enough seeds")
    assert one_seed.trends == ()


def test_the_headline_needs_seeds_and_does_not_depend_on_the_results() -> None:
    unknown = exchange_of(np.nan, 0, np.inf, seeds=(0,))
    mixing = replace(exchange_of(30, 20, 40), strategy="mixing", n_real=10)
    alone = replace(exchange_of(30, 20, 40), strategy="synthetic_only", n_real=0)
    assert headline_exchange([alone, unknown, mixing]) == mixing
    assert headline_exchange([alone, unknown]) == unknown
    assert headline_exchange([alone]) is None
    open_ended = exchange_of(54, 0, np.inf)
    assert headline_exchange([mixing, open_ended]) == open_ended


def against(strategy: str, n: int, real: float, synthetic: float) -> Comparison:
    """With intervals of 2 % to each side."""

    def lower(value: float) -> Interval:
        return Interval(value=value, low=value - 0.02, high=value + 0.02, level=0.95, seeds=3)

    return Comparison(
        strategy=strategy, n_real=n, lower=lower(real), lower_than_synthetic=lower(synthetic)
    )


def test_a_combination_must_beat_synthetic_faces_too() -> None:
    compared = [
        against("mixing", 10, 0.19, 0.007),  # no better than synthetic faces alone
        against("mixing", 25, 0.077, 0.083),
        against("mixing", 100, -0.031, 0.13),
    ]
    assert worth([], compared, rendered_test=False) == (
        "Significantly better than real only and synthetic only: mixing at 25."
    )
    assert worth([], compared[::2], rendered_test=False) == (
        "No combination of both kinds of faces is significantly better than each kind alone."
    )
    unknown = [replace(one, lower_than_synthetic=None) for one in compared]
    assert worth([], unknown, rendered_test=False) == ""


def test_the_worth_of_synthetic_faces_alone_has_its_caveat() -> None:
    design = Design(seeds=(0, 1, 2), sizes=(10, 50, 250))
    alone = replace(exchange_of(24, 20, 34), strategy="synthetic_only", n_real=0, design=design)
    assert worth([alone], [], rendered_test=False) == (
        "Synthetic faces alone are worth 24 [20 to 34] real faces (sizes too far apart for 90 %)."
    )
    assert "34] stand-in faces" in worth([alone], [], rendered_test=True)


def test_sizes_are_listed_with_their_differences() -> None:
    compared = [
        against("mixing", 10, 0.19, 0.1),
        against("mixing", 50, 0.01, 0.1),
        against("mixing", 250, -0.03, 0.1),
        against("finetune", 10, 0.01, 0.1),
        against("finetune", 250, 0.0, 0.1),
    ]
    assert comparison_summary(compared) == (
        "Mixing against real only: better at 10 (19.0 % lower [17.0 to 21.0]); no clear difference "
        "at 50; worse at 250 (3.0 % higher [1.0 to 5.0]). Fine-tuning against real only: no clear "
        "difference at 10 and 250."
    )


@pytest.mark.parametrize(
    ("leads", "part"),
    [
        ((0.067, -0.011), "error 6.7 % lower at 10 real faces, 1.1 % higher at 1,000"),
        ((-0.067, -0.0004), "error 6.7 % higher at 10 real faces, the same at 1,000"),
    ],
)
def test_a_lead_is_lower_higher_or_the_same(
    precise: Findings, leads: tuple[float, float], part: str
) -> None:
    assert part in trend_text(replace(precise.narrowing[0], leads=leads))


def test_the_sentences_are_about_no_control(with_controls: Findings) -> None:
    assert with_controls.headline is not None
    assert with_controls.headline.strategy == "finetune"
    text = " ".join(with_controls.summary)
    assert not any(part in text for part in ("adapter", "ImageNet", "alpha"))
