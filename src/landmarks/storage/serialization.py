"""Values as plain records: what a result stores, what a fingerprint is a hash of.

A record has the shape of the YAML that made the value, `_target_` and fields, so that a person
can read it and paste it back. Only values of this project can be restored from one.
"""

import hashlib
import importlib
import json
import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from torch import nn

from landmarks.errors import InputError

# Modules that only talk, and what is made of finished runs. And the renderer: the faces that it
# made are hashed themselves, so what was trained on them stays valid when it changes.
NO_PART_OF_A_RESULT = frozenset(
    {
        "train.py",
        "__main__.py",
        "cli",
        "analysis",
        "errors.py",
        "synthesis",
    }
)

# Where a restored value may come from.
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
        target = {"_target_": _name(value.func), "_partial_": True}
        arguments = {"_args_": record(value.args, name)} if value.args else {}
        return {**target, **arguments, **record(value.keywords)}
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        owner = type(value).__name__
        return {
            "_target_": _name(type(value)),
            **{key: record(item, f"{owner}.{key}") for key, item in members.items()},
        }
    if callable(value) and hasattr(value, "__qualname__"):
        return {"_target_": _name(value), "_partial_": True}
    raise TypeError(f"{type(value).__name__} cannot be recorded; make it a dataclass")


def _name(target: Any) -> str:  # noqa: ANN401 - a class or a function
    return f"{target.__module__}.{target.__qualname__}"


def restore(stored: Any) -> Any:  # noqa: ANN401 - the inverse of `record`
    """The value of a record; lists stay lists.

    Raises:
        InputError: The record names anything but a value or network of this project.
    """
    if isinstance(stored, list):
        return [restore(item) for item in stored]
    if not isinstance(stored, dict):
        return stored
    values = {key: restore(item) for key, item in stored.items() if not key.startswith("_")}
    if "_target_" not in stored:
        return values
    module_name, _, name = str(stored["_target_"]).rpartition(".")
    if not any(module_name == m or module_name.startswith(f"{m}.") for m in RESTORABLE):
        raise InputError(
            f"a stored record names {stored['_target_']!r}; only models, codecs, losses and crop "
            "rules are restored"
        )
    try:
        target: Any = getattr(importlib.import_module(module_name), name)
        is_network = isinstance(target, type) and issubclass(target, nn.Module)
        is_known = is_dataclass(target) or is_network
        if target.__module__ != module_name or not is_known:
            raise TypeError("it is neither a value nor a network")
        return partial(target, **values) if stored.get("_partial_") else target(**values)
    except (ImportError, AttributeError, TypeError) as error:
        raise InputError(
            f"a stored record names {stored['_target_']!r}, which this version of landmarks "
            f"cannot make ({error}); use the version that stored it"
        ) from None


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


@cache
def code() -> str:
    """A hash of the sources that compute results, so that no change of theirs goes unseen."""
    package = Path(__file__).parents[1]
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package)
        if place.parts[0] not in NO_PART_OF_A_RESULT:
            digest.update(place.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def fingerprint(value: Any) -> str:  # noqa: ANN401 - of anything that can be recorded
    """16 hexadecimal digits that change when any part of `value` changes."""
    text = json.dumps(record(value), sort_keys=True, allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
