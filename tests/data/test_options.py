"""Options of readers: refused before anything is read."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from landmarks.data.options import check_options
from landmarks.errors import InputError
from landmarks.training.schedule import Schedule

TINY = Schedule(steps=1, batch_size=1, learning_rate=0.1)


def reader(
    root: Path | str,
    *,
    first: int | None = None,
    origin: float = 0.0,
    names: Sequence[str] = (),
    recipe: Schedule = TINY,
):
    """Reads nothing."""


@pytest.mark.parametrize(
    "options",
    [
        {"root": "faces", "first": 3, "origin": 0.5, "names": ["a"]},
        {"root": Path("faces"), "first": None, "origin": 1},
        {"root": "faces", "names": 5},  # more than a plain value: the reader looks at it
    ],
)
def test_what_a_reader_takes_passes(options):
    check_options(reader, options, "data.real")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frist": 3}, "data.real.frist is given, but reader has no 'frist'; it takes root, first"),
        ({"first": "ten"}, "data.real.first is 'ten'; it must be a whole number or null"),
        ({"first": True}, "data.real.first is True; it must be a whole number or null"),
        ({"first": 1.5}, "data.real.first is 1.5; it must be a whole number or null"),
        ({"origin": None}, "data.real.origin is null; it must be a number"),
        ({"recipe": None}, "data.real.recipe is null; leave that word out"),
        ({"root": 2024}, "data.real.root is 2024; it must be a path or text"),
    ],
)
def test_what_it_does_not_take_is_refused_with_its_place(options, message):
    with pytest.raises(InputError) as caught:
        check_options(reader, options, "data.real")
    assert str(caught.value).startswith(message)
