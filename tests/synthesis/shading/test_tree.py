"""The tree of bounding boxes, compared with Warp's own."""

import numpy as np
import pytest
import warp as wp

from landmarks.synthesis.shading.boxes import Tree, nearest
from landmarks.synthesis.shading.tree import BoxTree

REACH = 3.0


@wp.kernel
def cast(
    tree: Tree,
    mesh: wp.uint64,
    starts: wp.array(dtype=wp.vec3),
    rays: wp.array(dtype=wp.vec3),
    ours: wp.array(dtype=wp.vec4),
    theirs: wp.array(dtype=wp.vec4),
):
    i = wp.tid()
    ours[i] = nearest(tree, starts[i], rays[i], REACH)
    q = wp.mesh_query_ray(mesh, starts[i], rays[i], REACH)
    theirs[i] = wp.vec4(REACH, 0.0, 0.0, -1.0)
    if q.result:
        theirs[i] = wp.vec4(q.t, q.v, 1.0 - q.u - q.v, float(q.face))


def cpu(values, kind):
    return wp.array(values, dtype=kind, device="cpu")


def hits(points, now, triangles, starts, rays):
    """(n, 4) of the tree and of Warp's; the tree is built from `points` and moved to `now`."""
    tree = BoxTree(wp.get_device("cpu"), points, triangles)
    places = cpu(now, wp.vec3)
    tree.update(places)
    mesh = wp.Mesh(places, cpu(triangles.ravel(), wp.int32))
    ours, theirs = (wp.zeros(len(rays), dtype=wp.vec4, device="cpu") for _ in range(2))
    inputs = [tree.tree, mesh.id, cpu(starts, wp.vec3), cpu(rays, wp.vec3), ours, theirs]
    wp.launch(cast, dim=len(rays), inputs=inputs, device="cpu")
    return ours.numpy(), theirs.numpy()


@pytest.mark.parametrize("count", [1, 8, 9, 3000])
def test_rays_hit_what_they_hit_in_warps_mesh_also_after_the_vertices_moved(count):
    rng = np.random.default_rng(count)
    middles = rng.uniform(-1, 1, (count, 1, 3))
    points = (middles + rng.normal(0, 0.1, (count, 3, 3))).reshape(-1, 3).astype(np.float32)
    now = points * np.float32([1.0, 0.6, 1.3]) + rng.normal(0, 0.02, points.shape)
    now = now.astype(np.float32)
    triangles = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    starts = rng.uniform(-1.5, 1.5, (2000, 3)).astype(np.float32)
    aims = now.reshape(-1, 3, 3).mean(axis=1)[rng.integers(count, size=2000)]
    rays = aims - starts + rng.normal(0, 0.02, (2000, 3))
    rays[:3] = np.eye(3)  # along the axes
    rays = (rays / np.linalg.norm(rays, axis=1, keepdims=True)).astype(np.float32)
    ours, theirs = hits(points, now, triangles, starts, rays)
    assert (ours[:, 3] >= 0).mean() > 0.1
    assert (ours[:, 3] == theirs[:, 3]).mean() >= 0.999  # another triangle at the same distance
    np.testing.assert_allclose(ours[:, 0], theirs[:, 0], atol=1e-4)
    same = ours[:, 3] == theirs[:, 3]
    np.testing.assert_allclose(ours[same, 1:3], theirs[same, 1:3], atol=1e-3)


def test_rows_of_triangles_that_grow_and_grow_make_no_long_branch():
    sizes = 1.15 ** np.arange(160) * 1e-4
    corners = np.array([[-1, 1, -1], [1, 1, -1], [0, 1, 1.0]])
    points = (sizes[:, None, None] * corners).reshape(-1, 3).astype(np.float32)
    triangles = np.arange(len(points), dtype=np.int32).reshape(-1, 3)
    tree = BoxTree(wp.get_device("cpu"), points, triangles)
    assert 7 * tree.depth + 1 <= 128  # nodes that a ray keeps
