"""Rebuild the network, codec, loss and crop rule of a stored detector from their records.

A record names a class without its module. The name is looked up among the public classes of the
modules that define such classes: a class that is added there needs no registration, modules can
move, and a file can name nothing else.
"""

import inspect
import json
import math
import pkgutil
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from torch import nn

from landmarks import geometry, heatmap, losses, models
from landmarks.errors import InputError
from landmarks.geometry import CropRule
from landmarks.heatmap import Codec
from landmarks.losses import Loss


def parse_json(text: str) -> Any:  # noqa: ANN401 - of any JSON type
    """The value of a JSON text from a file of unknown origin.

    Raises:
        InputError: It is not JSON, is nested too deeply, or has a number that is not finite.
    """
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not valid JSON ({error})") from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is not a finite number")
    return value


def restore_network(stored: object) -> Callable[..., nn.Module]:
    """What makes the network that a record describes, given `num_landmarks`.

    Raises:
        InputError: The record names no network of this version, or arguments that it does not have.
    """
    modules = (
        import_module(found.name)
        for found in pkgutil.iter_modules(models.__path__, f"{models.__name__}.")
    )
    known = {
        name: found
        for name, found in _public_classes(modules).items()
        if issubclass(found, nn.Module) and hasattr(found, "output_kind")
    }
    network, options = _class_and_options(stored, known)
    try:
        inspect.signature(network).bind(num_landmarks=1, **options)
    except TypeError as error:
        raise InputError(f"{network.__name__}: {error}") from None
    return partial(network, **options)


def restore_codec(stored: object) -> Codec:
    """The codec that a record describes; raises `InputError` as `restore_network`."""
    codec: Codec = _restore_value(stored, heatmap, "decode")
    return codec


def restore_loss(stored: object) -> Loss[Any]:
    """The loss that a record describes; raises `InputError` as `restore_network`."""
    loss: Loss[Any] = _restore_value(stored, losses, "codec_type")
    return loss


def restore_crop(stored: object) -> CropRule:
    """The crop rule that a record describes; raises `InputError` as `restore_network`."""
    crop: CropRule = _restore_value(stored, geometry, "square")
    return crop


def _restore_value(stored: object, module: ModuleType, member: str) -> Any:  # noqa: ANN401
    """An instance of one of the dataclasses of `module` that have `member`."""
    known = {
        name: found
        for name, found in _public_classes([module]).items()
        if is_dataclass(found) and hasattr(found, member)
    }
    target, options = _class_and_options(stored, known)
    try:
        return target(**options)
    except (TypeError, ValueError) as error:
        raise InputError(f"{target.__name__}: {error}") from None


def _class_and_options(stored: object, known: Mapping[str, type]) -> tuple[type, dict[str, Any]]:
    """The class that a record names, one of `known`, and the arguments to call it with."""
    name = stored.get("_target_") if isinstance(stored, dict) else None
    if not isinstance(stored, dict) or not isinstance(name, str):
        raise InputError(f"{reprlib.repr(stored)} is not the record of a class")
    target = known.get(name)
    if target is None:
        raise InputError(
            f"{reprlib.repr(name)} is unknown to this version of landmarks, which knows "
            f"{', '.join(sorted(known))}"
        )
    return target, {key: stored[key] for key in stored if key not in ("_target_", "_partial_")}


def _public_classes(modules: Iterable[ModuleType]) -> dict[str, type]:
    """Classes by name that `modules` define themselves, without those that begin with "_"."""
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }
