"""Read the files of MakeHuman: base mesh, targets, rig, skin weights, mirror table, textures.

Frame: metres; x to the person's left, y backwards (the face looks along -y), z upwards.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class BodyMesh:
    """The whole base mesh, MakeHuman's hm08.

    Attributes:
        vertices: (N, 3) metres, N = 19158.
        uv: (T, 2) texture coordinates in [0, 1], v upwards.
        quads: For each group (Q, 4) rows of `vertices`.
        quad_uv: For each group (Q, 4) rows of `uv`, corner by corner.
    """

    vertices: Floats
    uv: Floats
    quads: Mapping[str, Indices]
    quad_uv: Mapping[str, Indices]


def _to_metres(rows: list[list[str]]) -> Floats:
    """(V, 3) metres in our frame, from decimetres with y upwards and z forwards."""
    x, y, z = 0.1 * np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return np.column_stack([x, -z, y])


def read_mesh(path: Path) -> BodyMesh:
    """Read a Wavefront OBJ file of quads."""
    vertices: list[list[str]] = []
    uv: list[list[str]] = []
    corners: dict[str, list[list[list[str]]]] = defaultdict(list)
    group = ""
    for line in path.read_text().splitlines():
        match line.split():
            case ["v", *xyz]:
                vertices.append(xyz)
            case ["vt", *coordinates]:
                uv.append(coordinates)
            case ["g", name]:
                group = name
            case ["f", *face]:
                corners[group].append([corner.split("/") for corner in face])
    # (Q, 4, 2): vertex and texture coordinate of each corner; the file counts from 1.
    faces = {name: np.array(quads, dtype=np.int64) - 1 for name, quads in corners.items()}
    return BodyMesh(
        vertices=_to_metres(vertices),
        uv=np.array(uv, dtype=np.float64),
        quads={name: quads[..., 0] for name, quads in faces.items()},
        quad_uv={name: quads[..., 1] for name, quads in faces.items()},
    )


def read_target(path: Path, num_vertices: int) -> Floats:
    """Read a blend shape: (N, 3) metres, 0 where no line "vertex x y z" moves the vertex."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    offsets = np.zeros((num_vertices, 3))
    offsets[[int(row[0]) for row in rows]] = _to_metres([row[1:] for row in rows])
    return offsets


def slider_targets(targets: Path, folders: Container[str]) -> list[Path]:
    """Files of both ends of each slider in `folders`, in the order of target.json."""
    sections: dict[str, Any] = json.loads((targets / "target.json").read_text())
    sliders = [
        (targets / folder, category["opposites"])
        for folder, section in sections.items()
        if folder in folders
        for category in section["categories"]
        if "opposites" in category
    ]
    return [
        folder / f"{opposites[f'{sign}-{side}']}.target.gz"
        for folder, opposites in sliders
        for side in ("left", "right", "unsided")
        if opposites[f"positive-{side}"]
        for sign in ("positive", "negative")
    ]


def read_mirror(path: Path) -> Indices:
    """(N,) the vertex on the other side of each, from a table of lines "vertex partner side"."""
    table = np.loadtxt(path, usecols=(0, 1), dtype=np.int64)
    mirror = np.empty(len(table), dtype=np.int64)
    mirror[table[:, 0]] = table[:, 1]
    return mirror


def joint_vertices(head: Mapping[str, Any], mesh: BodyMesh) -> Indices:
    """The vertices whose mean is a joint, from what the rig says of the head of its bone."""
    if head["strategy"] == "CUBE":
        return np.unique(mesh.quads[head["cube_name"]])
    return np.array(head["vertex_indices"], dtype=np.int64)


def skin_weights(
    rig: Mapping[str, Any], weights: Mapping[str, Any], segments: Sequence[str], num_vertices: int
) -> Floats:
    """How much each vertex follows each segment of the body.

    Args:
        rig: Bones and their parents.
        weights: For each bone, pairs of a vertex and its weight.
        segments: S bones, outermost last; the first stands for whatever no other one moves. Any
            other bone counts for the nearest of them above it.
        num_vertices: N.

    Returns:
        (N, S), rows sum to 1. A vertex without weights belongs to the last segment.
    """

    def segment(bone: str) -> int:
        while bone and bone not in segments:
            bone = rig[bone]["parent"]
        return segments.index(bone) if bone else 0

    total: Floats = np.zeros((num_vertices, len(segments)))
    for bone, pairs in weights.items():
        column = segment(bone)
        for vertex, weight in pairs:
            total[vertex, column] += weight
    total[total.sum(1) == 0, -1] = 1.0
    total /= total.sum(1, keepdims=True)
    return total


def sample_texture(path: Path, uv: Floats, blur: float) -> Floats:
    """(V,) brightness, in [0, 1], of a grey texture at (V, 2) coordinates, blurred by pixels."""
    with Image.open(path) as image:
        grey = np.asarray(image.convert("L").filter(ImageFilter.GaussianBlur(blur)))
    height, width = grey.shape
    column = (uv[:, 0] * width).astype(np.int64).clip(0, width - 1)
    row = ((1 - uv[:, 1]) * height).astype(np.int64).clip(0, height - 1)
    brightness: Floats = grey[row, column] / 255.0
    return brightness
