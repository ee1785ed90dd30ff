"""The record of a sample: one line of `scene.jsonl.gz` with all its metadata."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.picture import Picture
from landmarks.synthesis.storage.extras import LABEL_SETS
from landmarks.synthesis.storage.spec import Spec
from landmarks.synthesis.storage.writers import LAYOUTS

_PIXEL_DECIMALS = 3  # a thousandth of a pixel, finer than any annotation
_SCENE_DIGITS = 6
_CAMERA_DIGITS = 9  # so that points project to the labels as written


def record_line(id: str, index: int, picture: Picture, spec: Spec, content: str) -> bytes:
    """Convert a sample to a line of JSON.

    `id` comes first, so that a sample is found without parsing, and `scene`, the longest part,
    last, so that readers of labels can skip it.

    Args:
        id: Id of the sample.
        index: Index of the sample.
        picture: The rendered picture.
        spec: Spec of the dataset.
        content: Hash of the sample's files.
    """
    labels = {name: _pixels(choose(picture.labels)) for name, choose in LABEL_SETS.items()}
    record = {
        "id": id,
        "index": index,
        "image": LAYOUTS[spec.layout].image(id),
        "content": content,
        "seed": spec.seed,
        "recipe": spec.recipe["name"],
        "renderer": spec.renderer,
        "labels": {
            **labels,
            "pupils": _pixels(picture.labels.pupils),
            "visible": picture.labels.visible.tolist(),
        },
        "pose": rounded(picture.head_pose, _SCENE_DIGITS),  # yaw, pitch, roll
        "camera": {
            "intrinsics": rounded(picture.intrinsics.tolist(), _CAMERA_DIGITS),
            "extrinsics": rounded(picture.extrinsics.tolist(), _CAMERA_DIGITS),
        },
        "scene": rounded(asdict(picture.scene), _SCENE_DIGITS),
    }
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def rounded(value: Any, digits: int) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Convert `value` to JSON's types, with floats rounded."""
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item, digits) for item in value]
    if isinstance(value, np.generic):
        return rounded(value.item(), digits)
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def _pixels(points: NDArray[np.float32]) -> list[list[float]]:
    # In double precision; in float32, rounded values have further digits.
    return points.astype(np.float64).round(_PIXEL_DECIMALS).tolist()  # type: ignore[no-any-return]
