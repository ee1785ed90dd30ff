"""Checks of the options of readers: before anything is read; and those that readers share."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from landmarks.errors import InputError

WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    type(None): "null",
}


def check_options(reader: Callable[..., Any], options: Mapping[str, Any], place: str) -> None:
    """Refuse what a reader does not know, such as the options of another one, or of another type.

    Args:
        reader: A function with annotated parameters.
        options: What it would be called with. Only plain values are looked at, not their range.
        place: Where they were given, for the message: "data.real".
    """
    known, hints = inspect.signature(reader).parameters, get_type_hints(reader)
    for option, value in options.items():
        if option not in known:
            raise InputError(
                f"{place}.{option} is given, but {reader.__name__} has no {option!r}; it takes "
                f"{', '.join(known)}"
            )
        hint = hints[option]
        kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        is_plain = WORDS.keys() >= set(kinds)
        if not is_plain and value is None and type(None) not in kinds:
            raise InputError(f"{place}.{option} is null; leave that word out, or choose one")
        if is_plain and not _is_one_of(value, kinds):
            given = "null" if value is None else repr(value)
            allowed = " or ".join(WORDS[kind] for kind in kinds)
            raise InputError(f"{place}.{option} is {given}; it must be {allowed}")


def _is_one_of(value: object, kinds: tuple[type, ...]) -> bool:
    """As `isinstance`, but true and false are no numbers, and whole numbers are numbers."""
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, (*kinds, int) if float in kinds else kinds)


def check_whole_number(
    option: str, value: int | None, least: int, *, or_null: bool = False
) -> None:
    """Refuse what is not a whole number from `least`, nor null where that is allowed."""
    if or_null and value is None:
        return
    if type(value) is not int or value < least:
        raise InputError(
            f"{option} is {value!r}; it must be a whole number from {least}"
            f"{', or null' if or_null else ''}"
        )


def check_enough(option: str, wanted: int | None, found: int, root: Path) -> None:
    """Refuse to give more faces than there are; None wants them all."""
    if wanted is not None and wanted > found:
        raise InputError(
            f"{option} is {wanted:,}, but {root} holds {found:,} faces; {option}=null takes all"
        )
