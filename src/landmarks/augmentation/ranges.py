"""Strengths of a recipe, checked where it is made."""

from landmarks.errors import InputError


def check_range(owner: object, limits: dict[str, float]) -> None:
    """Refuse fields of `owner` that are no number from 0 to their limit."""
    for name, limit in limits.items():
        value = getattr(owner, name)
        if not isinstance(value, int | float) or not 0 <= value <= limit:
            raise InputError(
                f"augmentation {name} is {value!r}; it must be a number from 0 to {limit:g}"
            )
