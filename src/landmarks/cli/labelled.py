"""Labelled faces that a command which argparse reads is given."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from landmarks.errors import InputError

if TYPE_CHECKING:
    from landmarks.data.dataset import FaceDataset

PLACES = ("root", "path", "annotations")  # options of readers that say where the labels are


def add_format(parser: ArgumentParser) -> None:
    """Add the options --format and --set, which say how the labels are read."""
    from landmarks.cli.hydra_command import CONFIGS

    formats = sorted(file.stem for file in (CONFIGS / "faces").glob("*.yaml"))
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


def read_labelled(
    place: Path, format: str | None, options: Sequence[str], argument: str, scheme: str
) -> "FaceDataset":
    """The faces, read as `faces@data.test=FORMAT` of `landmarks evaluate` does.

    Args:
        place: A folder or a file.
        format: A name in configs/faces; None: by what is there.
        options: OPTION=VALUE of that format.
        argument: The argument that named the place, for messages.
        scheme: Of the landmarks: a name, or the path of a YAML file.
    """
    from omegaconf import OmegaConf

    from landmarks.cli.hydra_command import CONFIGS, read_dataset
    from landmarks.data.w300_folders import FOLDERS
    from landmarks.scheme import load_scheme

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
        raise InputError(f"--format {name} makes its faces, so it takes no --{argument}")
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
    options_of_reader = cast(dict[str, Any], OmegaConf.to_container(chosen))
    return read_dataset(options_of_reader, argument, load_scheme(scheme))
