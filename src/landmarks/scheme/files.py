"""Landmark schemes in files: those that come with the package, and those that people write."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from yaml import YAMLError
from yaml.constructor import ConstructorError

from landmarks.errors import InputError
from landmarks.scheme.definition import LandmarkScheme
from landmarks.scheme.mapping import as_mapping, scheme_from

_SHIPPED = resources.files("landmarks.scheme") / "shipped"
_MOST_BYTES = 5_000_000


def shipped_schemes() -> tuple[str, ...]:
    """Names of the schemes that come with the package."""
    names = (Path(file.name) for file in _SHIPPED.iterdir())
    return tuple(sorted(name.stem for name in names if name.suffix == ".yaml"))


def load_scheme(scheme: LandmarkScheme | str) -> LandmarkScheme:
    """A scheme: itself, by the name of one that comes with the package, or by the path of its file.

    Raises:
        InputError: There is no such scheme, or the file is wrong.
    """
    return _loaded(scheme) if isinstance(scheme, str) else scheme


@cache
def _loaded(name: str) -> LandmarkScheme:
    if name in shipped_schemes():
        return scheme_from(_read((_SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"), name))
    path = Path(name).expanduser()
    try:
        if not path.is_file():
            known = ", ".join(shipped_schemes())
            raise InputError(
                f"scheme is {name!r}; expected one of {known}, or the path of a YAML file"
            )
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(
                f"{path}: larger than {_MOST_BYTES:,} bytes; expected a scheme in YAML"
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a path with NUL
        if isinstance(error, InputError):
            raise
        raise InputError(f"scheme {name!r} cannot be read ({error})") from None
    content = _read(text, str(path))
    try:
        return own_scheme(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def own_scheme(content: Mapping[str, Any]) -> LandmarkScheme:
    """A scheme that somebody wrote; its revision tells it from another one of the same name.

    Raises:
        InputError: It has the name of a shipped scheme, or something is wrong in it.
    """
    scheme = scheme_from(content)
    if scheme.name in shipped_schemes():
        raise InputError(
            f"the scheme is named {scheme.name!r}, as one that comes with the package; choose "
            "another name"
        )
    meaning = json.dumps(as_mapping(scheme), sort_keys=True).encode()
    return replace(scheme, revision=hashlib.blake2b(meaning, digest_size=4).hexdigest())


class _Loader(yaml.SafeLoader):
    """Refuses what a scheme has no use for: a key that is there twice, and aliases.

    The former lose lines without a word; the latter let a small file grow without limit.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise ConstructorError(None, None, "aliases (*name) are not read")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ConstructorError(None, None, f"{twice!r:.40} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _read(text: str, where: str) -> dict[str, Any]:
    try:
        content = yaml.load(text, _Loader)
    except (YAMLError, RecursionError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{where}: not a scheme in YAML ({reason:.200})") from None
    if not isinstance(content, dict):
        raise InputError(f"{where}: expected a mapping with name, points and so on")
    return {str(key): value for key, value in content.items()}


def stored_scheme(scheme: LandmarkScheme) -> str:
    """A text that results and detectors carry: the name of a shipped scheme, or all of another."""
    return json.dumps(as_mapping(scheme)) if scheme.revision else scheme.name


def restored_scheme(text: str) -> LandmarkScheme:
    """The scheme that `stored_scheme` wrote; the text may come from a file of unknown origin.

    Raises:
        InputError: It is no such text.
    """
    if text in shipped_schemes():
        return load_scheme(text)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise InputError(
            f"landmarks of scheme {text[:40]!r}; known are {', '.join(shipped_schemes())}"
        )
    return own_scheme(content)
