"""Ids of faces: derived from file names, so that they are the same on every machine."""

from collections import Counter
from collections.abc import Iterable, Sequence
from os import listdir
from pathlib import Path, PurePosixPath, PureWindowsPath

from landmarks.data.dataset import Face
from landmarks.data.files import check_name, existing_folder, is_file
from landmarks.errors import InputError

MIRROR_SUFFIX = "_mirror"  # of a photo's mirrored copy, as dlib names it


def named_image(folder: Path, name: str, where: str) -> tuple[str, Path]:
    """The image that an annotation file names, which must be in `folder` or below.

    Args:
        folder: Where the names start.
        name: As the annotation file has it.
        where: Begins the message if there is no such image.

    Returns:
        Its path relative to `folder` without suffix, for ids; and the path to open.
    """
    relative = path_below(folder, name, where)
    path = folder / relative
    if not is_file(path):
        raise InputError(f"{where}: no image {name!r:.200} in {folder}{found_instead(path)}")
    return relative.with_suffix("").as_posix(), path


def path_below(folder: Path, name: str, where: str) -> PurePosixPath:
    """A file name from an annotation file as a relative path that stays in `folder`.

    Args:
        folder: Where the names start.
        name: As the annotation file has it; backslashes are separators, as on Windows.
        where: Begins the message if the path is absolute or leads out of the folder.
    """
    check_name(name, where)
    relative = PurePosixPath(name.replace("\\", "/"))
    absolute = relative.is_absolute() or PureWindowsPath(name).drive
    if absolute or ".." in relative.parts or not relative.name:
        raise InputError(f"{where}: image {name!r:.200} is not a path below {folder}; make it one")
    return relative


def found_instead(path: Path) -> str:
    """Files beside a missing one with the same name but for suffix or case, for a message."""
    try:
        names = sorted(listdir(path.parent))  # noqa: PTH208 - names, not paths
    except (OSError, ValueError):
        return ""
    stem = path.stem.casefold()
    similar = [name for name in names if Path(name).stem.casefold() == stem and name != path.name]
    return f"; found {', '.join(similar[:3])} there" if similar else ""


def face_ids(names: Sequence[str]) -> list[str]:
    """An id for each face from its image's name: "a", or "a#1", "a#2" where "a" shows several."""
    total, given = Counter(names), Counter[str]()
    ids = []
    for name in names:
        given[name] += 1
        ids.append(name if total[name] == 1 else f"{name}#{given[name]}")
    return ids


def in_order(faces: Iterable[Face]) -> tuple[Face, ...]:
    """The faces sorted by id."""
    return tuple(sorted(faces, key=lambda face: face.id))


def listed_images(
    path: Path, images: Path | str | None, names: Sequence[tuple[str, str]]
) -> list[tuple[str, Path]]:
    """The images that an annotation file names, by paths of this machine or another one.

    Args:
        path: The annotation file.
        images: The folder of the images: each name means the image whose path in this folder is
            the longest end of the name. None: names start from the folder of the annotation file,
            and must stay in it.
        names: Of each image, as in the annotation file; and a text that begins messages about it.

    Returns:
        As of `named_image`.

    Raises:
        InputError: There is no such image, or one image has two names.
    """
    if images is not None:
        return _images_below(existing_folder(images, f"the images of {path.name}"), names)
    for name, where in names:
        relative = PurePosixPath(name.replace("\\", "/"))
        if relative.is_absolute() or PureWindowsPath(name).drive or ".." in relative.parts:
            raise InputError(
                f"{where}: image {name!r} is not a path below {path.parent}; images=FOLDER finds "
                "it by the end of its path"
            )
    return [named_image(path.parent, name, where) for name, where in names]


def _images_below(folder: Path, names: Sequence[tuple[str, str]]) -> list[tuple[str, Path]]:
    found: dict[str, tuple[str, Path]] = {}
    owners: dict[Path, str] = {}
    for name, where in names:
        if name not in found:
            found[name] = _by_longest_end(folder, name, where)
        other = owners.setdefault(found[name][1], name)
        if PurePosixPath(other) != PurePosixPath(name):
            raise InputError(
                f"{where}: images {other!r} and {name!r} are both {found[name][1]}; give a folder "
                "further up as `images`, in which they differ"
            )
    return [found[name] for name, _ in names]


def _by_longest_end(folder: Path, name: str, where: str) -> tuple[str, Path]:
    check_name(name, where)
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    for first in range(len(parts)):
        relative = PurePosixPath(*parts[first:])
        if is_file(folder / relative):
            return relative.with_suffix("").as_posix(), folder / relative
    raise InputError(f"{where}: no image in {folder} has the end of {name!r}")
