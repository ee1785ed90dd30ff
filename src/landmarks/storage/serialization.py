"""Settings as plain JSON: what a result stores, what a fingerprint is a hash of.

A record has the shape of the YAML that made the value, `_target_` and fields. Classes and functions
of this package are named without their module, so that modules can move; those of other packages
with it. Only values of this package can be restored.
"""

import hashlib
import importlib
import json
import math
import pkgutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache, partial
from typing import Any

from torch import nn

from landmarks.errors import InputError

# Modules that a restored value may come from.
RESTORABLE = ("landmarks.models", "landmarks.heatmap", "landmarks.losses", "landmarks.geometry")


def record(value: Any, name: str = "a setting") -> Any:  # noqa: ANN401 - of any JSON type
    """`value` in JSON's types.

    Args:
        value: A number, text, None, list, tuple, dict, dataclass, partial or module-level function.
        name: What the value is called, for messages.

    Raises:
        InputError: A number in it is not finite: JSON has none such, and nothing is set to one.
        TypeError: A value of another type, which would make a fingerprint blind.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{name} is {value}; it must be a finite number")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [record(item, name) for item in value]
    if isinstance(value, dict):
        return {str(key): record(item, str(key)) for key, item in value.items()}
    if isinstance(value, partial):
        target = {"_target_": short_name(value.func), "_partial_": True}
        arguments = {"_args_": record(value.args, name)} if value.args else {}
        return {**target, **arguments, **record(value.keywords)}
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        owner = type(value).__name__
        return {
            "_target_": short_name(type(value)),
            **{key: record(item, f"{owner}.{key}") for key, item in members.items()},
        }
    if callable(value) and hasattr(value, "__qualname__"):
        return {"_target_": short_name(value), "_partial_": True}
    raise TypeError(f"{type(value).__name__} cannot be recorded; make it a dataclass")


def short_name(target: Any) -> str:  # noqa: ANN401 - a class or a function
    """The name of a class or function in records: `UNet`, but `torch.nn.modules.conv.Conv2d`."""
    package = __name__.partition(".")[0]
    module = str(target.__module__)
    own = module == package or module.startswith(f"{package}.")
    return str(target.__qualname__ if own else f"{module}.{target.__qualname__}")


def restore(stored: Any) -> Any:  # noqa: ANN401 - the inverse of `record`
    """The value of a record; lists stay lists.

    Raises:
        InputError: The record names anything but a network, codec, loss or crop rule of this
            package, or arguments that it does not have.
    """
    if isinstance(stored, list):
        return [restore(item) for item in stored]
    if not isinstance(stored, dict):
        return stored
    values = {key: restore(item) for key, item in stored.items() if not key.startswith("_")}
    if "_target_" not in stored:
        return values
    name = str(stored["_target_"])
    try:
        target = _restorable()[name]
        return partial(target, **values) if stored.get("_partial_") else target(**values)
    except (KeyError, TypeError) as error:
        reason = "" if isinstance(error, KeyError) else f" ({error})"
        raise InputError(
            f"a stored record names {name!r}, which is no network, codec, loss or crop rule of "
            f"this version of landmarks{reason}; use the version that stored it"
        ) from None


@cache
def _restorable() -> dict[str, Any]:
    """Dataclasses and networks of the modules that a detector depends on, by their short names."""
    found: dict[str, Any] = {}
    for name in RESTORABLE:
        package = importlib.import_module(name)
        inner = pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}.")
        for module in (package, *(importlib.import_module(part.name) for part in inner)):
            for value in vars(module).values():
                own = isinstance(value, type) and value.__module__ == module.__name__
                if own and (is_dataclass(value) or issubclass(value, nn.Module)):
                    found[value.__qualname__] = value
    return found


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()  # a part that a record lacks


def differences(one: Any, other: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401
    """Where two records differ, with both values; `MISSING` for a part that one of them lacks."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            inner = f"{place}.{key}" if place else str(key)
            yield from differences(one.get(key, MISSING), other.get(key, MISSING), inner)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for i, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from differences(first, second, f"{place}[{i}]")
    elif one != other or isinstance(one, bool) is not isinstance(other, bool):
        yield place, one, other


def fingerprint(value: Any) -> str:  # noqa: ANN401 - of anything that can be recorded
    """16 hexadecimal digits that change when any part of `value` changes."""
    text = json.dumps(record(value), sort_keys=True, allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
