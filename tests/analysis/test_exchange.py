"""The exchange rate against curves whose truth is known."""

import numpy as np
import pytest
from benchmarks.known_truth import SHAPES, SIZES, draw_study

from landmarks.analysis.exchange import Exchange, common_design, exchange, interpolation
from landmarks.analysis.study import Study


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


def test_the_interval_holds_the_truth_about_nine_times_in_ten() -> None:
    shares = [
        coverage(shape, seeds, 20, n_eff=250, n_real=50) for shape in SHAPES for seeds in (3, 10)
    ]
    # 160 studies: 0.9 with a standard deviation of 0.024.
    assert 0.83 < np.mean(shares) < 0.97


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_interval_holds_the_truth_with_any_curve_and_number_of_seeds(
    shape: str, seeds: int
) -> None:
    # 500 studies: 0.9 with a standard deviation of 0.013.
    assert 0.86 < coverage(shape, seeds, 500, n_eff=140, n_real=50) < 0.94


def test_a_bootstrap_over_three_seeds_would_claim_too_much() -> None:
    # Why seeds get Student's distribution: of three values, 90 % intervals by resampling hold the
    # mean much less often.
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        values = rng.normal(size=3)
        means = values[rng.integers(3, size=(500, 3))].mean(axis=1)
        low, high = np.quantile(means, [0.05, 0.95])
        inside += low <= 0 <= high
    assert inside / 400 < 0.8


def test_one_seed_gives_no_number() -> None:
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


def test_sizes_that_a_seed_lacks_are_left_out_of_its_pairs() -> None:
    whole = draw_study("knee", n_real=50, n_eff=140, seeds=3, rng=np.random.default_rng(0))
    kept = [
        run for run in whole.runs if not (run.result.seed == 2 and run.result.n_real in (500, 870))
    ]
    study = Study(folder=whole.folder, runs=tuple(kept), photos=whole.photos, rendered_test=True)
    assert common_design(study, ("finetune", 50)) == ((0, 1, 2), (10, 25, 50, 100, 250))


def test_a_seed_that_the_baseline_lacks_is_left_out() -> None:
    whole = draw_study("knee", n_real=50, n_eff=140, seeds=3, rng=np.random.default_rng(0))
    kept = [
        run
        for run in whole.runs
        if not (run.result.seed == 2 and run.result.strategy == "real_only")
    ]
    study = Study(folder=whole.folder, runs=tuple(kept), photos=whole.photos, rendered_test=True)
    assert common_design(study, ("finetune", 50)) == ((0, 1), SIZES)
