"""Build a tree of bounding boxes over triangles, and move it with their vertices."""

from itertools import pairwise

import numpy as np
import warp as wp
from numpy.typing import NDArray

from landmarks.synthesis.shading.boxes import NOBODY, WIDE, Tree, update_leaves, update_nodes


class BoxTree:
    """Builds a tree over triangles and keeps it on a device.

    Attributes:
        tree: What kernels read.
        depth: Levels of nodes.

    Args:
        device: Device.
        points: (n, 3) vertices that the tree is built from.
        corners: (m, 3) vertices of the triangles.
    """

    def __init__(
        self, device: wp.Device, points: NDArray[np.float32], corners: NDArray[np.int32]
    ) -> None:
        nodes, leaves, levels = _grown(points[corners])
        self._device = device
        children = np.full((len(nodes), WIDE), NOBODY, np.int32)
        triangles = np.full((len(leaves), WIDE), -1, np.int32)
        of_nodes, of_leaves = np.zeros(len(nodes), np.int32), np.zeros(len(leaves), np.int32)
        for node, parts in enumerate(nodes):
            for k, child in enumerate(parts):
                children[node, k] = child
                (of_nodes if child >= 0 else of_leaves)[child if child >= 0 else -1 - child] = (
                    node * WIDE + k
                )
        for leaf, members in enumerate(leaves):
            triangles[leaf, : len(members)] = members
        self._levels, self.depth = levels, len(levels) - 1
        self._corners = self._array(corners.ravel())
        self._of_nodes, self._of_leaves = self._array(of_nodes), self._array(of_leaves)
        self.tree = Tree()
        self.tree.children = self._array(children.ravel())
        self.tree.triangles = self._array(triangles.ravel())
        nowhere = np.tile(np.repeat(np.float32([1e9, -1e9]), 3 * WIDE), len(nodes))
        self.tree.boxes = wp.array(nowhere, dtype=float, device=device)
        self.tree.corners = wp.zeros(len(leaves) * 9 * WIDE, dtype=float, device=device)

    def update(self, points: wp.array) -> None:
        """Move the boxes with (n, 3) vertices."""
        inputs = [self.tree, points, self._corners, self._of_leaves]
        wp.launch(update_leaves, len(self._of_leaves), inputs=inputs, device=self._device)
        for start, stop in reversed(list(pairwise(self._levels))[1:]):  # the root has no parent
            inputs = [self.tree, start, self._of_nodes]
            wp.launch(update_nodes, stop - start, inputs=inputs, device=self._device)

    def _array(self, values: NDArray[np.int32]) -> wp.array:
        return wp.array(values, dtype=wp.int32, device=self._device)


def _grown(
    triangles: NDArray[np.float32],
) -> tuple[list[list[int]], list[NDArray[np.intp]], list[int]]:
    """Children of each node, triangles of each leaf, and where each level of nodes begins.

    Nodes are in order of their level.
    """
    low, high = triangles.min(axis=1), triangles.max(axis=1)
    nodes: list[list[int]] = []
    leaves: list[NDArray[np.intp]] = []
    levels = [0]
    level = [np.arange(len(triangles))]
    while level:
        levels.append(levels[-1] + len(level))
        below: list[NDArray[np.intp]] = []
        for members in level:
            nodes.append([])
            for part in _parts(members, low, high):
                if len(part) > WIDE:
                    nodes[-1].append(levels[-1] + len(below))
                    below.append(part)
                else:
                    nodes[-1].append(-1 - len(leaves))
                    leaves.append(part)
        level = below
    return nodes, leaves, levels


def _parts(
    members: NDArray[np.intp], low: NDArray[np.float32], high: NDArray[np.float32]
) -> list[NDArray[np.intp]]:
    """Split triangles into parts: as many as a node has, or fewer if they fit into leaves."""
    parts = [members]
    while len(parts) < WIDE and max(map(len, parts)) > WIDE:
        parts.sort(key=len)
        parts.extend(_halves(parts.pop(), low, high))
    return parts


def _halves(
    members: NDArray[np.intp], low: NDArray[np.float32], high: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split along the longest axis, where areas of the boxes times their leaves add up to least.

    That is the surface area heuristic (Goldsmith and Salmon, 1987), of full leaves.
    """
    middle = low[members] + high[members]
    axis = np.ptp(middle, axis=0).argmax()
    members = members[middle[:, axis].argsort(kind="stable")]
    before = _areas(low[members], high[members])[:-1]
    after = _areas(low[members[::-1]], high[members[::-1]])[::-1][1:]
    count = np.arange(1, len(members))
    cost = before * -(-count // WIDE) + after * -((count - len(members)) // WIDE)
    least = len(members) // 8  # so that no branch is long, for rays keep a short list of nodes
    cut = int(cost[least : len(cost) - least].argmin()) + least + 1
    return members[:cut], members[cut:]


def _areas(low: NDArray[np.float32], high: NDArray[np.float32]) -> NDArray[np.float32]:
    """Half the surface of the boxes around the first triangles, one, two, and so on."""
    x, y, z = (np.maximum.accumulate(high) - np.minimum.accumulate(low)).T
    return np.asarray(x * y + y * z + z * x)
