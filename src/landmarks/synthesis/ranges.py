"""Checks that the parts of a recipe share."""

from landmarks.errors import InputError


def check_share(name: str, value: object) -> None:
    """Refuse `value` unless it is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(f"recipe: {name} is {value!r}; it must be a share from 0 to 1")


def check_strength(name: str, value: object, most: float = 10.0) -> None:
    """Refuse `value` unless it is a number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise InputError(f"recipe: {name} is {value!r}; it must be a number from 0 to {most:g}")


def check_range(name: str, value: object) -> None:
    """Refuse `value` unless it is two numbers, the smaller first."""
    is_pair = isinstance(value, tuple | list) and len(value) == 2
    if not is_pair or not all(isinstance(v, int | float) for v in value) or value[0] > value[1]:  # type: ignore[index, attr-defined]
        raise InputError(f"recipe: {name} is {value!r}; it must be two numbers, smallest first")
