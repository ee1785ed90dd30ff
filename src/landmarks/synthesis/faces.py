"""Rendered faces as a dataset; missing faces are rendered when it is read."""

import logging
from pathlib import Path
from typing import Annotated

from landmarks.data.dataset import FaceDataset
from landmarks.data.files import entries, entry_names, expanded, is_file, is_folder
from landmarks.data.formats import suggested_reader, summary
from landmarks.data.options import Check, check_whole_number
from landmarks.data.rendered import check_labels, read_rendered
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme
from landmarks.storage.locks import lock
from landmarks.storage.serialization import fingerprint
from landmarks.synthesis.pictures import RecipePictures
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.renderer import RayCaster
from landmarks.synthesis.storage.folder import RECORDS, SPEC, covers, load_manifest
from landmarks.synthesis.storage.production import Pictures, check_range, produce
from landmarks.synthesis.storage.scheme_labels import label_folder

log = logging.getLogger(__name__)

_PREVIEW = "preview_*.png"  # of `landmarks synthesize preview=true`


def check_root(root: Path | str, place: str | None = None) -> None:
    """Refuse a folder with other files than renders, such as somebody's photos.

    Args:
        root: Where folders of rendered faces are stored; it need not exist.
        place: The dataset in the configuration, to suggest the reader of what is there.

    Raises:
        InputError: There are such files.
    """
    folder = expanded(root, "root")
    found = entries(folder) if is_folder(folder) else [folder] if is_file(folder) else []
    others = [
        f"{path.name}/" if is_folder(path) else path.name
        for path in found
        if not _is_rendered(path)
    ]
    if others:
        where = f"{place}.root: {folder}" if place else str(folder)
        raise InputError(
            f"{where} contains files that were not rendered ({summary(others)}), but rendered "
            "faces would be written there; choose a new or empty folder"
            f"{suggested_reader(folder, place) if place else ''}"
        )


def _is_rendered(path: Path) -> bool:
    """Whether rendering made this: a folder with a spec, one just begun, or a preview."""
    if not is_folder(path):
        return path.match(_PREVIEW)
    return is_file(path / SPEC) or not set(entry_names(path)) - {RECORDS}


def rendered_faces(
    recipe: Recipe,
    *,
    count: int,
    seed: int = 0,
    size: int = 128,
    start: int = 0,
    renderer: RayCaster | None = None,
    root: Annotated[Path | str, Check(check_root)] = "data/rendered",
    labels: str | None = None,
    workers: int | None = None,
    scheme: LandmarkScheme | str = IBUG68,
) -> FaceDataset:
    """Faces of a recipe; those that are not in `root` yet are rendered.

    Face i is the same for every count and start.

    Args:
        recipe: Distribution of the scenes.
        count: Number of faces.
        seed: Another seed gives other faces.
        size: Pixels of a side of the square pictures.
        start: Index of the first face.
        renderer: None: Warp.
        root: Where folders of rendered faces are stored: one for each combination of recipe, seed,
            size and renderer.
        labels: "surface", "contour" or "annotated"; None: those of the recipe.
        workers: Processes that render; None: one for each core.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file. Every scheme uses the same pictures.

    Raises:
        InputError: An option is out of its range, `root` contains other files, the scheme has a
            landmark without a place on the head, or the disk is full.
    """
    if not isinstance(recipe, Recipe):
        raise InputError(f"recipe is {recipe!r}; choose one of configs/recipe")
    pictures = RecipePictures(recipe=recipe, seed=seed, size=size, renderer=renderer or RayCaster())
    return faces_of(
        pictures,
        count=count,
        start=start,
        root=root,
        labels=labels,
        workers=workers,
        scheme=scheme,
    )


def faces_of(
    pictures: Pictures,
    *,
    count: int,
    start: int = 0,
    root: Path | str = "data/rendered",
    labels: str | None = None,
    workers: int | None = None,
    scheme: LandmarkScheme | str = IBUG68,
) -> FaceDataset:
    """Faces on any pictures; see `rendered_faces`."""
    check_whole_number("count", count, 1)
    check_whole_number("start", start, 0)
    check_range(start, start + count)
    check_labels(labels)
    wanted = load_scheme(scheme)
    if wanted != IBUG68:
        pictures.labelling(wanted)  # refuses a scheme without places, before anything is rendered
    folder = folder_of(pictures, root)
    stop = start + count

    if not covers(load_manifest(folder), start, stop):
        # Several jobs may add to a folder at the same time, but those that need the same faces
        # would all render them.
        marker = folder.with_name(f".{folder.name}.lock")
        with lock(marker, what=f"rendering {folder}"):
            if not covers(load_manifest(folder), start, stop):  # by the job that held the lock
                log.info(
                    "rendering %s faces of the recipe %s at %d pixels into %s, to be reused",
                    f"{count:,}",
                    pictures.settings["name"],
                    pictures.size,
                    folder,
                )
                produce(folder, pictures, start=start, stop=stop, workers=workers)
    if wanted != IBUG68:
        label_folder(folder, pictures, wanted, start=start, stop=stop, workers=workers)
    return read_rendered(folder, first=count, start=start, labels=labels, scheme=wanted)


def folder_of(pictures: Pictures, root: Path | str) -> Path:
    """The folder below `root` for the faces of `pictures`; see `check_root`."""
    check_root(root)
    shown = [pictures.settings, pictures.seed, pictures.size, pictures.renderer_version]
    return expanded(root, "root") / f"{pictures.settings['name']}-{fingerprint(shown)}"
