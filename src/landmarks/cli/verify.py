"""Command line: recompute a report from the stored predictions and compare.

landmarks verify outputs/figure4
"""

import argparse

from landmarks.cli.paths import path
from landmarks.errors import InputError, refused


def main(arguments: list[str] | None = None) -> int:
    """Print what differs; returns the exit code that --help explains."""
    parser = argparse.ArgumentParser(
        prog="landmarks verify",
        description="Recompute every number of a report from the stored predictions and compare.",
        epilog="exit code: 0 no differences; 1 differences; 2 invalid input; 3 no differences, but "
        "files were skipped because another version of matplotlib or plotly drew the report",
    )
    parser.add_argument("folder", type=path, help="folder of a sweep with its report")
    folder = parser.parse_args(arguments).folder
    # matplotlib and plotly take seconds to import; --help should not wait for them.
    from landmarks.analysis.verification.verify import verify

    try:
        found = verify(folder)
    except (InputError, OSError) as error:
        return refused(error)
    for what in (*found.differences, *found.skipped):
        print(what)
    if found.differences:
        print(f"failed: {folder} differs from its predictions in {len(found.differences)} places")
        return 1
    if found.skipped:
        print(
            f"partially verified: no differences in {folder}, but parts were skipped; install the "
            "version that drew the report to compare them"
        )
        return 3
    print(
        f"verified: {folder}, {found.runs} runs (metrics, errors, cumulative curves, ledgers, "
        f"settings, steps) and {found.files} files of the report agree with the stored "
        "predictions; the predictions themselves were not checked"
    )
    return 0
