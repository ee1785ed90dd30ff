"""What faces are called: the same on every machine, and after the image that shows them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from landmarks.data.dataset import Face
from landmarks.data.files import check_name, is_file
from landmarks.errors import InputError

MIRROR_SUFFIX = "_mirror"  # of a photo's mirrored copy, as dlib names it


def named_image(folder: Path, name: str, where: str) -> tuple[str, Path]:
    """The image that an annotation file names, which must lie below `folder`.

    Args:
        folder: Where the names start.
        name: As the annotation file has it.
        where: Begins the message if there is no such image.

    Returns:
        Its path relative to `folder` without suffix, for ids; and the path to open.
    """
    check_name(name, where)
    relative = PurePosixPath(name.replace("\\", "/"))  # as written on Windows
    if relative.is_absolute() or ".." in relative.parts:
        raise InputError(f"{where}: image {name!r} is not a path below {folder}; make it one")
    if not is_file(folder / relative):
        raise InputError(f"{where}: no image {name!r} in {folder}")
    return relative.with_suffix("").as_posix(), folder / relative


def face_ids(names: Sequence[str]) -> list[str]:
    """An id for each face from its image's name: "a", or "a#1", "a#2" where "a" holds several."""
    held, given = Counter(names), Counter[str]()
    ids = []
    for name in names:
        given[name] += 1
        ids.append(name if held[name] == 1 else f"{name}#{given[name]}")
    return ids


def in_order(faces: Iterable[Face]) -> tuple[Face, ...]:
    """The faces sorted by id."""
    return tuple(sorted(faces, key=lambda face: face.id))
