"""The exchange rate, compared with curves whose truth is known."""

import numpy as np
import pytest
from benchmarks.known_truth import SHAPES, SIZES, draw_study

from landmarks.analysis.exchange import (
    Design,
    Exchange,
    common_design,
    exchange,
    interpolation,
)
from landmarks.analysis.result_tables import exchange_table
from landmarks.analysis.sentences import answer
from landmarks.analysis.study import Study, StudyRun


def estimate(study: Study, n_real: int = 50) -> Exchange:
    found = exchange(study, "finetune", n_real)
    assert found is not None
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_without_noise_n_eff_is_the_truth(shape: str) -> None:
    study = draw_study(
        shape,
        n_real=50,
        n_eff=140,
        seeds=3,
        rng=np.random.default_rng(0),
        spread=1e-9,
        photos=20000,
    )
    assert estimate(study).value == pytest.approx(140, rel=0.02)


def coverage(shape: str, seeds: int, studies: int, *, n_eff: float, n_real: int) -> float:
    rng = np.random.default_rng([seeds, int(n_eff), list(SHAPES).index(shape)])
    inside = 0
    for _ in range(studies):
        found = estimate(
            draw_study(shape, n_real=n_real, n_eff=n_eff, seeds=seeds, rng=rng), n_real
        )
        inside += found.low <= n_eff <= found.high
    return inside / studies


def test_the_interval_covers_the_truth_about_nine_times_in_ten() -> None:
    shares = [
        coverage(shape, seeds, 20, n_eff=250, n_real=50) for shape in SHAPES for seeds in (3, 10)
    ]
    # 160 studies: 0.9 with a standard deviation of 0.024.
    assert 0.83 < np.mean(shares) < 0.97


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_interval_covers_the_truth_with_any_curve_and_number_of_seeds(
    shape: str, seeds: int
) -> None:
    # 500 studies: 0.9 with a standard deviation of 0.013.
    assert 0.86 < coverage(shape, seeds, 500, n_eff=140, n_real=50) < 0.94


def test_a_bootstrap_over_three_seeds_would_be_too_narrow() -> None:
    # Why seeds get Student's distribution: resampling three values covers the mean less often.
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        values = rng.normal(size=3)
        means = values[rng.integers(3, size=(500, 3))].mean(axis=1)
        low, high = np.quantile(means, [0.05, 0.95])
        inside += low <= 0 <= high
    assert inside / 400 < 0.8


def test_one_seed_has_no_exchange_rate() -> None:
    study = draw_study("knee", n_real=50, n_eff=140, seeds=1, rng=np.random.default_rng(0))
    assert estimate(study).text() == "not enough seeds"


def test_better_than_every_size_is_open_above_and_not_extrapolated() -> None:
    study = draw_study("power law", n_real=500, n_eff=5000, seeds=5, rng=np.random.default_rng(0))
    found = estimate(study, 500)
    assert found.value == np.inf
    assert found.text() == "> 870 [> 870]"


def test_worse_than_every_size_is_open_below() -> None:
    study = draw_study("power law", n_real=10, n_eff=1, seeds=5, rng=np.random.default_rng(0))
    assert estimate(study, 10).text() == "< 10 [< 10]"


def test_more_seeds_narrow_the_interval() -> None:
    def width(seeds: int) -> float:
        rng = np.random.default_rng(1)
        many = [
            estimate(draw_study("knee", n_real=50, n_eff=140, seeds=seeds, rng=rng))
            for _ in range(8)
        ]
        return float(np.median([found.high - found.low for found in many]))

    assert width(10) < 0.7 * width(3)


def test_the_curve_goes_through_its_points_and_follows_a_cubic() -> None:
    np.testing.assert_allclose(interpolation(SIZES, np.array(SIZES, float)), np.eye(7), atol=1e-12)
    x = np.log(SIZES)
    cubic = 0.3 - 0.2 * x + 0.05 * x**2 - 0.004 * x**3
    at = np.geomspace(10, 870, 50)
    y = np.log(at)
    np.testing.assert_allclose(
        interpolation(SIZES, at) @ cubic, 0.3 - 0.2 * y + 0.05 * y**2 - 0.004 * y**3, atol=1e-12
    )


def without(whole: Study, *lacking: tuple[str, int, int]) -> Study:
    """A study without some runs, each a strategy, an n_real and a seed."""

    def is_kept(run: StudyRun) -> bool:
        return (*run.cell, run.result.seed) not in lacking

    runs = tuple(run for run in whole.runs if is_kept(run))
    return Study(folder=whole.folder, runs=runs, photos=whole.photos, rendered_test=True)


def lacks(seed: int, *sizes: int) -> list[tuple[str, int, int]]:
    return [("real_only", n, seed) for n in sizes]


@pytest.fixture(scope="module")
def whole() -> Study:
    return draw_study("knee", n_real=50, n_eff=140, seeds=4, rng=np.random.default_rng(0))


ALL = (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("lacking", "seeds", "sizes"),
    [
        ([], ALL, SIZES),
        (lacks(3, 870), ALL, SIZES[:-1]),  # 4 x 6 against 3 x 7
        (lacks(3, 500, 870), (0, 1, 2), SIZES),  # 4 x 5 against 3 x 7
        (lacks(3, *SIZES), (0, 1, 2), SIZES),
        (lacks(3, *SIZES[1:]), (0, 1, 2), SIZES),  # started: 4 x 1 against 3 x 7
        (lacks(3, *SIZES[2:]), (0, 1, 2), SIZES),  # 4 x 2 against 3 x 7
        (lacks(2, 10, 25, 50, 100) + lacks(3, 250, 500, 870), (0, 1), SIZES),  # 2 x 7, 3 x 4
        (lacks(2, *SIZES[:4]) + lacks(3, *SIZES[:4]) + lacks(1, 10), ALL, (250, 500, 870)),
        ([("finetune", 50, 0)], (1, 2, 3), SIZES),
    ],
)
def test_the_design_with_the_most_runs_is_used(
    whole: Study,
    lacking: list[tuple[str, int, int]],
    seeds: tuple[int, ...],
    sizes: tuple[int, ...],
) -> None:
    found = common_design(without(whole, *lacking), ("finetune", 50))
    assert found == Design(seeds=seeds, sizes=sizes)


def test_of_equally_many_runs_more_seeds_are_used(whole: Study) -> None:
    # Two seeds at four sizes, or four at two.
    few = without(whole, *lacks(2, *SIZES[2:]), *lacks(3, *SIZES[2:]))
    missing = [("real_only", n, seed) for n in SIZES[4:] for seed in ALL]
    assert common_design(without(few, *missing), ("finetune", 50)) == Design(
        seeds=ALL, sizes=(10, 25)
    )


def test_one_seed_with_a_curve_is_preferred_to_two_without(whole: Study) -> None:
    lacking = [run for seed in (1, 2, 3) for run in lacks(seed, *SIZES[1:])]
    found = common_design(without(whole, *lacking), ("finetune", 50))
    assert found == Design(seeds=(0,), sizes=SIZES)
    lacking += lacks(0, *SIZES[1:])
    assert common_design(without(whole, *lacking), ("finetune", 50)) is None


def test_an_incomplete_seed_does_not_change_the_rate(whole: Study) -> None:
    three = without(whole, *lacks(3, *SIZES), ("finetune", 50, 3))
    begun = without(whole, *lacks(3, *SIZES[2:]))
    assert estimate(begun) == estimate(three)


def test_the_table_names_the_seeds_and_sizes_that_were_used(whole: Study) -> None:
    found = estimate(without(whole, *lacks(3, *SIZES[2:])))
    (row,) = exchange_table([found], None).rows
    assert row[-2:] == ("0 1 2", "10 25 50 100 250 500 870")


def test_the_largest_size_is_that_of_the_shared_seeds() -> None:
    study = draw_study("power law", n_real=250, n_eff=5000, seeds=4, rng=np.random.default_rng(0))
    lacking = [run for seed in (1, 2, 3) for run in lacks(seed, 500, 870)]
    found = estimate(without(study, *lacking), 250)
    sentence = answer(found, rendered_test=False)
    assert "better than real only with 250, the largest size run with the same seeds" in sentence


def test_sizes_that_are_too_far_apart_are_a_caveat() -> None:
    def drawn(*sizes: int) -> Exchange:
        rng = np.random.default_rng(0)
        return estimate(
            draw_study("knee", n_real=50, n_eff=140, seeds=3, rng=rng, sizes=sizes, spread=0.01)
        )

    far = drawn(10, 50, 250)
    assert far.caveat == "sizes too far apart for 90 %"
    assert far.caveat in answer(far, rendered_test=False)
    assert exchange_table([far], None).rows[0][-1] == "far apart: 10 50 250"
    assert drawn(50, 100, 250).is_sparse  # a parabola
    assert drawn(25, 50, 250, 500).is_sparse
    assert not drawn(10, 50, 100, 250, 870).is_sparse  # only away from the interval
    assert not drawn(*SIZES).caveat


def test_rate_transferred_data_and_money_have_the_interval_of_n_eff() -> None:
    found = Exchange(
        strategy="finetune",
        n_real=50,
        value=240.0,
        low=40.0,
        high=310.0,
        design=Design(seeds=(0, 1), sizes=SIZES),
    )
    (row,) = exchange_table([found], 0.5).rows
    assert row[2] == "240 [40 to 310]"
    assert row[3] == "4.80 [0.80 to 6.20]"
    assert row[4] == "190 [-10 to 260]"
    assert row[5] == "95 [-5 to 130]"
    beyond = Exchange(
        strategy="finetune",
        n_real=50,
        value=np.inf,
        low=510.0,
        high=np.inf,
        design=Design(seeds=(0, 1), sizes=SIZES),
    )
    (row,) = exchange_table([beyond], 0.5).rows
    assert row[3:5] == ("> 17.40 [> 10.20]", "> 820 [> 460]")
