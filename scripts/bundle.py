"""Write the weights inside the package: a detector trained on rendered faces only.

Its reliability is fitted on other rendered faces than those it was trained on:

landmarks synthesize n=2500 size=160 seed=1 recipe.skin.textures=FOLDER out=held_out
python scripts/bundle.py RUN held_out
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from landmarks.data.files import read_json
from landmarks.data.rendered import hidden_landmarks, read_rendered
from landmarks.errors import InputError, refused
from landmarks.inference.detector import BUNDLED, Detector
from landmarks.inference.detector_file import write_detector
from landmarks.inference.reliability_fit import fit_reliability

FACES = 2000  # the rest of the folder is for measuring: benchmarks/reliability.py
BOX_NOISE = 0.05  # of the boxes, as a share of their side


def check_without_photos(run: Path) -> None:
    """Refuse a run that saw real photos, labelled or not: their licences would apply."""
    ledger = read_json(run / "ledger.json")
    labels, photos = ledger.get("total"), ledger.get("unlabelled")
    if labels != 0 or photos != 0:
        raise InputError(
            f"{run}: trained with {labels} real labels and {photos} photos without labels; the "
            "bundled detector is trained on rendered faces alone: landmarks train "
            "experiment=bundled"
        )


def main(arguments: list[str] | None = None) -> int:
    """Fit the reliability, and write the file."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("run", type=Path, help="finished run of experiment=bundled")
    parser.add_argument("held_out", type=Path, help="folder of other rendered faces")
    parser.add_argument("--out", type=Path, default=BUNDLED)
    given = parser.parse_args(arguments)
    try:
        check_without_photos(given.run)
        detector = Detector.load(given.run)
        reliability = fit_reliability(
            detector.network,
            detector.architecture,
            detector.crop,
            read_rendered(given.held_out, first=FACES),
            hidden_landmarks(given.held_out, first=FACES),
            box_noise=BOX_NOISE,
        )
        given.out.parent.mkdir(parents=True, exist_ok=True)
        write_detector(given.out, replace(detector, reliability=reliability))
    except (InputError, OSError) as error:
        return refused(error)
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
