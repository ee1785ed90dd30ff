"""The configuration file of a run checked against its result."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from landmarks.analysis.study import StudyRun
from landmarks.analysis.verification.runs import compare
from landmarks.data.files import read_text
from landmarks.errors import InputError
from landmarks.experiment.results import RESULT, Result
from landmarks.storage.serialization import record, short_name

CONFIG = "config.yaml"
LARGEST = 2**18  # bytes; those of runs have 10 kB, and longer ones take seconds to parse

# What the settings of anything but a run make the comparison stumble on.
_WRONG = (ValueError, KeyError, TypeError, AttributeError, ImportError)

# Modules of strategies and their parts; nothing else that a file names is called.
MAKERS = (
    "landmarks.experiment.strategies",
    "landmarks.training.schedule",
    "landmarks.training.labelling",
    "landmarks.adapters.perceptron",
    "landmarks.adapters.ridge",
)

# Settings of data that do not change the faces: the same files may be in another folder.
PLACES = frozenset({"root", "annotations", "images", "workers"})


def config_differences(run: StudyRun) -> Iterator[str]:
    """Each setting of a run's YAML that differs from its result."""
    path = run.directory / CONFIG
    if not path.exists():
        yield f"{path}: missing"
        return
    try:
        stated = _read_yaml(path)
        strategy = record(_made(stated["strategy"]))
        found = list(setting_differences(stated, strategy, run.result))
    except (yaml.YAMLError, RecursionError, *_WRONG) as error:
        yield f"{path}: not the settings of a run ({' '.join(str(error).split())})"
        return
    yield from (f"{path}: {what}" for what in found)


def _read_yaml(path: Path) -> Any:  # noqa: ANN401 - of any type that a YAML holds
    """The content of a small YAML file without aliases.

    A few aliases of aliases can stand for more values than a machine has memory. Runs store none.
    """
    text = read_text(path, LARGEST)
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
        raise InputError("it has aliases")
    return yaml.safe_load(text)


def setting_differences(
    stated: Mapping[str, Any], strategy: Mapping[str, Any], result: Result
) -> Iterator[str]:
    """Each setting that differs between a YAML and a result; data are not compared.

    Args:
        stated: The complete YAML.
        strategy: Record of the strategy that it defines.
        result: Of a run.
    """
    n_real = stated["n_real"]
    if n_real == "all":
        n_real = result.data["real"]["faces"]
    yield from compare(n_real, result.n_real, "n_real", against=RESULT)
    yield from compare(stated["seed"], result.seed, "seed", against=RESULT)
    yield from compare(strategy, result.settings["strategy"], "strategy", against=RESULT)
    recorded = {
        "model": result.settings["model"],
        "crop": result.crop,
        **{f"augmentation.{domain}": recipe for domain, recipe in result.augmentation.items()},
    }
    for name, value in recorded.items():
        part: Any = stated
        for key in name.split("."):
            part = part[key]
        yield from compare(*_alike(part, value), name, against=RESULT)


def data_differences(stated: Mapping[str, Any], directory: Path, result: Result) -> Iterator[str]:
    """Each choice of data that differs between a YAML and the YAML of a finished run.

    Folders and their contents are not compared: only a run reads them.

    Args:
        stated: The data section of the YAML.
        directory: Of the run.
        result: Of the run.
    """
    try:
        stored = _read_yaml(directory / CONFIG)["data"]
    except (InputError, yaml.YAMLError, RecursionError, KeyError, TypeError):
        return  # a run started from Python stores no YAML
    for role in result.data:
        yield from compare(_choices(stated[role]), _choices(stored[role]), f"data.{role}", CONFIG)


def _choices(faces: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in faces.items() if key not in PLACES}


def _made(stated: Any) -> Any:  # noqa: ANN401 - of any type that a YAML holds
    """Instantiate a strategy from its YAML, like Hydra.

    Raises:
        InputError: It names anything but a strategy, its schedules, labelling and adapters.
    """
    if isinstance(stated, list):
        return [_made(item) for item in stated]
    if not isinstance(stated, dict):
        return stated
    module, _, name = str(stated.get("_target_")).rpartition(".")
    if module not in MAKERS:
        raise InputError(f"it names {stated.get('_target_')!r}; allowed are {', '.join(MAKERS)}")
    values = {key: _made(item) for key, item in stated.items() if key != "_target_"}
    return getattr(importlib.import_module(module), name)(**values)


def _alike(stated: Any, recorded: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """A YAML and a record without differences in form.

    A record contains every default, which a YAML may leave out, and short names of classes. Classes
    of users are not imported, so only their arguments in the YAML are compared.
    """
    if isinstance(stated, list) and isinstance(recorded, list) and len(stated) == len(recorded):
        pairs = [_alike(*pair) for pair in zip(stated, recorded, strict=True)]
        return [one for one, _ in pairs], [other for _, other in pairs]
    if not isinstance(stated, dict) or not isinstance(recorded, dict):
        return stated, recorded
    module = str(stated.get("_target_", "landmarks.")).partition(".")[0]
    if module == "albumentations":
        from landmarks.augmentation.transforms import transform_from  # takes seconds

        return record(transform_from(stated)), recorded
    if module != "landmarks":
        return stated, {key: value for key, value in recorded.items() if key in stated}
    maker = _own(stated.get("_target_"))
    defaults = {} if maker is None else _defaults(maker)
    one, other = dict(stated), dict(recorded)
    for key in recorded:
        if key in stated:
            one[key], other[key] = _alike(stated[key], recorded[key])
        elif key in defaults and defaults[key] == recorded[key]:
            del other[key]
    if maker is not None:
        one["_target_"] = short_name(maker)
    return one, other


def _own(name: object) -> Any:  # noqa: ANN401 - a class or a function
    """The object that a YAML names, if it is part of this package; nothing else is imported."""
    module, _, last = str(name).rpartition(".")
    if not module.startswith("landmarks."):
        return None
    return getattr(importlib.import_module(module), last)


def _defaults(maker: Any) -> dict[str, Any]:  # noqa: ANN401
    """Records of the defaults of its parameters."""
    if not is_dataclass(maker):
        parameters = inspect.signature(maker).parameters.values()
        return {p.name: record(p.default) for p in parameters if p.default is not p.empty}
    given = {field.name: field.default for field in fields(maker)}
    made = {field.name: field.default_factory for field in fields(maker)}
    return {
        **{name: record(value) for name, value in given.items() if value is not MISSING},
        **{name: record(make()) for name, make in made.items() if make is not MISSING},
    }
