"""Ids of faces: derived from file names, so that they are the same on every machine."""

from collections import Counter
from collections.abc import Iterable, Sequence
from os import listdir
from pathlib import Path, PurePosixPath

from landmarks.data.dataset import Face
from landmarks.data.files import check_name, is_file
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
    if relative.is_absolute() or ".." in relative.parts or not relative.name:
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
