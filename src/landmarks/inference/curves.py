"""Cumulative error curves: the share of faces with at most some error."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from landmarks.metrics import cumulative_error
from landmarks.scheme import LandmarkScheme
from landmarks.scheme.units import IN_WORDS
from landmarks.storage.atomic import atomic_write, buffered_write

matplotlib.use("agg")

FURTHEST = 0.10  # NME at the right end of the figure, the usual one


def draw_cumulative_errors(
    errors: Mapping[str, NDArray[np.float64]], scheme: LandmarkScheme, path: Path
) -> None:
    """Draw one curve for each name.

    Args:
        errors: (N,) NME of each face; infinite where there is no prediction, NaN of faces that do
            not count.
        scheme: Of the landmarks; names the normaliser.
        path: A PNG file.
    """
    figure = Figure(figsize=(6, 4), layout="constrained")
    ax = figure.subplots()
    for name, own in errors.items():
        x, y = cumulative_error(own[~np.isnan(own)])
        ax.step([0, *x[x <= FURTHEST], FURTHEST], [0, *y[x <= FURTHEST], (x <= FURTHEST).mean()],
                where="post", label=name)  # fmt: skip
    label = f"NME, share of {IN_WORDS[scheme.normaliser]}"
    ax.set(xlim=(0, FURTHEST), ylim=(0, 1), xlabel=label, ylabel="share of faces")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(alpha=0.3)
    ax.legend(loc="lower right", fontsize=9)
    with atomic_write(path) as partial, buffered_write(partial) as file:
        figure.savefig(file, dpi=120, format="png")
