"""Checks of options, before a reader is called; and those that readers share."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from landmarks.errors import InputError

WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    type(None): "null",
}


@dataclass(frozen=True)
class Check:
    """A check of an option that its parameter is annotated with: `Annotated[Path, Check(...)]`.

    Attributes:
        run: Called with the value and the place of the dataset; raises `InputError`.
    """

    run: Callable[[Any, str], None]


def check_options(reader: Callable[..., Any], options: Mapping[str, Any], place: str) -> None:
    """Refuse unknown options of a reader, values of another type, and those its checks refuse.

    Args:
        reader: A function with annotated parameters.
        options: Its arguments. Only values of simple types are checked, not their range.
        place: The dataset in the configuration, for messages: "data.real".
    """
    known = inspect.signature(reader).parameters
    hints = get_type_hints(reader, include_extras=True)
    for option, value in options.items():
        if option not in known:
            raise InputError(
                f"{place}.{option} is given, but {reader.__name__} has no {option!r}; it takes "
                f"{', '.join(known)}"
            )
        hint, *checks = _with_checks(hints[option])
        kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        is_plain = WORDS.keys() >= set(kinds)
        if not is_plain and value is None and type(None) not in kinds:
            raise InputError(f"{place}.{option} is null but required; remove the override")
        if is_plain and not _is_one_of(value, kinds):
            given = "null" if value is None else repr(value)
            allowed = " or ".join(WORDS[kind] for kind in kinds)
            raise InputError(f"{place}.{option} is {given}; it must be {allowed}")
        for check in checks:
            check.run(value, place)


def _with_checks(hint: Any) -> tuple[Any, *tuple[Check, ...]]:  # noqa: ANN401 - any annotation
    if get_origin(hint) is not Annotated:
        return (hint,)
    plain, *extras = get_args(hint)
    return (plain, *(extra for extra in extras if isinstance(extra, Check)))


def _is_one_of(value: object, kinds: tuple[type, ...]) -> bool:
    """As `isinstance`, but bool is not a number, and int is a float."""
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, (*kinds, int) if float in kinds else kinds)


def check_whole_number(
    option: str, value: int | None, least: int, *, or_null: bool = False
) -> None:
    """Refuse anything but a whole number from `least`, or null where that is allowed."""
    if or_null and value is None:
        return
    if type(value) is not int or value < least:
        raise InputError(
            f"{option} is {value!r}; it must be a whole number from {least}"
            f"{', or null' if or_null else ''}"
        )


def check_enough(option: str, wanted: int | None, found: int, root: Path) -> None:
    """Refuse to read more faces than there are; None reads all."""
    if wanted is not None and wanted > found:
        raise InputError(
            f"{option} is {wanted:,}, but {root} holds {found:,} faces; {option}=null takes all"
        )
