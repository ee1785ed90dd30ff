"""Classes of other packages that a command is given by name."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pkgutil import resolve_name
from typing import Any

from landmarks.errors import InputError


def add_class_argument(parser: ArgumentParser) -> None:
    """The option `--class`, for a detector of another package; its values are in `classes`."""
    parser.add_argument(
        "--class",
        action="append",
        default=[],
        dest="classes",
        metavar="NAME",
        help="package.module.Class: the network of the detector, or its loss, if it is of another "
        "package than landmarks; can be repeated",
    )


def named_classes(names: str | Iterable[str] | None) -> list[Any]:
    """Import classes, given as `package.module.Class`: one, several, or none.

    Raises:
        InputError: There is no such class.
    """
    classes = []
    for name in [names] if isinstance(names, str) else names or ():
        try:
            classes.append(resolve_name(str(name)))
        except (ImportError, AttributeError, ValueError) as error:
            raise InputError(
                f"classes: {name!r} cannot be imported ({error}); expected package.module.Class, "
                "of a package that is installed"
            ) from None
    return classes
