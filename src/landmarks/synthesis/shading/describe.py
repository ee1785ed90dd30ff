"""The kernel that returns the surface properties at given points of the mesh.

It is in a separate module because Warp compiles a whole module on first use.
"""

import warp as wp

from landmarks.synthesis.shading.stage import Stage, hit_at, is_thin, surface
from landmarks.synthesis.shading.structs import Surface

wp.set_module_options({"enable_backward": False, "fast_math": True})


@wp.kernel
def describe(
    stage: wp.array(dtype=Stage),
    eye: wp.vec3,
    faces: wp.array(dtype=wp.int32),
    places: wp.array(dtype=wp.vec2),
    found: wp.array(dtype=Surface),
):
    """Compute the surface at barycentric `places` of triangles, seen by a camera at `eye`."""
    i = wp.tid()
    face = faces[i]
    u = places[i][0]
    v = places[i][1]
    point = wp.mesh_eval_position(stage[0].mesh, face, u, v)
    ray = wp.normalize(point - eye)
    m = stage[0].materials[face]
    hit = hit_at(stage, face, u, v, point, ray)
    if is_thin(m) and wp.dot(hit.normal, ray) > 0.0:
        hit.normal = -hit.normal
    found[i] = surface(stage, m, hit)
