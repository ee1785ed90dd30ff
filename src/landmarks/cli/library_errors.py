"""Errors of other libraries' classes that the YAML names, such as albumentations' transforms."""

import importlib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches

from hydra.errors import InstantiationException
from pydantic import ValidationError

from landmarks.errors import InputError

_UNKNOWN = re.compile(r"Error locating target '(?P<target>[\w.]+)'.*full_key: (?P<key>\S+)", re.S)
_REFUSED = re.compile(r"Error in call to target '(?P<target>[\w.]+)'.*full_key: (?P<key>\S+)", re.S)


@contextmanager
def library_errors() -> Iterator[None]:
    """Turn what a library says about its arguments into an `InputError` of one line.

    Raises:
        InputError: A class named by the YAML does not exist, or does not take its arguments.
    """
    with warnings.catch_warnings():
        # albumentations only warns about unknown arguments; Augmentation refuses them.
        warnings.filterwarnings("ignore", r"Argument\(s\)", UserWarning)
        try:
            yield
        except InstantiationException as error:
            message = _unknown(str(error)) or _refused(error)
            if message is None:
                raise
            raise InputError(message) from None


def _unknown(text: str) -> str | None:
    found = _UNKNOWN.match(text)
    if found is None:
        return None
    owner, _, name = found["target"].rpartition(".")
    close: list[str] = []
    with suppress(ImportError, ValueError):
        close = get_close_matches(name, dir(importlib.import_module(owner)), n=1)
    hint = f"; did you mean {owner}.{close[0]}?" if close else ""
    return f"{_place(found['key'])}: there is no {found['target']}{hint}"


def _refused(error: InstantiationException) -> str | None:
    found, cause = _REFUSED.match(str(error)), error.__cause__
    if found is None or cause is None or found["target"].startswith("landmarks."):
        return None
    what = f"{_place(found['key'])}: {found['target'].rpartition('.')[2]}"
    if not isinstance(cause.__cause__, ValidationError):
        return f"{what}: {str(cause).splitlines()[0]}"
    first = cause.__cause__.errors()[0]
    reason = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:  # of several arguments together
        return f"{what}: {reason}"
    if first["type"] == "missing":
        return f"{what} needs {first['loc'][0]}"
    return f"{what} {first['loc'][0]} is {first['input']!r}: {reason}"


def _place(key: str) -> str:
    """Hydra's name of a place in the YAML, as an override would write it."""
    return re.sub(r"\[(\d+)\]|(?<=transforms)(\d+)", r".\1\2", key)
