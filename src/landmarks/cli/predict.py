"""Command line: a detector's landmarks on photos without labels.

landmarks predict outputs/.../seed_0 photos --boxes boxes.csv --out predicted
landmarks predict detector.safetensors face.jpg --out predicted     # cut to the face
"""

import argparse
from pathlib import Path

from landmarks.errors import InputError, refused


def main(arguments: list[str] | None = None) -> int:
    """Write the landmarks of every face; 2 on bad input."""
    given = _parser().parse_args(arguments)
    # torch takes seconds to import; --help should not wait for it.
    from landmarks.data.photo_list import read_photos
    from landmarks.inference.detector import Detector
    from landmarks.inference.photos import PICTURES, TABLE, predict_photos
    from landmarks.training.device import Machine

    try:
        _check_outside(given.out, given.images)
        found = read_photos(given.images, given.boxes, orientation=given.orientation)
        detector = Detector.load(given.detector)
        for note in found.notes:
            print(note, flush=True)
        predict_photos(detector, found.photos, given.out, Machine())
    except (InputError, OSError) as error:
        return refused(error)
    faces = sum(len(photo.face_names) for photo in found.photos)
    print(
        f"faces: {faces:,}, on {len(found.photos):,} photos; in {given.out}: {TABLE}, a .pts file "
        f"of each face, and {PICTURES}/ to look at"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="landmarks predict",
        description=str(__doc__).partition("\n")[0].partition(": ")[2],
        epilog="Pixels are counted from 0: (0, 0) is the centre of the top-left one. In .pts files "
        "it is (1, 1), as in 300-W.",
    )
    parser.add_argument("detector", type=Path, help="detector.safetensors, or a finished run")
    parser.add_argument("images", type=Path, help="a folder of images, or one image")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="for the results; new or empty"
    )
    parser.add_argument(
        "--boxes",
        type=Path,
        metavar="CSV",
        help="image,x0,y0,x1,y1: a row for each face, its box as in training: tight around the "
        "landmarks, brows to chin, unless the detector was trained with crop=given_box; without "
        "it the whole photo is the box",
    )
    parser.add_argument(
        "--orientation",
        choices=["apply", "ignore"],
        default="apply",
        help="EXIF orientation of photos: apply it as viewers do, or ignore it (as a detector "
        "trained with orientation=ignore)",
    )
    return parser


def _check_outside(out: Path, images: Path) -> None:
    if out.resolve().is_relative_to(images.resolve()):
        raise InputError(
            f"--out {out} lies in {images}, where its pictures would be taken for photos the next "
            "time; name a folder outside"
        )
