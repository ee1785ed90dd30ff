"""Reader of Microsoft FaceSynthetics (Wood et al., "Fake it till you make it", 2021).

One folder contains, for every face, `{id}.png`, `{id}_ldmks.txt` with 70 rows `x y` (the 68
landmarks of iBUG, then the two pupils) and `{id}_seg.png`, which is not read. The labels are
projections of points of a 3D model: the jaw does not follow the visible outline.
"""

from os.path import splitext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import points_of_lines
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.decoding import IMAGE_SUFFIXES
from landmarks.data.file_cache import FileValue, cached_values
from landmarks.data.files import FACE_BYTES, entry_names, existing_folder, read_text
from landmarks.data.images import ImageFile, ImageOptions
from landmarks.data.labels import LabelRule
from landmarks.data.names import found_instead
from landmarks.data.options import check_enough, check_whole_number
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme

_LANDMARKS_END = "_ldmks.txt"
_SEGMENTATION_END = "_seg"
_LAYOUT = "{id}.png and {id}_ldmks.txt for every face, in this folder itself"


def read_face_synthetics(
    root: Path | str,
    *,
    first: int | None = None,
    sample: int | None = None,
    sample_seed: int = 0,
    first_pixel: float = 0.0,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read faces laid out like Microsoft FaceSynthetics; images may be of any format.

    Each face is its own group: every image shows an identity drawn for it alone.

    Args:
        root: The folder with the images and the landmark files.
        first: Number of faces to take, the first by id.
        sample: Number of faces to draw at random. With the same seed, a smaller sample is part of
            a larger one.
        sample_seed: Seed of that draw.
        first_pixel: The coordinate that the files give to the centre of the top-left pixel. It is
            not documented upstream.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        The faces sorted by id.

    Raises:
        InputError: Files of a selected face are missing or malformed, or there are too few faces.
    """
    rule = LabelRule(first_pixel, scheme=load_scheme(scheme))
    rule.scheme.picked_from(_SCHEME)  # refuses one that cannot be read, before anything else
    _check_options(first, sample, sample_seed)
    folder = existing_folder(root, _LAYOUT)
    options = ImageOptions(str(folder), orientation)
    images, labels = _scan(folder)
    ids = sorted(images.keys() | labels)
    check_enough("first", first, len(ids), folder)
    check_enough("sample", sample, len(ids), folder)
    chosen = ids[:first] if sample is None else _drawn(ids, sample, sample_seed)
    notes = [f"images: {len(ids):,} found; the official archives hold 100, 1,000 or 100,000"]
    if first is not None:
        notes.append(f"faces: the first {first:,} by id")
    if sample is not None:
        notes.append(f"faces: {sample:,} drawn with seed {sample_seed}")
    return FaceDataset(
        name="FaceSynthetics",
        origin=str(folder),
        namespace=str(folder.resolve()),
        faces=_read_faces(folder, chosen, images, labels, rule, options),
        notes=(*notes, *rule.notes),
        rendered=True,
        scheme=rule.scheme,
    )


def _check_options(first: int | None, sample: int | None, sample_seed: int) -> None:
    check_whole_number("first", first, 1, or_null=True)
    check_whole_number("sample", sample, 1, or_null=True)
    if first is not None and sample is not None:
        raise InputError(f"first ({first}) and sample ({sample}) are both given; choose one")
    check_whole_number("sample_seed", sample_seed, 0)


def _scan(folder: Path) -> tuple[dict[str, str], set[str]]:
    """The image of each id that has one, and the ids that have landmarks."""
    images: dict[str, str] = {}
    labels: set[str] = set()
    for name in entry_names(folder):
        stem, suffix = splitext(name)  # noqa: PTH122 - no path for each of 300,000 names
        if name.endswith(_LANDMARKS_END):
            labels.add(name.removesuffix(_LANDMARKS_END))
        elif suffix.lower() not in IMAGE_SUFFIXES or stem.endswith(_SEGMENTATION_END):
            continue
        elif images.setdefault(stem, name) != name:
            raise InputError(
                f"{folder / name}: {images[stem]} has the same name; keep one of the two"
            )
    if not labels:
        raise InputError(f"{folder}: no landmark files; expected {_LAYOUT}")
    return images, labels


def _drawn(ids: list[str], sample: int, seed: int) -> list[str]:
    """A random sample of `ids`, in their order."""
    drawn = np.random.default_rng(seed).permutation(len(ids))[:sample]
    return [ids[i] for i in sorted(drawn)]


def _read_faces(
    folder: Path,
    chosen: list[str],
    images: dict[str, str],
    labels: set[str],
    rule: LabelRule,
    options: ImageOptions,
) -> tuple[Face, ...]:
    for name in chosen:
        if name not in images:
            raise InputError(
                f"{folder / (name + _LANDMARKS_END)}: its image {name}.png is missing"
                f"{found_instead(folder / name)}"
            )
        if name not in labels:
            raise InputError(
                f"{folder / images[name]}: its landmarks {name}{_LANDMARKS_END} are missing"
            )
    landmarks = cached_values(
        folder,
        [name + _LANDMARKS_END for name in chosen],
        FileValue(
            kind="face_synthetics",
            version=f"{LABELS_VERSION}, first pixel {rule.first_pixel!r}, {rule.scheme.identity}",
            shape=(rule.scheme.num_landmarks, 2),
            dtype=np.float32,
            compute=lambda path: _read_landmarks(path, rule),
        ),
        "reading landmarks",
    )
    return tuple(
        Face(
            id=name,
            image=ImageFile(folder / images[name], options),
            landmarks=points,
            group=name,
        )
        for name, points in zip(chosen, landmarks, strict=True)
    )


# Raise it when `_read_landmarks` returns other numbers for the same file, or refuses others.
LABELS_VERSION = 2

_SCHEME, _ROWS = "face_synthetics70", 70


def _read_landmarks(path: Path, rule: LabelRule) -> NDArray[np.float32]:
    """(K, 2) source pixels."""
    points = _read_rows(path)[list(rule.scheme.picked_from(_SCHEME))]
    landmarks, _ = rule.landmarks_of(points, str(path), ImageFile(path))  # the image is not read
    return landmarks


def _read_rows(path: Path) -> NDArray[np.float64]:
    """(70, 2) points in the numbers of the file."""
    lines = read_text(path, FACE_BYTES).rstrip().splitlines()
    points = points_of_lines(enumerate(lines, start=1), str(path))
    if len(points) != _ROWS:
        raise InputError(
            f"{path}: {len(points)} rows; expected {_ROWS} (68 landmarks and two pupils)"
        )
    return points
