"""Invalid arguments: what Hydra and OmegaConf say about them, in one line with what is allowed."""

import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from landmarks.data.formats import suggested_reader

# Where Hydra explains how to add an unknown option, which would hide a typo, and where it looked.
_TAILS = re.compile(r" (To append to your|Config search path:|full_key:).*")


def is_null_choice(error: BaseException) -> bool:
    """Whether a choice is null, as in strategy=null; Hydra raises no error class of its own."""
    return str(error).startswith("Config group override must be a string or a list")


def explained(error: BaseException, groups: Iterable[str]) -> str:
    """What is wrong, and what to do.

    Args:
        error: Raised by Hydra or OmegaConf.
        groups: Names of the choices of the command.
    """
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        group, _, name = error.missing_cfg_file.rpartition("/")
        allowed = ", ".join(error.options)
        return f"{group} is {name!r}; allowed are {allowed}{_close_to(name, error.options)}"
    if is_null_choice(error):
        known = ", ".join(sorted(groups))
        return f"one of the choices ({known}) is null; name an option, or remove the override"
    cause = error.__cause__
    if isinstance(cause, ConfigAttributeError | ConfigKeyError):
        return _unknown(cause, groups)
    if isinstance(error, OverrideParseException):
        return _syntax_error(error.override)
    text = " ".join(str(error).split())
    missing = re.search(r"Missing mandatory value: (\S+)", text)
    if missing is not None:
        return f"{missing[1]} is required: add {missing[1]}=..."
    commas = re.search(r"Ambiguous value for argument '(.*?)=(.*?)' 1\.", text)
    if commas is not None:
        key, values = commas.groups()
        return (
            f"{key}={values} has several values: add -m to sweep, or give a list: {key}=[{values}]"
        )
    return _TAILS.sub("", text)


def _syntax_error(override: str) -> str:
    key, equals, value = override.partition("=")
    if not equals:
        return f"{override!r} is no argument; arguments are option=value"
    quoted = QuotedString(text=value, quote=Quote.double).with_quotes()
    return (
        f"cannot parse {override}; if the value is text, quote it: {shlex.quote(f'{key}={quoted}')}"
    )


def _unknown(error: OmegaConfBaseException, groups: Iterable[str]) -> str:
    """An unknown option, and the known ones in its place."""
    key, parent = str(error.full_key), error.parent_node
    place, _, name = key.rpartition(".")
    known = [str(k) for k in parent if k != "_target_"] if isinstance(parent, DictConfig) else []
    if not place:
        return f"no option {key!r}{_close_to(name, [*known, *groups])} (all options: --cfg job)"
    meant = _reader_for(key, place)
    if not known:
        return f"no option {key!r}; {place} is a value, without options{meant}"
    target = str(parent.get("_target_", "")).rpartition(".")[2]
    owner = f"{place} ({target})" if target else place
    return f"no option {key!r}; {owner} has {', '.join(known)}{meant or _close_to(name, known)}"


def _reader_for(key: str, place: str) -> str:
    """What reads the path that was given for an option that does not exist."""
    given = (argument.partition("=") for argument in sys.argv[1:])
    value = next((value.strip("\"'") for name, _, value in given if name == key), "")
    return suggested_reader(Path(value), place) if value else ""


def _close_to(name: str, allowed: Sequence[str]) -> str:
    close = get_close_matches(name, allowed, n=1)
    return f"; did you mean {close[0]}?" if close else ""
