"""Command line: score any system's predictions against any labelled faces.

landmarks score theirs.json --truth path/to/300w
landmarks score theirs.json ours.csv --truth labels.json --format coco --out scores
landmarks score predicted --truth my/photos --format pts_folder --set first_pixel=0
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landmarks.cli.paths import path
from landmarks.errors import InputError, refused

if TYPE_CHECKING:
    from landmarks.analysis.scoring.score import Score
    from landmarks.data.dataset import FaceDataset

SHOWN = 10  # missing faces on the screen; all are in score.json
PLACES = ("root", "path", "annotations")  # options of readers that say where the labels are


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
        truth = _labels(given.truth, given.format, [f"scheme={given.scheme}", *given.options])
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
    from landmarks.cli.hydra_command import CONFIGS

    formats = sorted(file.stem for file in (CONFIGS / "faces").glob("*.yaml"))
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
    parser.add_argument(
        "--format",
        choices=formats,
        metavar="NAME",
        help=f"of the labels: {', '.join(formats)}; default: w300 for a folder that has its parts "
        "(afw, helen, ...), pts_folder for another folder, csv and coco by the suffix of a file",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="options",
        metavar="OPTION=VALUE",
        help="an option of that format, as in configs/faces; can be repeated",
    )
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


def _labels(place: Path, format: str | None, options: Sequence[str]) -> "FaceDataset":
    """The labelled faces, read as `faces@data.test=FORMAT` of `landmarks evaluate` does."""
    import hydra
    from omegaconf import OmegaConf

    from landmarks.cli.hydra_command import CONFIGS, check_dataset
    from landmarks.data.w300_folders import FOLDERS

    parts = [row.path for row in FOLDERS if (place / row.path).is_dir()]
    by_suffix = {".csv": "csv", ".json": "coco"}.get(place.suffix.lower(), "pts_folder")
    name = format or ("w300" if parts else by_suffix)
    try:
        chosen: Any = OmegaConf.merge(
            OmegaConf.load(CONFIGS / "faces" / f"{name}.yaml"),
            OmegaConf.from_dotlist(list(options)),
        )
    except ValueError as error:
        raise InputError(f"--set: {error}") from None
    known = list(chosen)  # `in` leaves out options without a value
    where = next((key for key in PLACES if key in known), None)
    if where is None:
        raise InputError(f"--format {name} makes its faces, so it takes no --truth")
    chosen[where] = str(place)
    defaults = {"images": str(place.parent)} if name == "coco" else {}
    if name == "w300" and not any(one.startswith(("folders=", "subsets=")) for one in options):
        defaults["folders"] = parts  # type: ignore[assignment]
    for key, value in defaults.items():
        if OmegaConf.is_missing(chosen, key) or chosen[key] is None:
            chosen[key] = value
    missing = sorted(OmegaConf.missing_keys(chosen))
    if missing:
        raise InputError(f"--format {name} needs {missing[0]}: add --set {missing[0]}=...")
    check_dataset(OmegaConf.to_container(chosen), "truth")
    reader = hydra.utils.instantiate(chosen, _convert_="all", _partial_=True)
    faces: FaceDataset = reader()  # not by Hydra, which wraps errors
    return faces


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
