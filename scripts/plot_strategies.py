"""Draw the error of each strategy at each n_real, with intervals, from finished runs.

python scripts/plot_strategies.py outputs/w300_face_synthetics strategies.svg
"""

import argparse
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landmarks.errors import InputError
from landmarks.results import Result, read_results

# Okabe and Ito's palette, told apart in grey by the markers.
LOOKS = {
    "synthetic_only": ("#999999", "v"),
    "label_adaptation": ("#E69F00", "^"),
    "data_adaptation": ("#CC79A7", "s"),
    "real_only": ("#000000", "o"),
    "mixing": ("#009E73", "D"),
    "finetune": ("#0072B2", "P"),
}


def draw(results: list[Result], path: Path) -> None:
    """One dot and bar a run; strategies side by side within each n_real."""
    budgets = sorted({result.n_real for result in results})
    mpl.rcParams["svg.fonttype"] = "none"
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    ax: Axes = figure.subplots()
    unknown = {result.strategy for result in results} - LOOKS.keys()
    if unknown:
        raise InputError(f"no look for strategy {sorted(unknown)[0]!r}; known: {', '.join(LOOKS)}")
    names = [name for name in LOOKS if any(result.strategy == name for result in results)]
    for place, name in enumerate(names):
        colour, marker = LOOKS[name]
        runs = [result for result in results if result.strategy == name]
        x = [budgets.index(run.n_real) + 0.11 * (place - (len(names) - 1) / 2) for run in runs]
        estimates = [run.metrics["all"]["nme"]["interocular"] for run in runs]
        value, low, high = ([100 * e[key] for e in estimates] for key in ("value", "low", "high"))
        below = [v - v_low for v, v_low in zip(value, low, strict=True)]
        above = [v_high - v for v, v_high in zip(value, high, strict=True)]
        ax.errorbar(
            x, value, [below, above], fmt=marker, color=colour, label=name, capsize=2, markersize=6
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
