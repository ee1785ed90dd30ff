"""Named arrays in a `.npz` file that somebody else may have written."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.data.files import open_file
from landmarks.errors import InputError

LARGEST = 2**29  # bytes of all arrays, unpacked


def read_npz(
    path: Path, kinds: Mapping[str, str], optional: Mapping[str, str] = MappingProxyType({})
) -> dict[str, NDArray[Any]]:
    """Some arrays of a file; nothing in it is executed.

    Args:
        path: The file.
        kinds: Kind of the dtype of each, as in NumPy: "U" text, "f" floats, "u" whole numbers, "b".
        optional: The same for arrays that it may lack.

    Raises:
        InputError: It is missing, damaged, too large, or lacks one of the arrays.
    """
    try:
        with open_file(path) as file, np.load(file, allow_pickle=False) as stored:
            if sum(entry.file_size for entry in stored.zip.infolist()) > LARGEST:
                raise InputError(f"{path}: unpacks to more than {LARGEST / 2**20:,.0f} MiB")
            kinds = {**kinds, **{name: optional[name] for name in optional if name in stored}}
            arrays = {name: stored[name] for name in kinds}
    except InputError:
        raise
    except Exception as error:  # zipfile and NumPy raise many kinds
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{path}: cannot be read ({reason:.200})") from None
    for name, kind in kinds.items():
        if arrays[name].dtype.kind != kind:
            raise InputError(f"{path}: {name!r} is an array of {arrays[name].dtype}")
    return arrays
