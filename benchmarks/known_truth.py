"""Simulated studies with known learning curves, to compare estimates with the true values."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np

from landmarks.analysis.study import Study, StudyRun
from landmarks.experiment.results import Result

SIZES = (10, 25, 50, 100, 250, 500, 870)
SHAPES = {
    "power law": lambda n: 0.2 * n**-0.25,
    "power law with floor": lambda n: 0.03 + 0.2 * n**-0.6,
    "logarithm": lambda n: 0.12 - 0.011 * np.log(n),
    "knee": lambda n: 0.035 + 0.06 / (1 + n / 60),
}


def draw_study(
    shape: str,
    *,
    n_real: int,
    n_eff: float,
    seeds: int,
    rng: np.random.Generator,
    photos: int = 185,
    spread: float = 0.03,
    sizes: Sequence[int] = SIZES,
) -> Study:
    """A study in which fine-tuning at `n_real` has the expected error of real only at `n_eff`.

    Runs with the same seed and size share part of their noise, because they share their subset.
    Noise is larger where faces are few. Some photos are hard for all runs, and each run also fails
    on photos of its own.

    Args:
        shape: Learning curve of real only, a key of SHAPES.
        n_real: Number of real faces of fine-tuning.
        n_eff: Number of real faces at which real only has the same expected error.
        seeds: Number of seeds.
        rng: Source of all random numbers.
        photos: Number of test photos.
        spread: Standard deviation of the logarithm of the error over seeds, at 50 faces.
        sizes: Numbers of real faces at which real only is run.
    """
    curve = SHAPES[shape]
    means = {("real_only", n): curve(n) for n in sizes} | {("finetune", n_real): curve(n_eff)}
    hardness = rng.lognormal(-(0.45**2) / 2, 0.45, photos)
    runs = []
    for seed in range(seeds):
        shared = dict(zip(sizes, rng.normal(size=len(sizes)), strict=True))
        for (strategy, n), mean in means.items():
            scale = spread * (n / 50) ** -0.25
            own = scale * (0.67 * shared[n] + rng.normal())
            errors = mean * np.exp(own) * hardness * rng.lognormal(-(0.25**2) / 2, 0.25, photos)
            result = SimpleNamespace(strategy=strategy, n_real=n, seed=seed)
            runs.append(
                StudyRun(directory=Path(), result=cast(Result, result), errors={"all": errors})
            )
    return Study(
        folder=Path("study"), runs=tuple(runs), photos=np.arange(photos), rendered_test=True
    )
