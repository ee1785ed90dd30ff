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
    from landmarks.analysis.verification import differences

    try:
        found = list(differences(folder))
    except InputError as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    for what in found:
        print(what)
    if found:
        print(f"{len(found)} differences: the report is not what the predictions give")
        return 1
    print(f"verified: every run and every file of the report in {folder} agrees")
    return 0


if __name__ == "__main__":
    sys.exit(main())
