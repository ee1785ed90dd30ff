"""The baked files beside this module (assets/NOTICE.md says what they are and their licence)."""

import json
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FOLDER = resources.files("landmarks.synthesis.mesh") / "assets"


@cache
def head_arrays() -> dict[str, NDArray[Any]]:
    """The head, by array name, as scripts/bake_head.py describes them; not to be written to."""
    with (
        resources.as_file(_FOLDER / "head.npz") as path,
        np.load(path, allow_pickle=False) as arrays,
    ):
        return dict(arrays)


@cache
def landmark_table() -> dict[str, Any]:
    """Where the 68 landmarks lie on the head."""
    with resources.as_file(_FOLDER / "landmarks68.json") as path:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table
