"""Assemble all blocks into one mesh."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.blocks import Array, Block, Posed, Skull
from landmarks.synthesis.mesh.growth import Brim, Cards, Clothes, Hat, Knot, Shells
from landmarks.synthesis.mesh.head import Head
from landmarks.synthesis.mesh.regions import Regions
from landmarks.synthesis.mesh.things import Hand, Spectacles, Thing
from landmarks.synthesis.scene import Scene


class Assembly:
    """The mesh of every scene: the triangles are fixed, and only the vertices move.

    Attributes:
        rest: (n, 3) vertices about the average face; the head's own come first.
        triangles: (m, 3) vertices.
        materials: (m,) a `Material` each.

    Args:
        head: The head.
        regions: Regions of its vertices.
    """

    def __init__(self, head: Head, regions: Regions) -> None:
        self._blocks = _blocks(head, regions)
        ends = np.cumsum([0, *(len(block.rest) for block in self._blocks)])
        self._rows = [slice(start, stop) for start, stop in pairwise(ends)]
        self.rest: Array = np.concatenate([block.rest for block in self._blocks])
        self.triangles = np.concatenate(
            [block.triangles + start for block, start in zip(self._blocks, ends[:-1], strict=True)]
        ).astype(np.int32)
        self.materials = np.concatenate([block.materials for block in self._blocks])

    @property
    def apart(self) -> Array:
        """(n, 3) vertices with blocks beside each other, to build the tracer's tree from.

        This gives each block its own branch. Otherwise a branch with triangles of both the head and
        an unused hat, which is folded away, would span the distance between them and slow down
        every ray. Blocks that always follow the skin share its branches.
        """
        vertices = self.rest.copy()
        for k, (block, rows) in enumerate(zip(self._blocks, self._rows, strict=True)):
            if not isinstance(block, Skull | Shells | Clothes):
                vertices[rows] += (0, 0, 2.0 * k)
        return vertices

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, NDArray[np.float32]]:
        """Compute the vertices (n, 3) and features (n, 4) of a scene."""
        vertices = np.empty_like(self.rest)
        features = np.zeros((len(vertices), 4), np.float32)
        for block, rows in zip(self._blocks, self._rows, strict=True):
            placed = block.place(posed, scene)
            if placed is None:
                vertices[rows] = posed.inside
            else:
                vertices[rows], features[rows] = placed
        return vertices, features


def _blocks(head: Head, regions: Regions) -> tuple[Block, ...]:
    """All blocks, starting with the head."""
    height = regions.eye_height
    return (
        Skull(head, regions),
        Shells(head, regions),
        Clothes(head, regions),
        Knot(regions),
        Cards(head, regions),
        Hat(head, regions),
        Brim(regions),
        Spectacles(height),
        Hand(height),
        Thing(height),
    )
