"""Files and folders of datasets: each problem with one raises an `InputError` of one line."""

import json
import stat
from collections.abc import Iterator
from io import BufferedReader
from os import listdir
from pathlib import Path
from typing import Any

from landmarks.errors import InputError, file_error

# The largest files that are read, so that a wrong or hostile one cannot fill the memory.
IMAGE_BYTES = 2**28  # 64 million pixels with alpha, uncompressed
DATASET_BYTES = 2**31  # one file with the annotations of a whole dataset
FACE_BYTES = 2**24  # the annotations of one face

MAX_DEPTH = 64  # folders below each other

_HEAD = 4096  # bytes

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def existing_folder(root: Path | str, expected: str) -> Path:
    """`root` as a path with `~` expanded; `expected` says what it should contain."""
    folder = expanded(root, "a folder")
    if not is_folder(folder):
        raise InputError(f"{folder}: no such folder; expected {expected}")
    return folder


def expanded(path: Path | str, name: str = "a path") -> Path:
    """`path` with `~` expanded.

    Empty text is refused: as a path it would be the working directory, which nobody means by it.

    Args:
        path: As the user gave it.
        name: The option, for the message: "out".
    """
    if not isinstance(path, str | Path) or path == "":
        given = "null" if path is None else repr(path)
        raise InputError(
            f"{name} is {given}; it must be a path in text, such as . for the working directory"
            + " or ./null for a folder named null" * (path is None)
        )
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(f"{path}: there is no such home folder; write the path in full") from None


def entries(folder: Path) -> list[Path]:
    """Files and folders in `folder`, sorted by name, without hidden ones ("._a.jpg" of macOS)."""
    return [folder / name for name in entry_names(folder)]


def entry_names(folder: Path) -> list[str]:
    """The names of `entries`; creating a path for each takes long in large folders."""
    try:
        names = sorted(listdir(folder))  # noqa: PTH208 - names, not paths
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({file_error(error)})") from None
    visible = [name for name in names if not name.startswith(".")]
    for name in visible:
        check_name(name, str(folder))
    return visible


def check_name(name: str, where: str) -> None:
    """Refuse a name that no file can have, or that ids and results cannot store.

    Args:
        name: Of a file, a face or a person.
        where: Begins the message.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where}: the name {name!r:.200} is not UTF-8; rename it") from None
    if "\0" in name:
        raise InputError(f"{where}: the name {name!r:.200} contains a null byte; rename it")


def files_below(root: Path) -> Iterator[Path]:
    """All files in `root` and the folders below it, following links to folders.

    Raises:
        InputError: A folder is unreadable, too deep, or reached twice through links, so that its
            files would count twice or without end.
    """
    seen: dict[Path, Path] = {}

    def walk(folder: Path, depth: int) -> Iterator[Path]:
        if depth > MAX_DEPTH:
            raise InputError(f"{root}: more than {MAX_DEPTH} folders deep; move the files up")
        first = seen.setdefault(folder.resolve(), folder)
        if first != folder:
            raise InputError(f"{folder}: a link to {first}, which is read already; remove the link")
        for path in entries(folder):
            if is_folder(path):
                yield from walk(path, depth + 1)
            else:
                yield path

    return walk(root, 0)


def is_file(path: Path) -> bool:
    """Whether `path` is a regular file or a link to one."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Whether `path` is a folder or a link to one."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: Path) -> int:
    """The file type and permissions of `path`; 0 if nothing is there, or no file can be."""
    try:
        return path.stat().st_mode
    except PermissionError as error:
        raise InputError(f"{path}: cannot be read ({file_error(error)})") from None
    except (OSError, ValueError):  # also a name of thousands of letters, or with a null byte
        return 0


def open_file(path: Path, largest: int = DATASET_BYTES) -> BufferedReader:
    """Open a file of a dataset for reading.

    Only regular files: reading a pipe can block for ever, and some devices never end.

    Args:
        path: The file, or a link to it.
        largest: Size from which it is refused, bytes.

    Raises:
        InputError: It is missing, unreadable, too large, or not a regular file.
    """
    try:
        status = path.stat()
        kind = stat.S_IFMT(status.st_mode)
        file = path.open("rb") if kind == stat.S_IFREG and status.st_size <= largest else None
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({file_error(error)})") from None
    except ValueError:
        raise InputError(f"{str(path)!r}: no file can have this name") from None
    if file is not None:
        return file
    if kind != stat.S_IFREG:
        found = _KINDS.get(kind, "not a file")
        raise InputError(f"{path}: {found}; expected a regular file")
    raise InputError(
        f"{path}: {status.st_size / 2**20:,.0f} MiB; files of this kind are read up to "
        f"{largest / 2**20:,.0f} MiB"
    )


def read_text(path: Path, largest: int = DATASET_BYTES) -> str:
    """The text of a UTF-8 file of at most `largest` bytes."""
    try:
        with open_file(path, largest) as file:
            head = file.read(_HEAD)
            if b"\0" in head:  # before gigabytes of zeros are read
                raise InputError(f"{path}: not a text file")
            return (head + file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8") from None
    except MemoryError:
        raise InputError(f"{path}: too large for the memory of this machine") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({file_error(error)})") from None


def read_json(
    path: Path, expected: str = "a JSON object", largest: int = DATASET_BYTES
) -> dict[str, Any]:
    """The object in a JSON file.

    Args:
        path: The file.
        expected: What it should contain, for the message.
        largest: Size from which it is refused, bytes.
    """
    content = parsed_json(path, largest)
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected {expected}, not {type(content).__name__}")
    return content


def read_json_objects(path: Path, expected: str) -> list[dict[str, Any]]:
    """The objects in a JSON file that is a list of them; `expected` is for the message."""
    content = parsed_json(path, DATASET_BYTES)
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise InputError(f"{path}: expected {expected}")
    return content


def parsed_json(path: Path, largest: int = DATASET_BYTES) -> Any:  # noqa: ANN401 - JSON
    """The value in a JSON file; see `read_json`."""
    text = read_text(path, largest)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:  # a number or a nesting too long for Python
        raise InputError(f"{path}: JSON that cannot be read ({error})") from None
