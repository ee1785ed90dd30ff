"""Figure 4 from nothing, in one command: the sweep on embedded data, then its report.

python scripts/reproduce_figure4.py
python scripts/reproduce_figure4.py experiment=figure4_cpu data.real.root=/data/300w
"""

import sys
from collections.abc import Sequence

from figure4_sweep import HELP, sweep_and_report
from landmarks.analysis.findings import Findings

TABLES = ("figure4", "exchange", "figure4b")


def say(findings: Findings) -> Sequence[str]:
    """The answer and what belongs to it."""
    return findings.said


def main(words: Sequence[str]) -> int:
    """Run what is missing of the sweep; print its tables and its answer."""
    if HELP.intersection(words):
        print(__doc__)
        return 0
    return sweep_and_report(words, show=TABLES, say=say)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
