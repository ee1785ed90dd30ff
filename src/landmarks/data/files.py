"""What readers ask of folders and files, each refused with one clear line."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from landmarks.errors import InputError


def existing_folder(root: Path | str, expected: str) -> Path:
    """`root` as a path with `~` expanded; `expected` says what should be there if it is not."""
    folder = expanded(root, "a folder")
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected {expected}")
    return folder


def expanded(path: Path | str, name: str = "a path") -> Path:
    """`path` with `~` expanded.

    Empty text is refused: as a path it would be the working directory, which nobody means by it.

    Args:
        path: As it was given.
        name: What it is, for the message: "out".
    """
    if not isinstance(path, str | Path) or path == "":
        given = "null" if path is None else repr(path)
        raise InputError(
            f"{name} is {given}; it must be a path in text ('.' is the working directory)"
        )
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(f"{path}: there is no such home folder; write the path in full") from None


def entries(folder: Path) -> list[Path]:
    """What lies in `folder`, sorted by name, without hidden files such as macOS's "._name.jpg"."""
    return [folder / name for name in entry_names(folder)]


def entry_names(folder: Path) -> list[str]:
    """The names of `entries`, for folders of so many files that making paths of all takes long."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - no path for each name
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror})") from None
    seen = [name for name in names if not name.startswith(".")]
    for name in seen:
        check_name(name, str(folder))
    return seen


def check_name(name: str, where: str) -> None:
    """Refuse a file name that ids, and so results, could not hold; `where` begins the message."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where}: the file name {name!r} is not UTF-8; rename it") from None


def files_below(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Files in `folder` and in all folders below it, links to folders included."""
    real = folder.resolve()
    if real in above:
        raise InputError(f"{folder}: a link to a folder that holds it, so the search has no end")
    for path in entries(folder):
        if path.is_dir():
            yield from files_below(path, (*above, real))
        else:
            yield path


def is_file(path: Path) -> bool:
    """Whether `path` is a file; False also for a name that no file can have."""
    try:
        return path.is_file()
    except OSError:  # a name of thousands of letters
        return False


def read_text(path: Path) -> str:
    """The text of a UTF-8 file."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def read_json(path: Path, expected: str = "a JSON object") -> dict[str, Any]:
    """The object in a JSON file; `expected` says what it should be if it is something else."""
    text = read_text(path)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:  # a number or a nesting without end
        raise InputError(f"{path}: not JSON that can be read ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected {expected}, not {type(content).__name__}")
    return content
