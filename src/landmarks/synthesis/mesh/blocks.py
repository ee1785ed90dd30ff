"""Blocks: the parts of the mesh, each repositioned for every scene.

All blocks together form one mesh whose triangles never change, so that the ray tracer's tree is
built once and then only refitted. A block that a scene does not use is collapsed into a point
inside the head or moved below the skin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.head import Bent, Head
from landmarks.synthesis.mesh.regions import Regions
from landmarks.synthesis.scene import Scene

Array = NDArray[np.float32]
Triangles = NDArray[np.int32]


class Material(IntEnum):
    """Material of a triangle; the shader has one function for each."""

    SKIN = 0
    EYE = 1
    TONGUE = 2
    TEETH = 3
    LASH = 4
    LONG_HAIR = 5
    SHELL = 6
    CLOTH = 7
    FRAME = 8
    LENS = 9
    THING = 10
    HAT = 11
    KNOT = 12
    HAND = 13


@dataclass(frozen=True, eq=False, kw_only=True)
class Posed:
    """The head of one scene.

    Attributes:
        head: The head model.
        regions: Masks of its vertices.
        upright: (V, 3) before the neck bends, metres of the world.
        bent: After the neck bends.
        normals: (V, 3) of the bent skin.
        landmarks: (68, 3) on the bent skin, metres.
    """

    head: Head
    regions: Regions
    upright: Array
    bent: Bent
    normals: Array
    landmarks: NDArray[np.float64]

    def turned(self, points: NDArray[np.floating]) -> Array:
        """Move points from the upright head to the bent one."""
        return np.asarray(points @ self.bent.rotation.T + self.bent.shift, np.float32)

    @property
    def inside(self) -> NDArray[np.float64]:
        """(3,) a point inside the head, which is never visible."""
        tip = self.landmarks[30]
        return np.asarray(tip + self.bent.rotation @ np.array([0.0, 0.08, 0.0]))


class Block(Protocol):
    """A part of the mesh.

    Attributes:
        rest: (n, 3) vertices on the average face, in which textures are defined.
        triangles: (m, 3) its own vertices.
        materials: (m,) of its triangles.
    """

    rest: Array
    triangles: Triangles
    materials: NDArray[np.int32]

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array] | None:
        """Vertices (n, 3) and their features (n, 4) for this scene; None if it is not used.

        The meaning of the four features depends on the block and its material's shader.
        """


def uniform(material: Material, triangles: Triangles) -> NDArray[np.int32]:
    """(m,) one material for all triangles."""
    return np.full(len(triangles), material, np.int32)


def plain(vertices: NDArray[np.floating]) -> tuple[Array, Array]:
    """Vertices without features."""
    return np.asarray(vertices, np.float32), np.zeros((len(vertices), 4), np.float32)


class Skull:
    """The head itself: skin, eyes, mouth and lashes.

    Features: skin (lips, cheeks, beard, radians over the hairline); lashes (angle around the
    eye, distance from the lid, 0, 0).
    """

    MATERIALS: Mapping[str, Material] = {
        "body": Material.SKIN, "helper-l-eye": Material.EYE, "helper-r-eye": Material.EYE,
        "helper-tongue": Material.TONGUE, "helper-upper-teeth": Material.TEETH,
        "helper-lower-teeth": Material.TEETH, "helper-l-eyelashes-1": Material.LASH,
        "helper-l-eyelashes-2": Material.LASH, "helper-r-eyelashes-1": Material.LASH,
        "helper-r-eyelashes-2": Material.LASH,
    }  # fmt: skip

    def __init__(self, head: Head, regions: Regions) -> None:
        parts = [head.parts.index(part) for part in self.MATERIALS]
        kept = np.isin(head.part, parts)
        materials = np.zeros(len(head.parts), np.int32)
        materials[parts] = list(self.MATERIALS.values())
        self.rest = head.rest
        self.triangles = head.triangles[kept]
        self.materials = materials[head.part[kept]]
        self._features = np.zeros((len(head.rest), 4), np.float32)
        self._features[:, 0] = regions.lips
        self._features[:, 1] = regions.cheeks
        self._features[:, 2] = regions.beard
        self._describe_lashes(head)

    def _describe_lashes(self, head: Head) -> None:
        for side, eye in zip("lr", head.eyes, strict=True):
            centre = head.rest[eye].mean(axis=0)
            lashes = head.vertices_of(f"helper-{side}-eyelashes-1", f"helper-{side}-eyelashes-2")
            lid = head.skin[(np.abs(head.rest[head.skin] - centre) < 0.03).all(axis=1)]
            offset = head.rest[lashes] - centre
            gap = np.linalg.norm(head.rest[lashes][:, None] - head.rest[lid], axis=-1).min(axis=1)
            self._features[lashes] = 0
            self._features[lashes, 0] = np.arctan2(offset[:, 0], -offset[:, 1]) / 1.5
            self._features[lashes, 1] = np.clip(gap / 0.007, 0, 1)

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array]:
        """The bent head."""
        features, skin = self._features.copy(), posed.head.skin
        features[skin, 3] = posed.regions.over_hairline(scene.hair)[skin]
        return posed.bent.vertices, features


def hat_edge(regions: Regions, front: float, back: float) -> Array:
    """(V,) height of a hat's lower edge over the eyes in each vertex's direction, metres."""
    return np.asarray(front - back * (1 - np.cos(regions.azimuth)) / 2, np.float32)
