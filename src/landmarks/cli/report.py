"""Command line: write the report of the finished runs below a folder.

landmarks report outputs/figure4
landmarks report outputs/figure4 --labelling-cost 0.5     # exchange rates in money too
"""

import argparse

from landmarks.cli.paths import path
from landmarks.errors import InputError, refused


def main(arguments: list[str] | None = None) -> int:
    """Write a report; returns the exit code, 2 for invalid input."""
    parser = argparse.ArgumentParser(
        prog="landmarks report",
        description="Write the report of the finished runs below a folder.",
    )
    parser.add_argument("folder", type=path, help="searched for finished runs, at any depth")
    parser.add_argument(
        "--labelling-cost",
        type=float,
        metavar="PRICE",
        help="price of the label of one face, in any currency",
    )
    parser.add_argument(
        "--photos", action="store_true", help="show test photos, not only rendered test faces"
    )
    given = parser.parse_args(arguments)
    # matplotlib and plotly take seconds to import; --help should not wait for them.
    from landmarks.analysis.report import (
        PAGE,
        REPORT,
        ReportOptions,
        relative_to_here,
        write_report,
    )
    from landmarks.analysis.study import read_study

    try:
        options = ReportOptions(
            folder=relative_to_here(given.folder),
            labelling_cost=given.labelling_cost,
            photos=given.photos,
        )
        findings = write_report(read_study(given.folder), given.folder / REPORT, options)
    except (InputError, OSError) as error:
        return refused(error)
    print(*findings.summary, sep="\n")
    print(f"report: {given.folder / REPORT / PAGE} (with figures/ and tables/ next to it)")
    return 0
