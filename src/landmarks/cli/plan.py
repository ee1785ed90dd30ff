"""Command line: list the runs that narrow the interval of an exchange rate next.

landmarks plan outputs/figure4 --n-real 50 --width 0.5 --also "experiment=figure4"

Standard output lists one run per line, as arguments of `landmarks train`, and nothing once the
interval is narrow enough, so that a shell can repeat it until then (see docs/numbers.md);
standard error explains. The exit code is 1 if no number of seeds reaches the width, which ends
such a loop. Runs can only join the study with the arguments that it was made with: give these once
with --also, and they are printed on each line.
"""

import argparse
import sys

from landmarks.cli.paths import path
from landmarks.errors import InputError, refused


def main(arguments: list[str] | None = None) -> int:
    """List the next runs; returns 1 if no number of seeds is enough, 2 for invalid input."""
    parser = argparse.ArgumentParser(
        prog="landmarks plan",
        description="List the runs that narrow the interval of an exchange rate next.",
    )
    parser.add_argument("folder", type=path, help="searched for finished runs, at any depth")
    parser.add_argument(
        "--strategy", default="finetune", help="strategy of the N_eff (default: finetune)"
    )
    parser.add_argument("--n-real", type=int, default=50, help="its real faces (default: 50)")
    parser.add_argument(
        "--width",
        type=float,
        default=0.5,
        help="requested width of the 90 %% interval, relative to N_eff (default: 0.5)",
    )
    parser.add_argument(
        "--also",
        default="",
        metavar="ARGUMENTS",
        help='arguments the study was made with, e.g. "experiment=figure4"; printed on each line',
    )
    given = parser.parse_args(arguments)
    from landmarks.analysis.planning import describe, plan
    from landmarks.analysis.study import read_study

    try:
        if not given.width > 0:
            raise InputError(f"width is {given.width:g}; it must be above 0")
        found = plan(read_study(given.folder), given.strategy, given.n_real, given.width)
    except (InputError, OSError) as error:
        return refused(error)
    print(describe(found), file=sys.stderr)
    for (strategy, n_real), seed in found.runs:
        words = (given.also, f"strategy={strategy}", f"n_real={n_real}", f"seed={seed}")
        print(" ".join(word for word in words if word))
    return 1 if found.is_out_of_reach else 0
