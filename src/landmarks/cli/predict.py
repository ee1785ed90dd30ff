"""Command line: find faces and their landmarks in photos or a video.

landmarks predict photo.jpg                     # also several files, folders, "patterns/*.jpg"
landmarks predict clip.mp4 --smooth --out found
landmarks predict photos --detector outputs/.../seed_0 --boxes boxes.csv
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from landmarks.cli.classes import add_class_argument, named_classes
from landmarks.cli.paths import path
from landmarks.errors import InputError, refused

if TYPE_CHECKING:
    from landmarks.inference.detector import Detector
    from landmarks.inference.finders.finder import FaceFinder

SHOWN = 20  # skipped photos on the screen; all are in a file
RESULTS = Path("outputs/predict")
FINDERS = ("network", "haar")  # the first one by default


def main(arguments: list[str] | None = None) -> int:
    """Write the landmarks of every face; the exit codes are explained by --help."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if bool(given.photos) == (given.webcam is not None):
        parser.error("name photos or a video, or give --webcam")
    # Slow imports (torch), which --help does not need.
    from landmarks.inference.detector import Detector
    from landmarks.inference.finders.haar import HaarFinder
    from landmarks.inference.finders.network_file import own_finder
    from landmarks.inference.videos import VIDEO_SUFFIXES
    from landmarks.models.device import check_device

    finders: dict[str, Callable[[], FaceFinder]] = {"network": own_finder, "haar": HaarFinder}
    try:
        check_device(given.device)
        detector = Detector.load(given.detector, named_classes(given.classes), device=given.device)
        detector = replace(detector, finder=finders[given.finder]())
        videos = [p for p in given.photos if p.suffix.lower() in VIDEO_SUFFIXES]
        if videos and len(given.photos) > 1:
            raise InputError(f"{videos[0]}: a video is predicted alone; give a command for each")
        if videos or given.webcam is not None:
            return _video(given, detector, videos[0] if videos else given.webcam)
        return _photos(given, detector)
    except (InputError, OSError) as error:
        return refused(error)


def _photos(given: argparse.Namespace, detector: "Detector") -> int:
    from landmarks.data.photo_list import read_photos
    from landmarks.inference.photos import PICTURES, SKIPPED, TABLE, WITHOUT, predict_photos

    if given.smooth:
        raise InputError("--smooth is for videos: photos have no order")
    out = given.out or RESULTS / _name(given.photos)
    for one in given.photos:
        _check_outside(out, one)
    read = read_photos(*given.photos, boxes=given.boxes, orientation=given.orientation)
    for note in read.notes:
        print(note, flush=True)
    found = predict_photos(detector, read.photos, out)
    before = f" ({found.before:,} of them before)" if found.before else ""
    print(
        f"{found.faces:,} faces in {found.photos:,} photos{before}; results are in {out}: {TABLE}, "
        f"a .pts file for each face, and {PICTURES}/ to look at"
    )
    if found.without:
        print(f"no face in {len(found.without):,} photos: {_some(found.without)}; see {WITHOUT}")
    if not found.skipped:
        return 0
    _list(found.skipped, out / SKIPPED)
    return 1


def _video(given: argparse.Namespace, detector: "Detector", source: Path | int) -> int:
    from landmarks.inference.smoothing import OneEuroFilter
    from landmarks.inference.videos import ANNOTATED, TABLE, predict_video

    if given.boxes is not None:
        raise InputError("--boxes is for photos; the faces of a video are found")
    name = source.stem if isinstance(source, Path) else f"webcam_{source}"
    out = given.out or RESULTS / name
    seen = predict_video(detector, source, out, OneEuroFilter() if given.smooth else None)
    print(
        f"{seen.frames:,} frames, {seen.without:,} of them without a face, {seen.tracks:,} tracks; "
        f"results are in {out}: {TABLE} and {ANNOTATED}"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="landmarks predict",
        description=str(__doc__).partition("\n")[0].partition(": ")[2],
        epilog="Boxes and predictions are in pixels of the photo as viewers show it, upright; "
        "(0, 0) is the centre of the top-left pixel. In .pts files it is (1, 1), as in 300-W. The "
        "same command continues where the last one was stopped, and overwrites nothing. "
        "exit code: 0 all photos were predicted; 1 some were skipped, because they are broken or "
        "a box is invalid; 2 invalid input",
    )
    parser.add_argument(
        "photos",
        type=path,
        nargs="*",
        help="photos, folders of photos, patterns of their names, or one video",
    )
    parser.add_argument(
        "--detector",
        type=path,
        metavar="FILE",
        help="detector.safetensors, or a finished run; default: the one of this package",
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="FOLDER",
        help=f"for the results; default: {RESULTS}/ and the name of what is given",
    )
    parser.add_argument(
        "--boxes",
        type=path,
        metavar="CSV",
        help="image,x0,y0,x1,y1: a row for each face, its box as in training: tight around the "
        "landmarks, brows to chin, unless the detector was trained with crop=given_box; default: "
        "the faces are found",
    )
    parser.add_argument(
        "--finder",
        choices=FINDERS,
        default=FINDERS[0],
        help="what finds the faces: the network of this package, or the Haar cascade of OpenCV",
    )
    parser.add_argument(
        "--webcam", type=int, metavar="NUMBER", help="record this camera, from 0, until Ctrl-C"
    )
    parser.add_argument(
        "--smooth", action="store_true", help="smooth the landmarks of a video over time"
    )
    parser.add_argument(
        "--orientation",
        choices=("apply", "ignore"),
        default="apply",
        help="of photos with an EXIF orientation: turn them upright, or ignore it if the boxes "
        "count the pixels as stored",
    )
    add_class_argument(parser)
    parser.add_argument(
        "--device",
        default="auto",
        help="auto (a GPU if there is one), cpu, cuda, cuda:1 (the second GPU) or mps (Apple)",
    )
    return parser


def _name(photos: Sequence[Path]) -> str:
    """The folder of results for these photos: that of the only one, or of the folder they are in.

    Raises:
        InputError: They give no name, as a pattern does.
    """
    name = photos[0].resolve().stem if len(photos) == 1 else photos[0].resolve().parent.name
    if not name or any(character in name for character in "*?["):
        raise InputError(f"{photos[0]} gives no name for the results; name a folder with --out")
    return name


def _check_outside(out: Path, photos: Path) -> None:
    if out.resolve().is_relative_to(photos.resolve()):
        raise InputError(
            f"the results would be in {out}, inside of {photos}, where their pictures would be "
            "read as photos the next time; name a folder outside with --out"
        )


def _list(skipped: Sequence[object], path: Path) -> None:
    for one in skipped[:SHOWN]:
        print(f"skipped: {one}", file=sys.stderr)
    more = f"; {SHOWN} of them are listed above" if len(skipped) > SHOWN else ""
    print(f"{len(skipped):,} photos were skipped, see {path}{more}", file=sys.stderr)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
