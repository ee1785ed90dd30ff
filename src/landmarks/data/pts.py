"""`.pts` files: one face each, beside the image of the same name.

The format of 300-W (Sagonas et al., 2013) and of many people's own annotations: `version: 1`,
`n_points: 68` and, in braces, one line `x y` a landmark. Some copies in circulation have neither
header nor braces.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import (
    check_first_pixel,
    first_pixel_note,
    from_pixel_centres,
    points_of_lines,
    to_pixel_centres,
)
from landmarks.data.dataset import Face, FaceDataset
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
from landmarks.data.names import MIRROR_SUFFIX, found_instead, in_order
from landmarks.errors import InputError


def read_pts_folder(
    root: Path | str, *, first_pixel: float = 1.0, orientation: str = "apply"
) -> FaceDataset:
    """Read a folder of `name.pts` beside `name.jpg` or another image, and all folders below.

    A mirrored copy (`name_mirror`) is a face of its own in the group of its photo.

    Args:
        root: The folder.
        first_pixel: The coordinate that the files give to the centre of the top-left pixel; 1.0
            in the convention of 300-W.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Raises:
        InputError: A file is wrong, or a `.pts` or an image is without its partner.
    """
    check_first_pixel(first_pixel)
    folder = existing_folder(root, "a folder of name.pts beside name.jpg or name.png")
    options = ImageOptions(str(folder), orientation)
    faces = []
    for pts, image in pts_with_images(files_below(folder)).items():
        name = pts.relative_to(folder).with_suffix("").as_posix()
        faces.append(
            Face(
                id=name,
                image=ImageFile(image, options),
                landmarks=to_pixel_centres(parse_pts(pts), first_pixel),
                group=name.removesuffix(MIRROR_SUFFIX),
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
        notes=(*notes, first_pixel_note(first_pixel)),
    )


def parse_pts(path: Path | str, *, num_points: int = 68) -> NDArray[np.float64]:
    """The landmarks of one `.pts` file, in the file's own numbers.

    Args:
        path: The file; header and braces may be missing.
        num_points: Landmarks that it must hold.

    Returns:
        (num_points, 2) x and y; 300-W counts the top-left pixel as (1, 1).

    Raises:
        InputError: The file is of another version, is cut short, or holds other than
            `num_points` pairs of numbers.
    """
    path = expanded(path)
    points = points_of_lines(_landmark_lines(path, num_points), str(path))
    if len(points) != num_points:
        raise InputError(
            f"{path}: {len(points)} landmarks; expected {num_points}, a line 'x y' each"
        )
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


def _landmark_lines(path: Path, num_points: int) -> list[tuple[int, str]]:
    """The lines between header and closing brace, with their numbers; empty ones left out."""
    numbered = enumerate(read_text(path, FACE_BYTES).splitlines(), start=1)
    lines = [(number, line.strip()) for number, line in numbered if line.strip()]
    expected = {"version": "1", "n_points": str(num_points)}
    while lines and ":" in lines[0][1]:
        number, line = lines.pop(0)
        key, value = (text.strip() for text in line.split(":", maxsplit=1))
        if expected.get(key) != value:
            raise InputError(
                f"{path}, line {number}: {line[:40]!r}; expected 'version: 1' "
                f"and 'n_points: {num_points}'"
            )
    if lines and lines[0][1] == "{":
        if lines[-1][1] != "}":
            raise InputError(f"{path}: no closing brace, so the file is cut short; get it anew")
        lines = lines[1:-1]
    return lines


def pts_with_images(files: Iterable[Path]) -> dict[Path, Path]:
    """Each `.pts` file of `files` with the image of the same name; other files are no matter.

    Raises:
        InputError: A `.pts` is without image, an image without `.pts`, or a name has two images.
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
