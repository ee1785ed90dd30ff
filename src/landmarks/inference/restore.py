"""Rebuild the network, codec, loss and crop rule of a stored detector from their records.

A record names a class without its module. The name is looked up among the public classes of the
modules that define such classes: a class that is added there needs no registration, modules can
move, and a file can name nothing else. Classes of other packages, which a record names with their
module, are never imported; they must be given.
"""

import inspect
import json
import math
import pkgutil
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from landmarks.storage.serialization import short_name

Classes = Sequence[Callable[..., Any]]


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


def restore_network(stored: object, classes: Classes = ()) -> Callable[..., nn.Module]:
    """What makes the network that a record describes, given `num_landmarks`.

    Args:
        stored: The record.
        classes: Of other packages, that it may name.

    Raises:
        InputError: The record names no network of this version, or arguments that it does not have.
    """
    modules = (
        import_module(found.name)
        for found in pkgutil.iter_modules(models.__path__, f"{models.__name__}.")
    )
    known = _with_member("output_kind", [*_public_classes(modules), *classes])
    network, options = _class_and_options(stored, known)
    try:
        inspect.signature(network).bind(num_landmarks=1, **options)
    except TypeError as error:
        raise InputError(f"{network.__name__}: {error}") from None
    return partial(network, **options)


def restore_codec(stored: object, classes: Classes = ()) -> Codec:
    """The codec that a record describes; see `restore_network`."""
    codec: Codec = _restore_value(stored, heatmap, "decode", classes)
    return codec


def restore_loss(stored: object, classes: Classes = ()) -> Loss[Any]:
    """The loss that a record describes; see `restore_network`."""
    loss: Loss[Any] = _restore_value(stored, losses, "codec_type", classes)
    return loss


def restore_crop(stored: object, classes: Classes = ()) -> CropRule:
    """The crop rule that a record describes; see `restore_network`."""
    crop: CropRule = _restore_value(stored, geometry, "square", classes)
    return crop


def _restore_value(stored: object, module: ModuleType, member: str, classes: Classes) -> Any:  # noqa: ANN401
    """An instance of one of the dataclasses of `module`, or of `classes`, that have `member`."""
    own = filter(is_dataclass, _public_classes([module]))
    target, options = _class_and_options(stored, _with_member(member, [*own, *classes]))
    try:
        return target(**options)
    except (TypeError, ValueError) as error:
        raise InputError(f"{target.__name__}: {error}") from None


def _class_and_options(
    stored: object, known: Mapping[str, Callable[..., Any]]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The class that a record names, one of `known`, and the arguments to call it with."""
    name = stored.get("_target_") if isinstance(stored, dict) else None
    if not isinstance(stored, dict) or not isinstance(name, str):
        raise InputError(f"{reprlib.repr(stored)} is not the record of a class")
    target = known.get(name)
    if target is None and "." in name:
        raise InputError(
            f"{name[:80]!r} is of another package, and a file cannot import anything; if you "
            "trust that package, name the class: landmarks predict --class ..., landmarks evaluate "
            "classes=[...], or Detector.load(..., classes=[...])"
        )
    if target is None:
        raise InputError(
            f"{reprlib.repr(name)} is unknown to this version of landmarks, which knows "
            f"{', '.join(sorted(known))}"
        )
    return target, {key: stored[key] for key in stored if key not in ("_target_", "_partial_")}


def _public_classes(modules: Iterable[ModuleType]) -> Iterator[type]:
    """Classes that `modules` define themselves, without those whose names begin with "_"."""
    for module in modules:
        for name, value in vars(module).items():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and not name.startswith("_"):
                yield value


def _with_member(member: str, classes: Classes) -> dict[str, Callable[..., Any]]:
    """Those of `classes` that have `member`, by their names in records."""
    return {short_name(found): found for found in classes if hasattr(found, member)}
