"""Table 2 in one command: label adaptation beside real only, from nothing or from finished studies.

A sweep, then its table; as words, what `python -m landmarks.train -m` takes:
    python scripts/reproduce_table2.py
    python scripts/reproduce_table2.py experiment=figure4_cpu data.real.root=/data/300w

One table of several finished studies, each with synthetic faces of its own (a study has one set;
`out=` keeps their sweeps apart):
    python scripts/reproduce_table2.py outputs/rendered outputs/dgfaces outputs/face_synthetics
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from figure4_sweep import HELP, sweep_and_report
from landmarks.analysis.findings import Findings
from landmarks.analysis.reporting import named_from_here
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.study import read_study
from landmarks.analysis.training_sets import table2_of
from landmarks.errors import InputError, refused

STRATEGIES = "strategy=synthetic_only,label_adaptation,real_only"


def main(words: Sequence[str]) -> int:
    """Print Table 2; words with "=" are of a sweep, others are folders of finished studies."""
    if HELP.intersection(words):
        print(__doc__)
        return 0
    folders = [Path(word) for word in words if "=" not in word]
    if not folders:
        return sweep_and_report([STRATEGIES, *words], show=("table1", "table2"), say=_say)
    try:
        if len(folders) < len(words):
            raise InputError("give either folders of finished studies or the words of a sweep")
        studies = {named_from_here(folder): read_study(folder) for folder in folders}
        print(table2_of(studies).markdown())
    except InputError as error:
        return refused(error)
    return 0


def _say(findings: Findings) -> Sequence[str]:
    """What else belongs to Table 2: nothing, where test faces are photographs."""
    return (NOT_PHOTOGRAPHS,) if findings.rendered_test else ()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
