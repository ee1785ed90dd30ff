"""Command line: which runs next make the answer sharper.

landmarks plan outputs/figure4 --n-real 50 --width 0.5 --also "experiment=figure4"

Standard output has a line for each run to do next, in the words of `python -m landmarks.train`, and
none when the interval is narrow enough, so that a shell can go on until then
(docs/numbers.md has the loop); standard error explains. The exit code is 1 where no number of
seeds is enough for the width, so that such a loop ends. A run that is to join the study needs
the words that the study was made with: they are given once, and stand on each line.
"""

import argparse
import sys
from pathlib import Path

from landmarks.errors import InputError, refused


def main(arguments: list[str] | None = None) -> int:
    """Print the runs that narrow N_eff next; 1 if no number of seeds is enough, 2 on bad input."""
    parser = argparse.ArgumentParser(
        prog="landmarks plan", description="Which runs next make the answer sharper."
    )
    parser.add_argument("folder", type=Path, help="searched for finished runs, at any depth")
    parser.add_argument("--strategy", default="finetune", help="whose N_eff (default: finetune)")
    parser.add_argument("--n-real", type=int, default=50, help="at which size (default: 50)")
    parser.add_argument(
        "--width",
        type=float,
        default=0.5,
        help="narrow enough: width of the 90 %% interval over N_eff (default: 0.5)",
    )
    parser.add_argument(
        "--also",
        default="",
        metavar="WORDS",
        help='what the study was made with, e.g. "experiment=figure4"; printed on each line',
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
