"""Command line: predict landmarks on photos without annotations.

landmarks predict outputs/.../seed_0 photos --boxes boxes.csv --out predicted
landmarks predict detector.safetensors face.jpg --out predicted     # cropped to the face
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from landmarks.cli.classes import named_classes
from landmarks.cli.paths import path
from landmarks.errors import InputError, refused

SHOWN = 20  # skipped faces on the screen; all are in a file


def main(arguments: list[str] | None = None) -> int:
    """Write the landmarks of every face; the exit codes are explained by --help."""
    given = _parser().parse_args(arguments)
    # Slow imports (torch), which --help does not need.
    from landmarks.data.photo_list import read_photos
    from landmarks.inference.detector import Detector
    from landmarks.inference.photos import PICTURES, SKIPPED, TABLE, predict_photos
    from landmarks.models.device import check_device

    try:
        _check_outside(given.out, given.images)
        check_device(given.device)
        found = read_photos(given.images, given.boxes, orientation=given.orientation)
        detector = Detector.load(given.detector, named_classes(given.classes), device=given.device)
        for note in found.notes:
            print(note, flush=True)
        skipped = predict_photos(detector, found.photos, given.out)
    except (InputError, OSError) as error:
        return refused(error)
    print(
        f"results are in {given.out}: {TABLE}, a .pts file for each face, and {PICTURES}/ to look "
        "at"
    )
    if not skipped:
        return 0
    _list(skipped, given.out / SKIPPED)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="landmarks predict",
        description=str(__doc__).partition("\n")[0].partition(": ")[2],
        epilog="Boxes and predictions are in pixels of the photo as viewers show it, upright; "
        "(0, 0) is the centre of the top-left pixel. In .pts files it is (1, 1), as in 300-W. "
        "exit code: 0 all faces were predicted; 1 some were skipped, because their photo is broken "
        "or their box is invalid; 2 invalid input, and nothing was written",
    )
    parser.add_argument("detector", type=path, help="detector.safetensors, or a finished run")
    parser.add_argument("images", type=path, help="a folder of images, or one image")
    parser.add_argument(
        "--out", type=path, required=True, metavar="FOLDER", help="for the results; new or empty"
    )
    parser.add_argument(
        "--boxes",
        type=path,
        metavar="CSV",
        help="image,x0,y0,x1,y1: a row for each face, its box as in training: tight around the "
        "landmarks, brows to chin, unless the detector was trained with crop=given_box; default: "
        "the whole photo",
    )
    parser.add_argument(
        "--orientation",
        choices=("apply", "ignore"),
        default="apply",
        help="of photos with an EXIF orientation: turn them upright, or ignore it if the boxes "
        "count the pixels as stored",
    )
    parser.add_argument(
        "--class",
        action="append",
        default=[],
        dest="classes",
        metavar="NAME",
        help="package.module.Class: the network of the detector, or its loss, if it is of another "
        "package than landmarks; can be repeated",
    )
    parser.add_argument(
        "--device",
        default="auto",
        help="auto (a GPU if there is one), cpu, cuda, cuda:1 (the second GPU) or mps (Apple)",
    )
    return parser


def _check_outside(out: Path, images: Path) -> None:
    if out.resolve().is_relative_to(images.resolve()):
        raise InputError(
            f"--out {out} is inside of {images}, where its pictures would be read as photos the "
            "next time; name a folder outside"
        )


def _list(skipped: Sequence[object], path: Path) -> None:
    for one in skipped[:SHOWN]:
        print(f"skipped: {one}", file=sys.stderr)
    more = f"; {SHOWN} of them are listed above" if len(skipped) > SHOWN else ""
    print(f"{len(skipped):,} faces or photos were skipped, see {path}{more}", file=sys.stderr)
