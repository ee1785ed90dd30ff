"""Command line: score any system's predictions against any labelled faces.

landmarks score theirs.json --truth path/to/300w
landmarks score theirs.json ours.csv --truth labels.json --format coco --out scores
landmarks score predicted --truth my/photos --format pts_folder --set first_pixel=0
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from landmarks.cli.labelled import add_format, read_labelled
from landmarks.cli.paths import path
from landmarks.errors import InputError, refused

if TYPE_CHECKING:
    from landmarks.analysis.scoring.score import Score

SHOWN = 10  # missing faces on the screen; all are in score.json


def main(arguments: list[str] | None = None) -> int:
    """Print the metrics, and write them with --out; the exit codes are explained by --help."""
    given = _parser().parse_args(arguments)
    # Slow imports, which --help does not need.
    from landmarks.analysis.scoring.matching import match
    from landmarks.analysis.scoring.prediction_files import read_predicted
    from landmarks.analysis.scoring.score import Score, draw
    from landmarks.storage.atomic import atomic_folder

    try:
        if len(given.predictions) > 2:
            raise InputError(
                f"{len(given.predictions)} predictions given; score one, or compare two"
            )
        if given.claimed is not None and not 0 < given.claimed < 100:
            raise InputError(f"--claimed is {given.claimed:g}; it must be an NME in per cent")
        truth = read_labelled(given.truth, given.format, given.options, "truth", given.scheme)
        scores = [
            Score(
                name=_name(one, given.predictions),
                truth=truth,
                matched=match(
                    read_predicted(
                        one,
                        first_pixel=given.first_pixel,
                        images=given.images,
                        num_points=truth.scheme.num_landmarks,
                    ),
                    truth,
                ),
                claimed=None if given.claimed is None else given.claimed / 100,
            )
            for one in given.predictions
        ]
        print(truth.describe())
        for score in scores:
            _print(score)
        _compare(scores)
        if given.out is not None:
            with atomic_folder(given.out) as folder:
                for score in scores:
                    own = folder / score.name if len(scores) > 1 else folder
                    own.mkdir(exist_ok=True)
                    score.write(own)
                draw(scores, folder / "ced.png")
            print(f"results are in {given.out}")
    except (InputError, OSError) as error:
        return refused(error)
    return int(any(score.warnings or score.missing for score in scores))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="landmarks score",
        description=str(__doc__).partition("\n")[0].partition(": ")[2],
        epilog="Errors are in per cent, with 95 % intervals over photos. exit code: 0 every face "
        "has a prediction and no check found a mistake; 1 otherwise; 2 invalid input",
    )
    parser.add_argument(
        "predictions",
        type=path,
        nargs="+",
        help="of one system, or of two to compare: a folder of .pts files or of MMPose's JSON "
        "files, CSV, COCO key points, or the JSON of SPIGA or MMPose",
    )
    parser.add_argument("--truth", type=path, required=True, help="the labels: a folder or a file")
    add_format(parser)
    parser.add_argument(
        "--scheme",
        default="ibug68",
        metavar="NAME",
        help="of the landmarks: a name such as wflw98, or the path of a YAML file; default: ibug68",
    )
    parser.add_argument(
        "--first-pixel",
        type=float,
        metavar="NUMBER",
        help="the coordinate that the predictions give to the centre of the top-left pixel; "
        "default: 1 in .pts files, 0 in others",
    )
    parser.add_argument(
        "--images",
        type=path,
        metavar="JSON",
        help="COCO file with the names of images that the predictions have numbers of",
    )
    parser.add_argument(
        "--claimed",
        type=float,
        metavar="PERCENT",
        help="the published NME, to find out which normaliser it was divided by",
    )
    parser.add_argument("--out", type=path, metavar="FOLDER", help="for the results; new or empty")
    return parser


def _name(one: Path, all_of_them: Sequence[Path]) -> str:
    """What a system is called: the name of its file, with its folder if that is not enough."""
    same = sum(other.stem == one.stem for other in all_of_them) > 1
    return f"{one.parent.name}_{one.stem}" if same else one.stem


def _print(score: "Score") -> None:
    faces, missing = len(score.truth), score.missing
    print(f"\n{score.name}: {faces - len(missing):,} of {faces:,} faces have a prediction")
    if missing:
        more = ", ..." if len(missing) > SHOWN else ""
        print(f"  without, and counted as failures: {', '.join(missing[:SHOWN])}{more}")
    if score.matched.surplus:
        print(f"  predictions of no labelled face: {len(score.matched.surplus):,}, not counted")
    names = list(score.tables)
    print("  " + " ".join([f"{'':16}", *(f"{name:>22}" for name in names)]))
    for row in score.tables["all"]:
        cells = []
        for name in names:
            found = score.tables[name].get(row)
            numbers = (
                "{:.2f} [{:.2f} to {:.2f}]".format(
                    *(100 * x for x in (found.value, found.low, found.high))
                )
                if found
                else "-"
            )
            cells.append(f"{numbers:>22}")
        print("  " + " ".join([f"{row:16}", *cells]))
    if score.offset is not None:
        print(f"  offset that is the same for faces of every size, pixels: {score.offset}")
    for warning in score.warnings:
        print(f"warning: {score.name}: {warning}", file=sys.stderr)


def _compare(scores: Sequence["Score"]) -> None:
    from landmarks.analysis.scoring.score import difference

    if len(scores) < 2:
        return
    gap, faces = difference(*scores)
    value, low, high = (100 * x for x in (gap.value, gap.low, gap.high))
    print(
        f"\n{scores[0].name} minus {scores[1].name}, NME {scores[0].normaliser} of the {faces:,} "
        f"faces that both have: {value:+.2f} [{low:+.2f} to {high:+.2f}]"
    )
