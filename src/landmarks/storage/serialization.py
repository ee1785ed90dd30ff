"""Settings as plain JSON: what a result stores, what a fingerprint is a hash of.

A record has the shape of the YAML that made the value, `_target_` and fields. Classes and functions
of this package are named without their module, so that modules can move; those of other packages
with it.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from landmarks.errors import InputError


def record(value: Any, name: str = "a setting") -> Any:  # noqa: ANN401 - of any JSON type
    """`value` in JSON's types.

    Args:
        value: A number, text, None, list, tuple, dict, dataclass, partial, module-level function or
            albumentations transform.
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
    if hasattr(value, "get_class_fullname"):  # of albumentations, which takes seconds to import
        return _transform(value.to_dict()["transform"], name)
    raise TypeError(f"{type(value).__name__} cannot be recorded; make it a dataclass")


def _transform(stored: dict[str, Any], name: str) -> dict[str, Any]:
    """What albumentations says about a transform, with every argument, as its YAML."""
    inner = [_transform(part, name) for part in stored.get("transforms", [])]
    own = {key: value for key, value in stored.items() if key != "__class_fullname__"}
    target = str(stored["__class_fullname__"])  # "GaussNoise", or a path outside of albumentations
    return {
        "_target_": target if "." in target else f"albumentations.{target}",
        **record(own, name),
        **({"transforms": inner} if inner else {}),
    }


def short_name(target: Any) -> str:  # noqa: ANN401 - a class or a function
    """The name of a class or function in records: `UNet`, but `torch.nn.modules.conv.Conv2d`."""
    package = __name__.partition(".")[0]
    module = str(target.__module__)
    own = module == package or module.startswith(f"{package}.")
    return str(target.__qualname__ if own else f"{module}.{target.__qualname__}")


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
