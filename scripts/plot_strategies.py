"""Draw the error of each strategy at each n_real, with intervals, from finished runs.

python scripts/plot_strategies.py outputs/w300_face_synthetics strategies.svg
"""

import argparse
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landmarks.analysis.looks import LOOKS, look
from landmarks.errors import InputError
from landmarks.results import Result, read_results


def draw(results: list[Result], path: Path) -> None:
    """One dot and bar a run; strategies side by side within each n_real."""
    budgets = sorted({result.n_real for result in results})
    mpl.rcParams["svg.fonttype"] = "none"
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    ax: Axes = figure.subplots()
    found = {result.strategy for result in results}
    names = [name for name in LOOKS if name in found] + sorted(found - LOOKS.keys())
    for place, name in enumerate(names):
        its = look(name)
        runs = [result for result in results if result.strategy == name]
        x = [budgets.index(run.n_real) + 0.11 * (place - (len(names) - 1) / 2) for run in runs]
        estimates = [run.metrics["all"]["nme"]["interocular"] for run in runs]
        value, low, high = ([100 * e[key] for e in estimates] for key in ("value", "low", "high"))
        below = [v - v_low for v, v_low in zip(value, low, strict=True)]
        above = [v_high - v for v, v_high in zip(value, high, strict=True)]
        ax.errorbar(
            x,
            value,
            [below, above],
            fmt=its.marker,
            color=its.colour,
            label=its.label,
            capsize=2,
            markersize=6,
        )
    ax.set_xticks(range(len(budgets)), [f"{n_real} real photos" for n_real in budgets])
    kind = " (drawn or rendered test faces)" if any(r.rendered_test for r in results) else ""
    ax.set_ylabel(f"NME, % of inter-ocular distance{kind}")
    ax.grid(axis="y", alpha=0.3)
    ax.legend(loc="upper right", fontsize=8, frameon=False)
    # No date and fixed ids: the same runs draw the same file.
    mpl.rcParams["svg.hashsalt"] = "landmarks"
    metadata = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(path, metadata=metadata, dpi=150)


def main() -> int:
    """Draw the runs below a folder."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path, help="searched for result.json, at any depth")
    parser.add_argument("figure", type=Path, help="file to write, .svg or .png")
    arguments = parser.parse_args()
    try:
        draw(read_results(arguments.folder), arguments.figure)
    except (InputError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"drawn: {arguments.figure}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
