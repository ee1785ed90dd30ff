"""Paired differences have intervals over seeds and photos."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from landmarks.analysis.contrasts import (
    combined,
    contrast,
    log_errors,
    mean_error,
    photo_influence,
    relative,
)
from landmarks.analysis.study import Study, StudyRun
from landmarks.experiment.results import Result
from landmarks.metrics import bootstrap

A, B = ("finetune", 50), ("real_only", 50)


def study(errors: dict[tuple[str, int, int], np.ndarray], photos: np.ndarray) -> Study:
    runs = [
        StudyRun(
            directory=Path(),
            result=cast(Result, SimpleNamespace(strategy=strategy, n_real=n, seed=seed)),
            errors={"all": values},
        )
        for (strategy, n, seed), values in errors.items()
    ]
    return Study(folder=Path(), runs=tuple(runs), photos=photos, rendered_test=False)


def test_the_influence_of_photos_gives_the_bootstrap_s_interval() -> None:
    rng = np.random.default_rng(0)
    photos = np.repeat(np.arange(200), 2)[:337]
    errors = rng.lognormal(-3, 0.5, 337) * np.repeat(rng.lognormal(0, 0.3, 200), 2)[:337]
    spread = np.sqrt((photo_influence(errors, photos) ** 2).sum())
    drawn = bootstrap(errors, photos.astype(str), np.asarray)
    assert 2 * 1.96 * spread * errors.mean() == pytest.approx(drawn.high - drawn.low, rel=0.05)


def test_faces_without_an_error_are_ignored() -> None:
    errors = np.array([0.1, np.nan, 0.3, 0.2])
    photos = np.array([0, 0, 1, 2])
    known = ~np.isnan(errors)
    np.testing.assert_allclose(
        photo_influence(errors, photos), photo_influence(errors[known], photos[known])
    )


def test_what_all_runs_share_cancels_in_a_pair() -> None:
    rng = np.random.default_rng(0)
    hardness = rng.lognormal(-3, 0.6, 100)
    seeds = rng.lognormal(0, 0.2, 4)
    made = study(
        {
            **{("real_only", 50, k): hardness * luck for k, luck in enumerate(seeds)},
            **{("finetune", 50, k): 0.9 * hardness * luck for k, luck in enumerate(seeds)},
        },
        np.arange(100),
    )
    found = relative(made, A, B, level=0.95)
    assert found is not None
    assert found.value == pytest.approx(0.1)
    assert found.high - found.low < 1e-9
    alone = mean_error(made, A, level=0.95)
    assert alone.high > 1.2 * alone.low  # while each error alone is uncertain


def test_the_interval_of_a_difference_has_its_nominal_coverage() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(300):
        hardness = rng.lognormal(-3, 0.5, 80)

        def run(mean: float, hardness: np.ndarray = hardness) -> np.ndarray:
            return mean * np.exp(rng.normal(0, 0.03)) * hardness * rng.lognormal(0, 0.2, 80)

        made = study(
            {(*cell, k): run(mean) for cell, mean in ((A, 0.9), (B, 1.0)) for k in range(3)},
            np.arange(80),
        )
        found = combined(made, {A: 1.0, B: -1.0}, level=0.9)
        assert found is not None
        inside += found.low <= np.log(0.9) <= found.high
    assert 0.85 < inside / 300 < 0.95


def test_a_difference_needs_two_shared_seeds() -> None:
    errors = np.full(10, 0.1)
    one = study({(*A, 0): errors, (*B, 0): errors}, np.arange(10))
    assert relative(one, A, B, level=0.95) is None
    apart = study({(*A, 0): errors, (*A, 1): errors, (*B, 1): errors}, np.arange(10))
    assert relative(apart, A, B, level=0.95) is None


def test_more_seeds_of_the_same_spread_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    made = study({(*A, k): rng.lognormal(-3, 0.1, 50) for k in range(3)}, np.arange(50))
    found = contrast(log_errors(made, [A], range(3)), np.ones((1, 1)))
    assert replace(found, seeds=6).half_width(0.9)[0] < 0.8 * found.half_width(0.9)[0]
