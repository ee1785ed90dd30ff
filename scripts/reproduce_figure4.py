"""Reproduce Figure 4 with one command: run the sweep on built-in data and write its report.

python scripts/reproduce_figure4.py
python scripts/reproduce_figure4.py experiment=figure4_cpu data.real.root=/data/300w
"""

import sys
from collections.abc import Sequence

from figure4_sweep import HELP, sweep_and_report

TABLES = ("figure4", "exchange", "figure4b")


def main(overrides: Sequence[str]) -> int:
    """Run the missing runs; print the tables and the summary."""
    if HELP.intersection(overrides):
        print(__doc__)
        return 0
    return sweep_and_report(overrides, TABLES, lambda findings: findings.summary)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
