"""Try mutations, and print a row of a table for each subject.

python -m tests.fuzz --list
python -m tests.fuzz --mutations 500                        # of every subject
python -m tests.fuzz --mutations 1 --first 123 COCO         # one again, with its traceback
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.campaign import campaign
from tests.fuzz.subjects import SUBJECTS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help="default: all")
    parser.add_argument("--mutations", type=int, default=100, help="of each; default: 100")
    parser.add_argument("--first", type=int, default=0, help="number of the first; default: 0")
    parser.add_argument("--list", action="store_true", help="list the subjects")
    given = parser.parse_args()
    if given.list:
        print(*SUBJECTS, sep="\n")
        return 0
    names = given.subjects or list(SUBJECTS)
    jobs = [(name, given.first + i) for name in names for i in range(given.mutations)]
    with TemporaryDirectory(prefix="fuzz") as folder:
        reports = campaign(jobs, Path(folder))
    print("| subject | mutations | refused | read | failed | seconds |\n|---|---|---|---|---|---|")
    for name, report in reports.items():
        counts = report.tried, report.refused, report.accepted, len(report.failures)
        print(f"| {name} |", " | ".join(f"{n:,}" for n in counts), f"| {report.seconds:.1f} |")
    failures = [failure for report in reports.values() for failure in report.failures]
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
