"""Checks of the options that readers share: how many faces, which seed, what size."""

from pathlib import Path

from landmarks.errors import InputError


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
