"""Print the results under a folder as one table.

python scripts/compare_runs.py outputs/demo
"""

import argparse
import sys
from pathlib import Path

from landmarks.errors import InputError, refused
from landmarks.experiment.results import Result, read_results

HEADER = (
    "strategy",
    "n_real",
    "seed",
    "NME % [95 % interval]",
    "jaw",
    "inner 51",
    "FR@8 %",
    "AUC@8 %",
    "real labels",
    "steps",
)


def row(result: Result) -> tuple[str, ...]:
    """The cells of one run."""
    whole = result.metrics["all"]
    nme = whole["nme"]["interocular"]
    value, low, high = (100 * nme[key] for key in ("value", "low", "high"))
    parts = whole["regions"]
    regions = (
        f"{100 * parts[name]['value']:.2f}" if name in parts else "-" for name in ("jaw", "inner51")
    )
    rates = (f"{100 * whole[name]['8']['value']:.1f}" for name in ("failure_rate", "auc"))
    return (
        result.strategy,
        str(result.n_real),
        str(result.seed),
        f"{value:.2f} [{low:.2f}, {high:.2f}]",
        *regions,
        *rates,
        str(result.ledger["total"]),
        str(result.optimiser_steps),
    )


def setting(result: Result) -> str:
    """What must be the same for two runs to be compared: test set and model."""
    network = dict(result.settings["model"]["network"])
    name = network.pop("_target_").rpartition(".")[2]
    options = " ".join(str(value) for value in network.values() if value is not True)
    note = ": drawn or rendered, says nothing of photographs" if result.rendered_test else ""
    size = result.settings["model"]["input_size"]
    return f"{name} {options} at {size} px, tested on {result.data['test']['name']}{note}"


def table(results: list[Result]) -> str:
    """Results as a Markdown table, few real labels first, then from the worst to the best."""
    ordered = sorted(results, key=lambda r: (r.n_real, -r.nme))
    rows = [HEADER, *map(row, ordered)]
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(HEADER))]
    lines = ["| " + " | ".join(map(str.ljust, cells, widths)) + " |" for cells in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def main() -> int:
    """Print the table of the runs below a folder."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path, help="searched for result.json, at any depth")
    folder = parser.parse_args().folder
    try:
        results = read_results(folder)
    except InputError as error:
        return refused(error)
    for name in sorted(set(map(setting, results))):
        print(f"{name}\n\n{table([r for r in results if setting(r) == name])}\n")
    print("NME over the inter-ocular distance; intervals over test photos, not over seeds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
