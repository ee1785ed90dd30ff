"""Options of readers: refused before anything is read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pytest

from landmarks.data.options import Check, check_options
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
        ({"recipe": None}, "data.real.recipe is null but required; remove"),
        ({"root": 2024}, "data.real.root is 2024; it must be a path or text"),
    ],
)
def test_what_it_does_not_take_is_refused_with_its_place(options, message):
    with pytest.raises(InputError) as caught:
        check_options(reader, options, "data.real")
    assert str(caught.value).startswith(message)


def not_too_short(value, place):
    if len(str(value)) < 3:
        raise InputError(f"{place}: {value} is too short")


def checking_reader(root: Annotated[Path | str, Check(not_too_short)] = "x", *, first: int = 0):
    """Reads nothing."""


def test_a_check_of_a_parameter_sees_the_value_and_its_place():
    check_options(checking_reader, {"root": "faces", "first": 1}, "data.real")
    with pytest.raises(InputError, match=r"data.test: ab is too short"):
        check_options(checking_reader, {"root": "ab"}, "data.test")
    with pytest.raises(InputError, match=r"data.test.root is 7; it must be a path or text"):
        check_options(checking_reader, {"root": 7}, "data.test")
