"""Command line: render synthetic faces into a folder, or preview some of them.

landmarks synthesize n=10000 size=256 out=data/rendered/mine
landmarks synthesize range=5000:10000 out=...      # the second half, on another machine
landmarks synthesize recipe=stand_in preview=true range=100:200      # start at face 100
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
    from landmarks.synthesis.pictures import RecipePictures

log = logging.getLogger(__name__)

# Options that train on each layout.
NEXT = {
    "face_synthetics": "data=w300_face_synthetics data.synthetic.sample=null",
    "datagen": "data=w300_dgfaces",
}

PREVIEWED = 32


def synthesize(cfg: DictConfig) -> None:
    """Fill the folder `cfg.out`, or draw a preview if `cfg.preview`."""
    from landmarks.data.files import expanded
    from landmarks.synthesis.pictures import RecipePictures

    options = cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True))
    recipe = hydra.utils.instantiate(options["recipe"], _convert_="all")
    renderer = hydra.utils.instantiate(options["renderer"])
    pictures = RecipePictures(
        recipe=recipe,
        seed=options["seed"],
        size=options["size"],
        renderer=renderer,
        dense=options["dense"],
        device=options["device"],
    )
    out = None if options["out"] is None else expanded(options["out"], "out")
    if not isinstance(options["preview"], bool):
        raise InputError(f"preview is {options['preview']!r}; it must be true or false")
    start, stop = asked_range(options["n"], options["range"])
    if options["preview"]:
        _preview(pictures, Path("outputs") if out is None else out.parent, start)
    else:
        _fill(pictures, _folder(pictures, out, options), start, stop, options)


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
    log.info(
        "next: landmarks train %s %s data.real.root=...",
        NEXT[options["layout"]],
        shlex.quote(f"data.synthetic.root={folder}"),
    )


def _folder(pictures: "RecipePictures", out: Path | None, options: dict[str, Any]) -> Path:
    """`out`, or the folder where training looks for these faces."""
    from landmarks.synthesis.faces import folder_of  # imports torch

    if out is not None:
        return out
    for name, usual in (("dense", False), ("layout", "face_synthetics")):
        if options[name] != usual:
            raise InputError(
                f"{name} is {options[name]!r}, but training renders {name}={str(usual).lower()}; "
                "choose another folder with out=..."
            )
    return folder_of(pictures, options["root"])


def _preview(pictures: "RecipePictures", folder: Path, start: int) -> None:
    """Draw a sheet of samples, without and with landmarks; write no dataset."""
    from tqdm import tqdm

    from landmarks.synthesis.contact_sheet import contact_sheet
    from landmarks.synthesis.storage.encoding import png
    from landmarks.synthesis.storage.files import replace_file

    render = pictures.start()
    title = f"rendering {pictures.recipe.name}"
    indices = range(start, start + PREVIEWED)
    shown = [render(index) for index in tqdm(indices, desc=title, unit="face")]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"preview_{pictures.recipe.name}.png"
    replace_file(path, png(contact_sheet(shown, pictures.recipe.labels)))
    log.info("faces %d to %d are in %s", indices[0], indices[-1], path)
    log.info("next: the same command with n=10000 instead of preview=true")


def main() -> None:
    """Run the command with the arguments of this process; ends the process."""
    run_command(synthesize, "synthesize")
