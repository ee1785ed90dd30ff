"""Rendered faces as a data set that renders what it needs when it is first asked for."""

import logging
from pathlib import Path

from landmarks.data.dataset import FaceDataset
from landmarks.data.files import expanded
from landmarks.data.options import check_whole_number
from landmarks.data.rendered import check_labels, read_rendered
from landmarks.errors import InputError
from landmarks.storage.locks import lock
from landmarks.storage.serialization import fingerprint
from landmarks.synthesis.pictures import RecipePictures
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.renderer import RayCaster, Renderer
from landmarks.synthesis.storage.folder import covers, load_manifest
from landmarks.synthesis.storage.production import Pictures, check_range, produce

log = logging.getLogger(__name__)


def rendered_faces(
    recipe: Recipe,
    *,
    count: int,
    seed: int = 0,
    size: int = 128,
    start: int = 0,
    renderer: Renderer | None = None,
    root: Path | str = "data/rendered",
    labels: str | None = None,
    workers: int | None = None,
) -> FaceDataset:
    """Faces of a recipe, rendered now unless they have been.

    Face i is the same for every count and start.

    Args:
        recipe: How scenes are drawn.
        count: Number of faces.
        seed: Another seed gives other faces.
        size: Pixels of a side of the square pictures.
        start: Index of the first face.
        renderer: Makes the light; None: Warp's rays.
        root: Where folders of rendered faces are kept; recipe, seed, size and renderer have one
            together, which grows.
        labels: "surface", "contour" or "annotated"; None: the recipe's own.
        workers: Processes that render; None: one for each core.

    Raises:
        InputError: An option is out of its range, or the disk is full.
    """
    if not isinstance(recipe, Recipe):
        raise InputError(f"recipe is {recipe!r}; choose one of configs/recipe")
    pictures = RecipePictures(recipe=recipe, seed=seed, size=size, renderer=renderer or RayCaster())
    return faces_of(pictures, count=count, start=start, root=root, labels=labels, workers=workers)


def faces_of(
    pictures: Pictures,
    *,
    count: int,
    start: int = 0,
    root: Path | str = "data/rendered",
    labels: str | None = None,
    workers: int | None = None,
) -> FaceDataset:
    """The same for whatever makes pictures; see `rendered_faces`."""
    check_whole_number("count", count, 1)
    check_whole_number("start", start, 0)
    check_range(start, start + count)
    check_labels(labels)
    folder = folder_of(pictures, root)
    stop = start + count

    if not covers(load_manifest(folder), start, stop):
        # Several jobs may fill a folder at once, but those that ask for the same faces would all
        # render them.
        marker = folder.with_name(f".{folder.name}.lock")
        with lock(marker, what=f"rendering {folder}"):
            if not covers(load_manifest(folder), start, stop):  # by the job that held the lock
                log.info(
                    "rendering %s faces of the recipe %s at %d pixels into %s, kept for later runs",
                    f"{count:,}",
                    pictures.settings["name"],
                    pictures.size,
                    folder,
                )
                produce(folder, pictures, start=start, stop=stop, workers=workers)
    return read_rendered(folder, first=count, start=start, labels=labels)


def folder_of(pictures: Pictures, root: Path | str) -> Path:
    """Where the faces of `pictures` are kept below `root`."""
    shown = [pictures.settings, pictures.seed, pictures.size, pictures.renderer_version]
    return expanded(root, "root") / f"{pictures.settings['name']}-{fingerprint(shown)}"
