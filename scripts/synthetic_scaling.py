"""Render more, change the renderer, or label more? Compare runs with several synthetic counts.

landmarks train -m experiment=synthetic_scaling
python scripts/synthetic_scaling.py outputs/synthetic_scaling
"""

import argparse
import sys
from pathlib import Path

from landmarks.analysis.scaling import describe, scaling
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.study import Study, read_study
from landmarks.errors import InputError, refused

PREFIX = "count_"


def read_studies(folder: Path) -> dict[int, Study]:
    """The study in each subfolder `count_<synthetic faces>`."""
    found = {
        int(path.name.removeprefix(PREFIX)): read_study(path)
        for path in sorted(folder.glob(f"{PREFIX}*"))
        if path.name.removeprefix(PREFIX).isdecimal()
    }
    if not found:
        raise InputError(
            f"{folder}: no subfolder {PREFIX}<synthetic faces>; run experiment=synthetic_scaling"
        )
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print a paragraph for each strategy and number of real faces."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path, help=f"contains folders {PREFIX}<synthetic faces>")
    try:
        studies = read_studies(parser.parse_args(arguments).folder)
        found = scaling(studies)
    except InputError as error:
        return refused(error)
    for one in found:
        errors = ", ".join(
            f"{count:,}: {100 * error:.2f}"
            for count, error in zip(one.counts, one.errors, strict=True)
        )
        print(*describe(one), f"  NME % by synthetic faces: {errors}", sep="\n", end="\n\n")
    if any(study.rendered_test for study in studies.values()):
        print(NOT_PHOTOGRAPHS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
