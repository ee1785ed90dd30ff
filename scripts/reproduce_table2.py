"""Reproduce Table 2 with one command: label adaptation next to real only.

Run a sweep and print its table; arguments are those of `landmarks train -m`:
    python scripts/reproduce_table2.py
    python scripts/reproduce_table2.py experiment=figure4_cpu data.real.root=/data/300w

Or print one table for several finished studies, each with its own synthetic faces (a study has one
set of them; `out=` keeps their sweeps apart):
    python scripts/reproduce_table2.py outputs/rendered outputs/dgfaces outputs/face_synthetics
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from figure4_sweep import HELP, sweep_and_report
from landmarks.analysis.findings import Findings
from landmarks.analysis.report import relative_to_here
from landmarks.analysis.result_tables import TABLE2_STRATEGIES, table2_of
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.study import read_study
from landmarks.errors import InputError, refused


def main(arguments: Sequence[str]) -> int:
    """Print Table 2; arguments with "=" are overrides of a sweep, others folders of studies."""
    if HELP.intersection(arguments):
        print(__doc__)
        return 0
    folders = [Path(word) for word in arguments if "=" not in word]
    if not folders:
        strategies = f"strategy={','.join(TABLE2_STRATEGIES)}"
        return sweep_and_report([strategies, *arguments], ("table1", "table2"), _sentences)
    try:
        if len(folders) < len(arguments):
            raise InputError(
                "give either folders of finished studies or overrides of a sweep, not both"
            )
        studies = {relative_to_here(folder): read_study(folder) for folder in folders}
        print(table2_of(studies).markdown())
    except InputError as error:
        return refused(error)
    return 0


def _sentences(findings: Findings) -> Sequence[str]:
    return (NOT_PHOTOGRAPHS,) if findings.rendered_test else ()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
