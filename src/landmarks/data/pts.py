"""`.pts` files: one face each, beside the image of the same name.

The format of 300-W (Sagonas et al., 2013) and of many people's own annotations: `version: 1`,
`n_points: 68` or another number and, in braces, one line `x y` per landmark. Some copies have
neither header nor braces. MERL-RAV (Kumar et al., 2020) writes (-1, -1) for a landmark without
label.
"""

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import from_pixel_centres, points_of_lines
from landmarks.data.dataset import FaceDataset
from landmarks.data.decoding import IMAGE_SUFFIXES
from landmarks.data.files import (
    FACE_BYTES,
    existing_folder,
    expanded,
    files_below,
    is_file,
    read_text,
)
from landmarks.data.images import ImageFile, ImageOptions
from landmarks.data.labels import LabelRule
from landmarks.data.names import MIRROR_SUFFIX, found_instead, in_order
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme

_UNLABELLED = (-1.0, -1.0)
_COMMENTS = ("#", "//", "%")
_HEADER = re.compile(r"(version|n_points)\s*:(.*)", re.IGNORECASE)


def read_pts_folder(
    root: Path | str,
    *,
    first_pixel: float = 1.0,
    frame: str | None = None,
    landmarks: Sequence[int] | None = None,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read a folder of `name.pts` beside `name.jpg` or another image, and all folders below.

    A mirrored copy (`name_mirror`) is a face of its own in the group of its photo. A landmark at
    (-1, -1) is not labelled.

    Args:
        root: The folder.
        first_pixel: The coordinate that the files give to the centre of the top-left pixel; 1.0
            in the convention of 300-W.
        frame: As of `landmarks.data.labels.LabelRule`.
        landmarks: The points of a file that are each of the scheme's landmarks; None: it has these.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Raises:
        InputError: A file is wrong, or a `.pts` or an image is without its partner.
    """
    rule = LabelRule(first_pixel, frame, landmarks, load_scheme(scheme))
    folder = existing_folder(root, "a folder of name.pts beside name.jpg or name.png")
    options = ImageOptions(str(folder), orientation)
    faces = []
    for pts, image in pts_with_images(files_below(folder)).items():
        name = pts.relative_to(folder).with_suffix("").as_posix()
        points = parse_pts(pts, num_points=rule.num_points)
        unlabelled = (points == _UNLABELLED).all(axis=1)
        faces.append(
            rule.face(
                points,
                str(pts),
                id=name,
                image=ImageFile(image, options),
                group=name.removesuffix(MIRROR_SUFFIX),
                visible=~unlabelled if unlabelled.any() else None,
            )
        )
    if not faces:
        raise InputError(f"{folder}: no .pts file; expected name.pts beside name.jpg or name.png")
    mirrored = sum(face.id.endswith(MIRROR_SUFFIX) for face in faces)
    notes = [f"mirrored copies: {mirrored:,}, grouped with their photos"] if mirrored else []
    return FaceDataset(
        name="pts",
        origin=str(folder),
        namespace=str(folder.resolve()),
        faces=in_order(faces),
        notes=(*notes, *rule.notes),
        frame=frame,
        scheme=rule.scheme,
    )


def parse_pts(
    path: Path | str, *, num_points: int | None = IBUG68.num_landmarks
) -> NDArray[np.float64]:
    """The points of one `.pts` file, in the file's own numbers.

    Args:
        path: The file; header and braces may be missing, and lines may be comments.
        num_points: Points that it must have; None: as many as its header says.

    Returns:
        (n, 2) x and y; 300-W counts the top-left pixel as (1, 1).

    Raises:
        InputError: The file is of another version, is cut short, or has another number of points.
    """
    path = expanded(path)
    lines, header = _points_and_header(path)
    count = len(lines) if num_points is None else num_points
    for key, expected in (("version", 1), ("n_points", count)):
        number, value = header.get(key, (0, str(expected)))
        if _number(value) != expected:
            other = "; for labels of another scheme, name it: scheme" if key == "n_points" else ""
            raise InputError(
                f"{path}, line {number}: '{key}: {value[:40]}'; expected '{key}: {expected}'{other}"
            )
    points = points_of_lines(lines, str(path))
    if len(points) != count:
        raise InputError(f"{path}: {len(points)} landmarks; expected {count}, one line 'x y' each")
    return points


def write_pts(path: Path, landmarks: NDArray[np.float32], *, first_pixel: float = 1.0) -> None:
    """Write one face as `parse_pts` reads it.

    Args:
        path: The file.
        landmarks: (K, 2) source pixels.
        first_pixel: As for `read_pts_folder`.
    """
    points = from_pixel_centres(landmarks, first_pixel)
    lines = [f"{x:.3f} {y:.3f}" for x, y in points]
    text = "\n".join(["version: 1", f"n_points: {len(lines)}", "{", *lines, "}"])
    path.write_text(f"{text}\n")


def _points_and_header(path: Path) -> tuple[list[tuple[int, str]], dict[str, tuple[int, str]]]:
    """The lines `x y` with their numbers, and the number and value of each line of the header."""
    numbered = enumerate(read_text(path, FACE_BYTES).splitlines(), start=1)
    lines = [
        (number, text)
        for number, line in numbered
        if (text := line.strip()) and not text.startswith(_COMMENTS)
    ]
    header: dict[str, tuple[int, str]] = {}
    opened = False
    while lines and not opened and (":" in lines[0][1] or lines[0][1].endswith("{")):
        number, line = lines.pop(0)
        opened = line.endswith("{")
        found = _HEADER.fullmatch(line.removesuffix("{").strip())
        if found:
            header[found[1].lower()] = (number, found[2].strip())
        elif line != "{":
            raise InputError(
                f"{path}, line {number}: {line[:40]!r}; expected 'version: 1' and "
                f"'n_points: {IBUG68.num_landmarks}'"
            )
    if opened and (not lines or lines.pop()[1] != "}"):
        raise InputError(f"{path}: no closing brace, so the file is cut short; restore it")
    return [(number, line.replace(",", " ")) for number, line in lines], header


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def pts_with_images(files: Iterable[Path]) -> dict[Path, Path]:
    """Each `.pts` file of `files` with the image of the same name; other files are ignored.

    Raises:
        InputError: A `.pts` has no image, an image has no `.pts`, or a name has two images.
    """
    annotations: dict[Path, Path] = {}
    images: dict[Path, Path] = {}
    for path in files:
        suffix = path.suffix.lower()
        if suffix == ".pts":
            annotations[path.with_suffix("")] = path
        elif suffix in IMAGE_SUFFIXES:
            twin = images.setdefault(path.with_suffix(""), path)
            if twin != path:
                raise InputError(f"{path}: {twin.name} has the same name; keep one of the two")
    for name, path in images.items():
        if name not in annotations:
            raise InputError(f"{path}: no {name.name}.pts beside it; add it or move the image away")
    for name, path in annotations.items():
        if name not in images:
            raise InputError(
                f"{path}: no image beside it{found_instead(path)}; expected {name.name} with one "
                f"of {', '.join(IMAGE_SUFFIXES)}"
            )
        if not is_file(images[name]):
            raise InputError(f"{images[name]}: not a regular file, or a link to a missing one")
    return {path: images[name] for name, path in annotations.items()}
