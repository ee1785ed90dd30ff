"""The skin's triangles in a photographed texture, and where the texture covers the skin.

The textures are MakeHuman's. They have seams below the jaw and at the back of the head, and
cropped hair on the scalp, so that procedural skin takes over there.
"""

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.blocks import Array, Skull
from landmarks.synthesis.mesh.head import Head
from landmarks.synthesis.mesh.regions import Regions
from landmarks.synthesis.textures import FACE

# Lower edge of the painted hair: azimuth from the front and elevation, radians; see `Regions`.
PAINTED_HAIR = ((0.0, 0.55), (0.6, 0.50), (1.0, 0.20), (1.3, -0.12), (1.6, -0.40), (3.1416, -0.8))
FADE = 0.15  # radians below it over which the texture fades out
SEAM = (0.003, 0.020)  # metres from a seam at which the texture begins, and is complete


def unwrap(head: Head, regions: Regions, count: int) -> Array:
    """Corners of the assembled mesh's triangles in the texture; those of the head come first.

    Args:
        head: The head.
        regions: Regions of its vertices.
        count: Number of triangles of the assembled mesh.

    Returns:
        (count, 3, 3): x and y as fractions of the width and height of the part `FACE` of the
        texture, from the upper left, and the share in [0, 1] of the photograph in the skin.
    """
    kept = np.isin(head.part, [head.parts.index(part) for part in Skull.MATERIALS])
    left, top, right, bottom = FACE
    x = (head.corner_uv[..., 0] - left) / (right - left)
    y = (1 - head.corner_uv[..., 1] - top) / (bottom - top)
    inside = ((x > 0) & (x < 1) & (y > 0) & (y < 1)).all(axis=1, keepdims=True)
    share = _share(head, regions)[head.triangles] * inside
    corners = np.zeros((count, 3, 3), np.float32)
    corners[: kept.sum()] = np.stack([x, y, share], axis=-1)[kept]
    return corners


def _share(head: Head, regions: Regions) -> NDArray[np.float64]:
    """(V,) share of the photograph: 1 on the face and the ears."""
    edge = np.interp(regions.azimuth, *np.array(PAINTED_HAIR).T)
    below = np.clip((edge - regions.elevation) / FADE, 0, 1)
    below = np.maximum(below, np.clip(4 * regions.ears - 1, 0, 1))
    gap = np.linalg.norm(head.rest[:, None] - head.rest[_seams(head, regions)], axis=-1)
    apart = np.clip((gap.min(axis=1) - SEAM[0]) / (SEAM[1] - SEAM[0]), 0, 1)
    return np.asarray(below * apart)


def _seams(head: Head, regions: Regions) -> NDArray[np.intp]:
    """Vertices on the seam below the jaw and behind the head; not those of lids and mouth."""
    body = head.part == head.parts.index("body")
    vertices = head.triangles[body].ravel()
    uv = head.corner_uv[body].reshape(-1, 2)
    at = np.unique(np.column_stack([vertices, uv.round(5)]), axis=0)[:, 0].astype(int)
    found, places = np.unique(at, return_counts=True)
    seams = found[places > 1]
    face = (regions.depth[seams] < -0.09) & (regions.height[seams] > -0.11)
    return np.asarray(seams[~face])
