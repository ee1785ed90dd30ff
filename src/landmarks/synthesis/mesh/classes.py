"""Classes of the segmentation, with the numbers of Microsoft FaceSynthetics (Wood et al., 2021)."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.assembly import Assembly
from landmarks.synthesis.mesh.blocks import Material
from landmarks.synthesis.mesh.head import Head
from landmarks.synthesis.mesh.regions import Regions


class Class(IntEnum):
    """Segmentation class of a pixel."""

    BACKGROUND = 0
    SKIN = 1
    NOSE = 2
    RIGHT_EYE = 3
    LEFT_EYE = 4
    RIGHT_BROW = 5
    LEFT_BROW = 6
    RIGHT_EAR = 7
    LEFT_EAR = 8
    MOUTH_INTERIOR = 9
    TOP_LIP = 10
    BOTTOM_LIP = 11
    NECK = 12
    HAIR = 13
    BEARD = 14
    CLOTHING = 15
    GLASSES = 16
    HEADWEAR = 17
    FACEWEAR = 18
    IGNORE = 255


OF_MATERIAL = {
    Material.SKIN: Class.SKIN, Material.TONGUE: Class.MOUTH_INTERIOR,
    Material.TEETH: Class.MOUTH_INTERIOR, Material.LASH: Class.SKIN,
    Material.LONG_HAIR: Class.HAIR, Material.SHELL: Class.HAIR, Material.CLOTH: Class.CLOTHING,
    Material.FRAME: Class.GLASSES, Material.LENS: Class.GLASSES, Material.THING: Class.IGNORE,
    Material.HAT: Class.HEADWEAR, Material.KNOT: Class.HAIR, Material.HAND: Class.IGNORE,
}  # fmt: skip

BROW_BREADTH = 0.004  # metres from its middle line
BROW_DEPTH = -0.06  # metres: brows lie before this depth


def skin_classes(head: Head, regions: Regions, landmarks: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(V,) class of each vertex of the average face's skin, brows aside.

    Args:
        head: The head.
        regions: Regions of its vertices.
        landmarks: (68, 3) on the average face.
    """
    rest, side = head.rest, np.where(head.rest[:, 0] < 0, 0, 1)  # 0: the person's right
    found = np.full(len(rest), Class.SKIN, np.uint8)
    low = regions.height < np.where(regions.depth > -0.10, -0.085, -0.118)
    found[low | (regions.depth > 0.0)] = Class.NECK
    found[regions.height > -0.03] = Class.SKIN
    nose = landmarks[[27, 30, 31, 33, 35]]
    reach = 0.004 + (nose[:, 2].max() - rest[:, 2]) * 0.42
    in_height = (rest[:, 2] < nose[0, 2]) & (rest[:, 2] > nose[3, 2] - 0.003)
    found[in_height & (regions.side < np.minimum(reach, 0.019)) & (regions.depth < -0.11)] = (
        Class.NOSE
    )
    ears = regions.ears > 0.5
    found[ears] = np.array([Class.RIGHT_EAR, Class.LEFT_EAR])[side][ears]
    lips = regions.lips > 0.4
    parting = landmarks[[61, 62, 63, 65, 66, 67], 2].mean()
    found[lips] = np.where(rest[lips, 2] > parting, Class.TOP_LIP, Class.BOTTOM_LIP)
    found[regions.mouth > 0.5] = Class.MOUTH_INTERIOR
    return found


@dataclass(frozen=True, eq=False)
class TriangleClasses:
    """The class of each triangle of the whole mesh.

    Attributes:
        bare: (m + 1,) without brows; the last (index -1) is the background.
        skin: Triangles where brows may grow.
        places: (s, 2) x and z of these on the average face, metres.
    """

    bare: NDArray[np.uint8]
    skin: NDArray[np.intp]
    places: NDArray[np.float64]

    def of(self, brow: NDArray[np.float64]) -> NDArray[np.uint8]:
        """(m + 1,) classes of a face with brows.

        Args:
            brow: (5, 2) x and z of the middle of the right brow's hair on the average face.
        """
        at = np.linspace(0, len(brow) - 1, 17)
        line = np.stack([np.interp(at, range(len(brow)), brow[:, d]) for d in range(2)], axis=1)
        on_the_right = np.stack([-np.abs(self.places[:, 0]), self.places[:, 1]], axis=1)
        low, high = line.min(axis=0) - BROW_BREADTH, line.max(axis=0) + BROW_BREADTH
        near = np.flatnonzero(((low < on_the_right) & (on_the_right < high)).all(axis=1))
        away = np.linalg.norm(on_the_right[near, None] - line, axis=-1).min(axis=1)
        near = near[away < BROW_BREADTH]
        found = self.bare.copy()
        right = self.places[near, 0] < 0
        found[self.skin[near]] = np.where(right, Class.RIGHT_BROW, Class.LEFT_BROW)
        return found


def find_classes(
    assembly: Assembly, head: Head, regions: Regions, landmarks: NDArray[np.float64]
) -> TriangleClasses:
    """The classes of the whole mesh.

    Args:
        assembly: The mesh.
        head: The head, whose vertices are the mesh's first.
        regions: Regions of the head's vertices.
        landmarks: (68, 3) on the average face.
    """
    materials, first = assembly.materials, assembly.triangles[:, 0]
    table = np.zeros(len(Material), np.uint8)
    for material, kind in OF_MATERIAL.items():
        table[material] = kind
    found = table[materials]
    skin = materials == Material.SKIN
    found[skin] = skin_classes(head, regions, landmarks)[first[skin]]
    x, y, z = assembly.rest[first].T
    eyes = materials == Material.EYE
    found[eyes] = np.where(x[eyes] < 0, Class.RIGHT_EYE, Class.LEFT_EYE)
    on_chin = (z < regions.eye_height - 0.03) & (y < -0.03)
    found[(materials == Material.SHELL) & on_chin] = Class.BEARD
    front = (found == Class.SKIN) & skin & (y < BROW_DEPTH) & (np.abs(z - landmarks[19, 2]) < 0.03)
    return TriangleClasses(
        bare=np.append(found, np.uint8(Class.BACKGROUND)),
        skin=np.flatnonzero(front),
        places=np.stack([x, z], axis=1)[front].astype(np.float64),
    )
