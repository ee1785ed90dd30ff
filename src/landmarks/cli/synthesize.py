"""Command line: render synthetic faces into a folder, or preview some of them.

landmarks synthesize n=10000 size=256 out=data/rendered/mine
landmarks synthesize range=5000:10000 out=...      # the second half, on another machine
landmarks synthesize recipe=stand_in preview=true range=100:200      # start at face 100
landmarks synthesize scheme=wflw98 n=10000         # labelled with 98 landmarks as well
"""

import logging
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import hydra
from omegaconf import DictConfig, OmegaConf

from landmarks.cli.hydra_command import run_command
from landmarks.errors import InputError

if TYPE_CHECKING:  # a slow import, which --help and --cfg do not need
    from landmarks.scheme import LandmarkScheme
    from landmarks.synthesis.pictures import RecipePictures

log = logging.getLogger(__name__)

# Options that train on each layout.
NEXT = {
    "face_synthetics": "data=w300_face_synthetics data.synthetic.sample=null",
    "datagen": "data=w300_dgfaces",
}

# The same for another scheme than the 68 landmarks of these layouts.
NEXT_SCHEME = "data=own faces@data.synthetic=rendered_folder"
DEFAULT_SCHEME = "ibug68"

PREVIEWED = 32


def synthesize(cfg: DictConfig) -> None:
    """Fill the folder `cfg.out`, or draw a preview if `cfg.preview`."""
    from landmarks.data.files import expanded
    from landmarks.scheme import IBUG68, load_scheme
    from landmarks.synthesis.pictures import RecipePictures

    options = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True))
    recipe = hydra.utils.instantiate(options["recipe"], _convert_="all")
    renderer = hydra.utils.instantiate(options["renderer"])
    pictures = RecipePictures(
        recipe=recipe,
        seed=options["seed"],
        size=options["size"],
        renderer=renderer,
        write=asked_extras(options["write"]),
        device=options["device"],
    )
    scheme = load_scheme(str(options["scheme"]))
    if scheme != IBUG68:
        pictures.labelling(scheme)  # refuses one without places, before anything is rendered
    out = None if options["out"] is None else expanded(options["out"], "out")
    if not isinstance(options["preview"], bool):
        raise InputError(f"preview is {options['preview']!r}; it must be true or false")
    start, stop = asked_range(options["n"], options["range"])
    if options["preview"]:
        _preview(pictures, scheme, Path("outputs") if out is None else out.parent, start)
    else:
        folder = _folder(pictures, out, options)
        _fill(pictures, folder, start, stop, options)
        if scheme != IBUG68:
            _label(pictures, scheme, folder, start, stop, options)
        _suggest(folder, options)


def asked_extras(names: object) -> tuple[str, ...]:
    """What is written with each picture, each once and in the order of the documentation."""
    from landmarks.synthesis.storage.extras import EXTRAS

    if not isinstance(names, list) or not set(map(str, names)) <= set(EXTRAS):
        raise InputError(f"write is {names!r}; it must be a list of some of {', '.join(EXTRAS)}")
    return tuple(name for name in EXTRAS if name in names)


def asked_range(n: object, text: object) -> tuple[int, int]:
    """First index and last index + 1 of the samples: from `range`, or the first `n`."""
    from landmarks.data.options import check_whole_number
    from landmarks.synthesis.storage.production import check_range

    if text is None:
        check_whole_number("n", cast(int, n), 1)
        start, stop = 0, cast(int, n)
    else:
        found = re.fullmatch(r"(\d+):(\d+)", str(text))
        if found is None or int(found[1]) >= int(found[2]):
            raise InputError(
                f"range is {text!r}; it must be the first index and the last index + 1, as in "
                "5000:10000"
            )
        start, stop = int(found[1]), int(found[2])
    check_range(start, stop)
    return start, stop


def _fill(
    pictures: "RecipePictures", folder: Path, start: int, stop: int, options: dict[str, Any]
) -> None:
    from landmarks.synthesis.storage.production import produce

    manifest = produce(
        folder,
        pictures,
        start=start,
        stop=stop,
        layout=options["layout"],
        workers=options["workers"],
    )
    log.info("%s faces are in %s, their scenes in scene.jsonl.gz", f"{manifest['count']:,}", folder)


def _label(
    pictures: "RecipePictures",
    scheme: "LandmarkScheme",
    folder: Path,
    start: int,
    stop: int,
    options: dict[str, Any],
) -> None:
    from landmarks.data.scheme_labels import labels_file
    from landmarks.synthesis.storage.scheme_labels import label_folder

    label_folder(folder, pictures, scheme, start=start, stop=stop, workers=options["workers"])
    log.info(
        "their %d landmarks of the scheme %s are in %s",
        scheme.num_landmarks,
        scheme.name,
        labels_file(folder, scheme),
    )


def _suggest(folder: Path, options: dict[str, Any]) -> None:
    """Log a command that trains on the faces."""
    chosen = NEXT[options["layout"]]
    if options["scheme"] != DEFAULT_SCHEME:
        chosen = " ".join([shlex.quote(f"scheme={options['scheme']}"), NEXT_SCHEME])
    log.info(
        "next: landmarks train %s %s data.real.root=...",
        chosen,
        shlex.quote(f"data.synthetic.root={folder}"),
    )


def _folder(pictures: "RecipePictures", out: Path | None, options: dict[str, Any]) -> Path:
    """`out`, or the folder where training looks for these faces."""
    from landmarks.synthesis.faces import folder_of  # imports torch

    if out is not None:
        return out
    for name, usual in (("write", []), ("layout", "face_synthetics")):
        if options[name] != usual:
            raise InputError(
                f"{name} is {options[name]!r}, but training renders {name}={usual}; choose another "
                "folder with out=..."
            )
    return folder_of(pictures, options["root"])


def _preview(
    pictures: "RecipePictures", scheme: "LandmarkScheme", folder: Path, start: int
) -> None:
    """Draw a sheet of samples, without and with landmarks; write no dataset."""
    from tqdm import tqdm

    from landmarks.scheme import IBUG68
    from landmarks.synthesis.contact_sheet import contact_sheet
    from landmarks.synthesis.storage.encoding import png
    from landmarks.synthesis.storage.extras import LABEL_SETS
    from landmarks.synthesis.storage.files import replace_file

    render = pictures.start()
    title = f"rendering {pictures.recipe.name}"
    indices = range(start, start + PREVIEWED)
    shown = [render(index) for index in tqdm(indices, desc=title, unit="face")]
    labels: Any = [picture.labels for picture in shown]
    if scheme != IBUG68:
        label = pictures.labelling(scheme).start()
        labels = [label(index) for index in indices]
    marks = [(LABEL_SETS[pictures.recipe.labels](part), part.visible) for part in labels]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"preview_{pictures.recipe.name}.png"
    replace_file(path, png(contact_sheet(shown, marks)))
    log.info("faces %d to %d are in %s", indices[0], indices[-1], path)
    log.info("next: the same command with n=10000 instead of preview=true")


def main() -> None:
    """Run the command with the arguments of this process; ends the process."""
    run_command(synthesize, "synthesize")
