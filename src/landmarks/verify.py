"""Command line: every number of a report, made again from stored predictions.

python -m landmarks.verify outputs/figure4
"""

import argparse
import sys
from pathlib import Path

from landmarks.errors import InputError


def main(arguments: list[str] | None = None) -> int:
    """Say what differs: 0 if nothing does, 1 if something does, 2 on bad input."""
    parser = argparse.ArgumentParser(
        prog="landmarks.verify",
        description="Make every number of a report again from stored predictions.",
    )
    parser.add_argument("folder", type=Path, help="of a sweep with its report")
    folder = parser.parse_args(arguments).folder
    # matplotlib and plotly take seconds to import; --help should not wait for them.
    from landmarks.analysis.verification import verify

    try:
        found = verify(folder)
    except InputError as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    for what in (*found.differences, *found.left):
        print(what)
    if found.differences:
        print(f"{len(found.differences)} differences: {folder} is not what its predictions give")
        return 1
    print(
        f"verified: in {folder}, of {found.runs} runs the metrics, errors, cumulative curves, "
        f"ledgers and steps, and {found.files} files of the report are what the stored predictions "
        "give; the predictions themselves are taken as they are"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
