"""Validation shared by all parts of a recipe."""

from collections.abc import Iterable, Mapping

from landmarks.errors import InputError


def check_share(name: str, value: object) -> None:
    """Check that `value` is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(f"recipe: {name} is {value!r}; it must be a share from 0 to 1")


def check_strength(name: str, value: object, most: float = 10.0) -> None:
    """Check that `value` is a number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise InputError(f"recipe: {name} is {value!r}; it must be a number from 0 to {most:g}")


def check_range(name: str, value: object, least: float, most: float) -> None:
    """Check that `value` is two numbers from `least` to `most`, the smaller first."""
    pair = tuple(value) if isinstance(value, tuple | list) else ()
    numbers = [v for v in pair if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(pair) != 2 or len(numbers) != 2 or not least <= numbers[0] <= numbers[1] <= most:
        raise InputError(
            f"recipe: {name} is {value!r}; it must be two numbers from {least:g} to {most:g}, "
            "smallest first"
        )


def check_pairs(
    name: str, value: Mapping[str, object], known: Iterable[str], *, least: float, most: float
) -> None:
    """Check that `value` maps each of `known` to two numbers from `least` to `most`."""
    wanted = tuple(known)
    _check_mapping(name, value, wanted)
    if set(value) != set(wanted):
        raise InputError(
            f"recipe: {name} are of {', '.join(value)}; they must be of {', '.join(wanted)}"
        )
    for kind, pair in value.items():
        numbers = pair if isinstance(pair, tuple | list) else ()
        valid = [n for n in numbers if isinstance(n, int | float) and not isinstance(n, bool)]
        if len(numbers) != 2 or len(valid) != 2 or not least <= min(valid) <= max(valid) <= most:
            raise InputError(
                f"recipe: {name}.{kind} is {pair!r}; it must be two numbers from {least:g} to "
                f"{most:g}"
            )


def check_shares(name: str, value: Mapping[str, float], known: Iterable[str]) -> None:
    """Check that `value` maps some of `known` to shares, which need not sum to 1."""
    allowed = tuple(known)
    _check_mapping(name, value, allowed)
    for kind, share in value.items():
        check_strength(f"{name}.{kind}", share)
    if set(value) - set(allowed) or not sum(value.values()) > 0:
        raise InputError(
            f"recipe: {name} are {dict(value)!r}; they must be shares of {', '.join(allowed)}"
        )


def _check_mapping(name: str, value: object, known: Iterable[str]) -> None:
    if not isinstance(value, Mapping):
        raise InputError(f"recipe: {name} is {value!r}; it must give values to {', '.join(known)}")
