"""Print the results below a folder as tables, one per test set and model.

python scripts/compare_runs.py outputs/demo
"""

import argparse
import sys
from pathlib import Path

from landmarks.analysis.tables import Table
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
        f"{value:.2f} [{low:.2f}, {high:.2f}]{' (diverged)' if result.diverged else ''}",
        *regions,
        *rates,
        str(result.ledger["total"]),
        str(result.optimiser_steps),
    )


def setting(result: Result) -> str:
    """Test set and model, which must be the same for runs to be compared."""
    network = dict(result.settings["model"]["network"])
    name = network.pop("_target_").rpartition(".")[2]
    options = " ".join(str(value) for value in network.values() if value is not True)
    note = ": drawn or rendered, no accuracy on photographs" if result.rendered_test else ""
    size = result.settings["model"]["input_size"]
    return f"{name} {options} at {size} px, tested on {result.data['test']['name']}{note}"


def table(title: str, results: list[Result]) -> Table:
    """Runs with the fewest real labels first, then from the worst to the best."""
    ordered = sorted(results, key=lambda r: (r.n_real, -r.nme))
    return Table(
        name="runs",
        title=title,
        header=HEADER,
        rows=tuple(map(row, ordered)),
        note="NME over the inter-ocular distance; intervals over test photos, not over seeds",
    )


def main() -> int:
    """Print the tables of the runs below a folder."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path, help="searched for finished runs, at any depth")
    folder = parser.parse_args().folder
    try:
        results = read_results(folder)
    except InputError as error:
        return refused(error)
    for name in sorted(set(map(setting, results))):
        print(table(name, [r for r in results if setting(r) == name]).markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
