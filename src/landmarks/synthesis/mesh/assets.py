"""Load the baked asset files (see assets/NOTICE.md for their origin and licence)."""

import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FOLDER = resources.files("landmarks.synthesis.mesh") / "assets"


@cache
def head_arrays() -> dict[str, NDArray[Any]]:
    """The head's arrays by name, as described in scripts/bake_head.py; do not modify them."""
    with (
        resources.as_file(_FOLDER / "head.npz") as path,
        np.load(path, allow_pickle=False) as arrays,
    ):
        return dict(arrays)


@cache
def landmark_table() -> dict[str, Any]:
    """The positions of the 68 landmarks on the head."""
    with resources.as_file(_FOLDER / "landmarks68.json") as path:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table


@cache
def assets_hash() -> str:
    """A hash of the asset files, which are part of what is rendered."""
    digest = hashlib.blake2b(digest_size=6)
    for name in ("head.npz", "landmarks68.json"):
        digest.update((_FOLDER / name).read_bytes())
    return digest.hexdigest()
