"""Quote values on the command line that Hydra's grammar rejects, or takes for a number or a list.

Without it, `data.test.root=~/photos`, `=fotos_josé` and `="my photos (2)"` are syntax errors, and
`=2024_01_31` is the number 20240131.
"""

import re
from collections.abc import Callable, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

# Options that are paths, by the last part of their name: their values are always text.
PATHS = frozenset(
    {"annotations", "artifacts", "dir", "images", "out", "path", "root", "run", "runs"}
)

_FUNCTION = re.compile(r"(bool|choice|float|glob|int|range|shuffle|sort|str|tag)\(.*\)", re.S)
# The text between the delimiters of lists and dictionaries.
_ITEM = re.compile(r"""[^\[\]{},:'"]+""")


def quoted(arguments: Sequence[str]) -> list[str]:
    """The arguments of a Hydra command, with quotes around the values that need them.

    Lists, dictionaries, sweeps (commas, with `-m`), interpolations and quoted values keep their
    meaning.
    """
    sweeps = any(word == "-m" or word.startswith("--mu") for word in arguments)
    return [_quoted(argument, sweeps=sweeps) for argument in arguments]


def _quoted(argument: str, *, sweeps: bool) -> str:
    key, equals, value = argument.partition("=")
    if not equals or argument.startswith("-"):
        return argument
    if key.lstrip("+").rpartition(".")[2] in PATHS:
        return f"{key}={_path(value, sweeps=sweeps)}"
    return f"{key}={_anything(value, sweeps=sweeps)}"


_INVALID = object()
_PARSER = OverridesParser.create()


def _parsed(value: str) -> object:
    """What Hydra reads in a value; `_INVALID` for a syntax error."""
    try:
        return _PARSER.parse_override(f"key={value}").value()
    except HydraException:
        return _INVALID


def _path(value: str, *, sweeps: bool) -> str:
    parsed = _parsed(value)
    if _FUNCTION.fullmatch(value) or parsed is None or isinstance(parsed, str):
        return value
    if sweeps and "," in value:
        return _each(_path, value)
    return QuotedString(text=value, quote=Quote.single).with_quotes()


def _anything(value: str, *, sweeps: bool) -> str:
    if _parsed(value) is not _INVALID:
        return value
    if value.startswith(("[", "{")):
        items = _ITEM.sub(lambda found: _anything(found[0].strip(), sweeps=False), value)
        return value if _parsed(items) is _INVALID else items
    if sweeps and "," in value:
        return _each(_anything, value)
    return QuotedString(text=value, quote=Quote.single).with_quotes()


def _each(quote: Callable[..., str], swept: str) -> str:
    """Quote the values of a sweep; a comma within quotes is for Hydra to split."""
    if "'" in swept or '"' in swept:
        return swept
    return ",".join(quote(value, sweeps=False) for value in swept.split(","))
