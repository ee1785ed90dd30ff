"""Command line: every number of a report, made again from stored predictions.

landmarks verify outputs/figure4
"""

import argparse
from pathlib import Path

from landmarks.errors import InputError, refused


def main(arguments: list[str] | None = None) -> int:
    """Say what differs; the exit code is explained by --help."""
    parser = argparse.ArgumentParser(
        prog="landmarks verify",
        description="Make every number of a report again from stored predictions.",
        epilog="exit code: 0 everything is the same; 1 something differs; 2 bad input; 3 nothing "
        "differs, but not everything was compared, because another version of matplotlib or plotly "
        "drew the report",
    )
    parser.add_argument("folder", type=Path, help="of a sweep with its report")
    folder = parser.parse_args(arguments).folder
    # matplotlib and plotly take seconds to import; --help should not wait for them.
    from landmarks.analysis.evidence.verification import verify

    try:
        found = verify(folder)
    except (InputError, OSError) as error:
        return refused(error)
    for what in (*found.differences, *found.left):
        print(what)
    if found.differences:
        print(f"{len(found.differences)} differences: {folder} is not what its predictions give")
        return 1
    if found.left:
        print(
            f"not verified as a whole: in {folder} nothing that was compared differs; to compare "
            "the rest, install the version that drew it"
        )
        return 3
    print(
        f"verified: in {folder}, of {found.runs} runs the metrics, errors, cumulative curves, "
        f"ledgers, settings and steps agree, and {found.files} files of the report are what the "
        "stored predictions give; the predictions themselves are taken as they are"
    )
    return 0
