"""Command line: show a scheme's landmarks on the head, or find their places from labelled photos.

landmarks scheme mine.yaml --from my/photos
landmarks scheme mine.yaml --from labels.json --format coco --out places
landmarks scheme wflw98
"""

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from landmarks.cli.labelled import add_format, read_labelled
from landmarks.cli.paths import path
from landmarks.errors import InputError, refused

if TYPE_CHECKING:
    from landmarks.data.dataset import FaceDataset
    from landmarks.scheme import LandmarkScheme
    from landmarks.synthesis.fitting.placing import Placed

FEWEST = 5  # faces that must be found
FEWEST_LABELS = 3  # of each landmark, or of it and its mirror image together
SHOWN, FAR = 5, 0.12  # labels that are far from their places, inter-ocular distances


def main(arguments: list[str] | None = None) -> int:
    """Print the places, and write the scheme and a picture; exit codes are explained by --help."""
    given = _parser().parse_args(arguments)
    # Slow imports, which --help does not need.
    from landmarks.scheme import load_scheme
    from landmarks.storage.atomic import atomic_folder

    out = given.out or Path(f"{Path(given.scheme).stem}_places")
    try:
        scheme = load_scheme(given.scheme)
        with atomic_folder(out) as folder:
            placed = _placed(scheme, given) if given.labelled else None
            _write(folder, placed.scheme if placed else scheme, placed, Path(given.scheme))
        print(f"results are in {out}")
    except (InputError, OSError) as error:
        return refused(error)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="landmarks scheme",
        description=str(__doc__).partition("\n")[0].partition(": ")[2],
        epilog="The results: places.png with each landmark on three heads; with --from also the "
        "scheme as YAML and places.csv with the spread. exit code: 0 done; 2 invalid input",
    )
    parser.add_argument("scheme", help="a YAML file, or the name of a scheme such as wflw98")
    parser.add_argument(
        "--from",
        type=path,
        dest="labelled",
        metavar="LABELS",
        help=f"at least {FEWEST} photos labelled in this scheme: a folder or a file",
    )
    add_format(parser)
    parser.add_argument(
        "--detector",
        type=path,
        metavar="FILE",
        help="finds the 68 landmarks that the heads are fitted to; default: the bundled one",
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="FOLDER",
        help="for the results, new or empty; default: the scheme's name and _places",
    )
    return parser


def _placed(scheme: "LandmarkScheme", given: argparse.Namespace) -> "Placed":
    """Find the places from the labelled photos, and print them."""
    import numpy as np

    from landmarks.inference.detector import Detector
    from landmarks.inference.labelled_faces import detected_landmarks
    from landmarks.synthesis.fitting.placing import place_landmarks

    faces = read_labelled(given.labelled, given.format, given.options, "from", given.scheme)
    print(faces.describe())
    detector: Detector = Detector.load(given.detector) if given.detector else Detector.load()
    found, detected = detected_landmarks(faces, detector)
    if len(found) < FEWEST:
        raise InputError(
            f"{given.labelled}: the detector found {len(found)} of {len(faces.faces)} labelled "
            f"faces; at least {FEWEST} are needed: label more photos of faces that are not small"
        )
    labels = np.full((len(found), scheme.num_landmarks, 2), np.nan)
    for row, i in zip(labels, found, strict=True):
        face = faces.faces[i]
        row[face.seen] = face.labelled
    _check_labels(scheme, np.isfinite(labels).all(axis=2).sum(axis=0).tolist())
    placed = place_landmarks(scheme, labels, detected)
    _print(placed, faces, found.tolist())
    return placed


def _check_labels(scheme: "LandmarkScheme", counts: list[int]) -> None:
    """Refuse landmarks with few labels."""
    for k, (name, count) in enumerate(zip(scheme.point_names, counts, strict=True)):
        other = scheme.mirror[k]
        pair = count + (counts[other] if other != k else 0)
        if pair < FEWEST_LABELS or count == 0:
            raise InputError(
                f"landmark {k} ({name}) is labelled on {count} of the faces that were found; "
                f"label it on at least {FEWEST_LABELS}"
            )


def _print(placed: "Placed", faces: "FaceDataset", found: list[int]) -> None:
    from landmarks.synthesis.fitting.placing import outliers
    from landmarks.synthesis.fitting.scheme_file import place_texts

    print(f"found in their photos: {len(found):,} of {len(faces.faces):,} faces")
    names, texts = placed.scheme.point_names, place_texts(placed.scheme)
    wide = max(map(len, names))
    print(f"  {'':>4} {'':{wide}} {'faces':>6} {'spread':>8}  place")
    for k, (name, text) in enumerate(zip(names, texts, strict=True)):
        spread = f"{100 * placed.spread[k]:.1f} %"
        print(f"  {k:>4} {name:{wide}} {placed.faces[k]:>6} {spread:>8}  {text}")
    for row, k in outliers(placed.errors, SHOWN, FAR):
        print(
            f"far from its place: {names[k]} of {faces.faces[found[row]].id}, by "
            f"{100 * placed.errors[row, k]:.0f} % of the inter-ocular distance",
            file=sys.stderr,
        )


def _write(folder: Path, scheme: "LandmarkScheme", placed: "Placed | None", source: Path) -> None:
    import cv2
    import yaml

    from landmarks.synthesis.fitting.review import review_picture
    from landmarks.synthesis.fitting.scheme_file import place_texts, scheme_text

    picture = review_picture(scheme)
    cv2.imwrite(str(folder / "places.png"), picture[..., ::-1])
    if placed is None:
        return
    if source.is_file():  # a shipped scheme has none
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
        (folder / f"{scheme.name}.yaml").write_text(scheme_text(content, placed), encoding="utf-8")
    with (folder / "places.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["index", "name", "place", "faces", "spread", "standard_error"])
        rows = zip(scheme.point_names, place_texts(scheme), strict=True)
        for k, (name, text) in enumerate(rows):
            numbers = (placed.spread[k], placed.uncertainty[k])
            writer.writerow([k, name, text, placed.faces[k], *(f"{x:.5f}" for x in numbers)])
