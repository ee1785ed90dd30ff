"""The grid of a sweep: every combination of the values that its overrides name."""

from collections.abc import Sequence
from itertools import product

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from landmarks.errors import InputError


def parse(overrides: Sequence[str], loader: ConfigLoader | None = None) -> list[Override]:
    """Overrides of the command line as Hydra reads them; `glob` needs the loader."""
    return OverridesParser.create(config_loader=loader).parse_overrides(list(overrides))


def grid(overrides: Sequence[Override]) -> list[tuple[str, ...]]:
    """The overrides of each point; where an option is given twice, the last one counts."""
    values: dict[str, list[str]] = {}
    for override in overrides:
        key = override.get_key_element()
        if not override.is_sweep_override():
            swept = [override.get_value_element_as_str()]
        elif override.is_discrete_sweep():
            swept = list(override.sweep_string_iterator())
        else:
            raise InputError(
                f"{override.input_line} is an interval, which has no values to run one by one; "
                f"list some, as in {key}=1,2,3"
            )
        values[key] = [f"{key}={value}" for value in swept]
    return list(product(*values.values()))
