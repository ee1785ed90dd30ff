"""Folders of the user's pictures that a recipe names: list and hash their files."""

import hashlib
from pathlib import Path
from typing import Final

from landmarks.data.files import expanded
from landmarks.data.image_hashes import image_contents
from landmarks.data.images import ImageFile
from landmarks.errors import InputError

SUFFIXES: Final = (".png", ".jpg", ".jpeg")


def find_files(folder: str, option: str, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    """List the files of a folder with one of the suffixes, sorted by name.

    Args:
        folder: Searched recursively.
        option: Of the recipe, for messages.
        suffixes: In lower case, with the dot.

    Raises:
        InputError: The folder does not exist, or has no such file.
    """
    path = expanded(folder, f"recipe.{option}")
    if not path.is_dir():
        raise InputError(f"recipe: {option} {folder!r} is no folder")
    found = tuple(sorted(str(p) for p in path.rglob("*") if p.suffix.lower() in suffixes))
    if not found:
        raise InputError(f"recipe: {option} {folder!r} has no {', '.join(suffixes)} file")
    return found


def content_of(folder: str, files: tuple[str, ...]) -> str:
    """A hash of the names of `files` in `folder`, and of their bytes.

    Raises:
        InputError: A file is missing or cannot be read.
    """
    root, digest = expanded(folder), hashlib.blake2b(digest_size=8)
    contents = image_contents([ImageFile(Path(file)) for file in files])
    for file, content in zip(files, contents, strict=True):
        name = Path(file).relative_to(root).as_posix()
        digest.update(f"{name}\0{content}\0".encode())
    return digest.hexdigest()
