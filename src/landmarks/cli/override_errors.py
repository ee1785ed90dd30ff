"""Wrong words: what Hydra and OmegaConf say of a command line, in one line with what is allowed."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from hydra.errors import MissingConfigException
from omegaconf import DictConfig
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

# Where Hydra tells how to add what is unknown, which would only hide a typo, and where it looked.
_TAILS = re.compile(r" (To append to your|Config search path:|full_key:).*")


def is_null_choice(error: BaseException) -> bool:
    """Whether Hydra was told strategy=null or the like, for which it has no error of its own."""
    return str(error).startswith("Config group override must be a string or a list")


def one_line(error: BaseException, groups: Iterable[str]) -> str:
    """What is wrong, and what to do.

    Args:
        error: Of Hydra or OmegaConf.
        groups: Names of the choices that the command has.
    """
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        group, _, name = error.missing_cfg_file.rpartition("/")
        allowed = ", ".join(error.options)
        return f"{group} is {name!r}; allowed are {allowed}{_meant(name, error.options)}"
    if is_null_choice(error):
        known = ", ".join(sorted(groups))
        return f"one of the choices ({known}) is null; give it a name, or leave that word out"
    cause = error.__cause__
    if isinstance(cause, ConfigAttributeError | ConfigKeyError):
        return _unknown(cause, groups)
    text = " ".join(str(error).split())
    missing = re.search(r"Missing mandatory value: (\S+)", text)
    if missing is not None:
        return f"{missing[1]} is not given: add {missing[1]}=..."
    return _TAILS.sub("", text)


def _unknown(error: OmegaConfBaseException, groups: Iterable[str]) -> str:
    """An option that is not there, beside those that are."""
    key, parent = str(error.full_key), error.parent_node
    place, _, name = key.rpartition(".")
    known = [str(k) for k in parent if k != "_target_"] if isinstance(parent, DictConfig) else []
    if not place:
        return f"no option {key!r}{_meant(name, [*known, *groups])} (all options: --cfg job)"
    if not known:
        return f"no option {key!r}; {place} is a value without options of its own"
    maker = str(parent.get("_target_", "")).rpartition(".")[2]
    told = f"{place} ({maker})" if maker else place
    return f"no option {key!r}; {told} takes {', '.join(known)}{_meant(name, known)}"


def _meant(name: str, allowed: Sequence[str]) -> str:
    close = get_close_matches(name, allowed, n=1)
    return f"; did you mean {close[0]}?" if close else ""
