"""Paths on the command line of the commands that argparse reads."""

from argparse import ArgumentTypeError
from pathlib import Path

from landmarks.data.files import expanded
from landmarks.errors import InputError


def path(text: str) -> Path:
    """An argument as a path with `~` expanded: a shell leaves it alone in `--out=~/found`.

    Raises:
        ArgumentTypeError: It is empty, or names the home folder of an unknown user.
    """
    try:
        return expanded(text)
    except InputError as error:
        raise ArgumentTypeError(str(error)) from None
