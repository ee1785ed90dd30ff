"""The spec of a folder: the settings shared by all its samples."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from landmarks.data.options import check_whole_number
from landmarks.errors import InputError
from landmarks.synthesis.storage.extras import EXTRAS, LABEL_SETS
from landmarks.synthesis.storage.writers import LAYOUTS

_LEAST_SIZE, _LARGEST_SIZE = 16, 4096
_MISSING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The content and the layout of a folder.

    Attributes:
        recipe: Settings in JSON's types, with "name" and, in "labels", the label set of the files.
        seed: Random seed of the dataset.
        size: Pixels of a side.
        renderer: Version of the renderer.
        layout: One of `LAYOUTS`.
        write: What is stored besides, of `EXTRAS`.
    """

    recipe: Mapping[str, Any]
    seed: int
    size: int
    renderer: str
    layout: str
    write: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Validate the settings."""
        check_seed_and_size(self.seed, self.size)
        check_write(self.write)
        if self.layout not in LAYOUTS:
            raise InputError(f"layout is {self.layout!r}; choose one of {', '.join(LAYOUTS)}")
        if self.recipe["labels"] not in LABEL_SETS:
            raise InputError(
                f"recipe: labels are {self.recipe['labels']!r}; allowed are {', '.join(LABEL_SETS)}"
            )

    def as_json(self) -> dict[str, Any]:
        """The content of `spec.json`, with lists instead of tuples.

        "dense" has a field of its own and "write" is left out if nothing else is stored, as in
        folders that were written before there was anything else.
        """
        content = {key: _listed(value) for key, value in asdict(self).items() if key != "write"}
        others = sorted(set(self.write) - {"dense"})
        return {**content, "dense": "dense" in self.write, **({"write": others} if others else {})}


def check_seed_and_size(seed: int, size: int) -> None:
    """Check that the seed is valid and the size within its limits."""
    check_whole_number("seed", seed, 0)
    check_whole_number("size", size, _LEAST_SIZE)
    if size > _LARGEST_SIZE:
        raise InputError(f"size is {size:,}; at most {_LARGEST_SIZE:,} pixels a side are rendered")


def check_write(write: tuple[str, ...]) -> None:
    """Check what is stored with each picture besides its layout.

    Raises:
        InputError: It is not a list of names of `EXTRAS`.
    """
    for name in write:
        if name not in EXTRAS:
            raise InputError(f"write has {name!r}; allowed are {', '.join(EXTRAS)}")


def first_difference(there: object, asked: object) -> tuple[str, object, object] | None:
    """The first field in which two specs differ: its name and both values."""
    return next(_differences(there, asked, ""), None)


def _differences(there: object, asked: object, name: str) -> Iterator[tuple[str, object, object]]:
    if isinstance(there, dict) and isinstance(asked, dict):
        for key in [*asked, *(key for key in there if key not in asked)]:
            inner = f"{name}.{key}" if name else str(key)
            yield from _differences(there.get(key, _MISSING), asked.get(key, _MISSING), inner)
    elif there != asked:
        yield name, there, asked


def _listed(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value
