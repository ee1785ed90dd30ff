"""Figure 4 from nothing, in one command: the sweep on embedded data, then its report.

python scripts/reproduce_figure4.py
python scripts/reproduce_figure4.py experiment=figure4_cpu data.real.root=/data/300w
"""

import sys

from figure4_sweep import sweep_and_report

if __name__ == "__main__":
    sys.exit(sweep_and_report(sys.argv[1:], show=("figure4", "exchange", "figure4b")))
