"""Open a tensor file that may come from anywhere; each fault of it is one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from safetensors import SafetensorError, safe_open

from landmarks.errors import InputError

LONGEST: Final = 300  # characters of a message about a file: a hostile one may hold any names

_Content = TypeVar("_Content")


def read_tensor_file(path: Path, read: Callable[[Any], _Content]) -> _Content:
    """What `read` makes of an open safetensors file.

    Raises:
        InputError: The file cannot be read, or `read` refuses what it holds.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return read(file)
    except InputError as error:
        raise InputError(f"{path}: {str(error)[:LONGEST]}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except SafetensorError as error:
        raise InputError(f"{path}: not a safetensors file ({str(error)[:LONGEST]})") from None
