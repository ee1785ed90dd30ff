"""Command line: the report of the finished runs below a folder.

landmarks report outputs/figure4
landmarks report outputs/figure4 --labelling-cost 0.5     # N_eff in money too
"""

import argparse
from pathlib import Path

from landmarks.errors import InputError, refused


def main(arguments: list[str] | None = None) -> int:
    """Write the report of the runs below a folder; 2 on bad input."""
    parser = argparse.ArgumentParser(prog="landmarks report", description=_first_line())
    parser.add_argument("folder", type=Path, help="searched for finished runs, at any depth")
    parser.add_argument(
        "--labelling-cost",
        type=float,
        metavar="PRICE",
        help="of the label of one face, in any currency",
    )
    parser.add_argument(
        "--photos", action="store_true", help="show test photos too, not rendered faces alone"
    )
    given = parser.parse_args(arguments)
    # matplotlib and plotly take seconds to import; --help should not wait for them.
    from landmarks.analysis.reporting import (
        PAGE,
        REPORT,
        ReportOptions,
        named_from_here,
        write_report,
    )
    from landmarks.analysis.study import read_study

    try:
        options = ReportOptions(
            folder=named_from_here(given.folder),
            labelling_cost=given.labelling_cost,
            photos=given.photos,
        )
        findings = write_report(read_study(given.folder), given.folder / REPORT, options)
    except (InputError, OSError) as error:
        return refused(error)
    print(*findings.said, sep="\n")
    print(f"report: {given.folder / REPORT / PAGE} (figures/ and tables/ beside it)")
    return 0


def _first_line() -> str:
    return str(__doc__).partition("\n")[0].partition(": ")[2]
