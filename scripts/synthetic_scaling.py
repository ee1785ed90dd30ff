"""Render more, change the renderer, or label more? From runs with several synthetic counts.

python -m landmarks.train -m experiment=synthetic_scaling
python scripts/synthetic_scaling.py outputs/synthetic_scaling
"""

import argparse
import sys
from pathlib import Path

from landmarks.analysis.scaling import scaling
from landmarks.analysis.scaling_text import lines
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.study import Study, read_study
from landmarks.errors import InputError, refused

PREFIX = "count_"


def read_studies(folder: Path) -> dict[int, Study]:
    """The study in each sub-folder `count_<synthetic faces>`."""
    found = {
        int(path.name.removeprefix(PREFIX)): read_study(path)
        for path in sorted(folder.glob(f"{PREFIX}*"))
        if path.name.removeprefix(PREFIX).isdecimal()
    }
    if not found:
        raise InputError(
            f"{folder}: no folder {PREFIX}<synthetic faces> in it; run experiment=synthetic_scaling"
        )
    return found


def main() -> int:
    """Print some lines for each strategy and number of real faces."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path, help=f"with a folder {PREFIX}<synthetic faces> each")
    try:
        studies = read_studies(parser.parse_args().folder)
        found = scaling(studies)
    except InputError as error:
        return refused(error)
    for one in found:
        errors = ", ".join(
            f"{count:,}: {100 * error:.2f}"
            for count, error in zip(one.counts, one.errors, strict=True)
        )
        print(*lines(one), f"NME % by synthetic faces: {errors}", sep="\n", end="\n\n")
    if any(study.rendered_test for study in studies.values()):
        print(NOT_PHOTOGRAPHS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
