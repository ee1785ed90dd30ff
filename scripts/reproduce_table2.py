"""Table 2 from nothing, in one command: label adaptation beside real only, then the table.

python scripts/reproduce_table2.py
python scripts/reproduce_table2.py experiment=figure4_cpu data.real.root=/data/300w
"""

import sys

from figure4_sweep import sweep_and_report

STRATEGIES = "strategy=synthetic_only,label_adaptation,real_only"

if __name__ == "__main__":
    sys.exit(sweep_and_report([STRATEGIES, *sys.argv[1:]], show=("table1", "table2")))
