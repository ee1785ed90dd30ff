"""The kernels: render pictures, test the visibility of points, compute ambient openness.

All are in one module because Warp compiles a module's kernels and all their functions together.
"""

import warp as wp

from landmarks.synthesis.shading.rays import PAST, Lens, follow, key_light, ray_through
from landmarks.synthesis.shading.stage import (
    HAT,
    LASH,
    LENS,
    LONG_HAIR,
    SHELL,
    SKIN,
    TEETH,
    Stage,
    hit_at,
)

wp.set_module_options({"enable_backward": False, "fast_math": True})


@wp.struct
class Film:
    """Results of one ray through the centre of each pixel; arrays over pixels, row by row."""

    key: wp.array(dtype=wp.vec3)
    rest: wp.array(dtype=wp.vec3)
    opacity: wp.array(dtype=float)
    triangle: wp.array(dtype=wp.int32)
    distance: wp.array(dtype=float)
    lit: wp.array(dtype=float)  # share of the key light that arrives


FILM = {
    "key": wp.vec3, "rest": wp.vec3, "opacity": float, "triangle": wp.int32, "distance": float,
    "lit": float,
}  # fmt: skip


@wp.kernel
def expose(stage: wp.array(dtype=Stage), lens: Lens, shadows: int, film: Film):
    """One ray through the centre of each pixel, and `shadows` from there to the key light."""
    i = wp.tid()
    ray = ray_through(lens, float(i % lens.size), float(i // lens.size))
    seen = follow(stage, lens.position, ray)
    film.key[i] = seen.key
    film.rest[i] = seen.rest
    film.opacity[i] = seen.opacity
    film.triangle[i] = seen.triangle
    film.distance[i] = seen.distance
    place = tile(i % lens.size, i // lens.size)
    film.lit[i] = key_light(stage, seen, lens.position, ray, shadows, place)


@wp.func
def tile(x: int, y: int):
    """Number of a pixel within its tile of 5 x 5 pixels, 0 to 24."""
    return (x + 2 * y) % 5 + 5 * (y % 5)


@wp.func
def differs(stage: wp.array(dtype=Stage), film: Film, i: int, j: int):
    """Whether two pixels show different materials, or a step in depth."""
    a = film.triangle[i]
    b = film.triangle[j]
    if a < 0 or b < 0:
        return (a < 0) != (b < 0)
    if stage[0].materials[a] != stage[0].materials[b]:
        return True
    return wp.abs(film.distance[i] - film.distance[j]) > 0.012


@wp.func
def shade(stage: wp.array(dtype=Stage), film: Film, i: int, size: int):
    """Share of the key light in a pixel, by colour: averaged over 5 x 5 pixels of one surface.

    Each pixel samples other parts of the light; together they cover all of it.
    """
    if film.triangle[i] < 0:
        return wp.vec3(1.0, 1.0, 1.0)
    px = i % size
    py = i // size
    total = float(0.0)
    count = float(0.0)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            x = px + dx
            y = py + dy
            if x >= 0 and x < size and y >= 0 and y < size:
                j = y * size + x
                if not differs(stage, film, i, j):
                    total = total + film.lit[j]
                    count = count + 1.0
    lit = total / wp.max(count, 1.0)
    red = lit
    m = stage[0].materials[film.triangle[i]]
    if m == SKIN:
        red = wp.pow(lit, 0.85)  # light scatters below skin, most of it red
    if m == TEETH:
        lit = 0.4 + 0.6 * lit  # and through lips and among teeth, which are never black
        red = lit
    return wp.vec3(red, lit, lit)


@wp.kernel
def develop(
    stage: wp.array(dtype=Stage),
    lens: Lens,
    more: int,
    film: Film,
    light: wp.array(dtype=wp.vec3),
    opacity: wp.array(dtype=float),
):
    """Light of each pixel; `more` further rays where it differs from a neighbour."""
    i = wp.tid()
    n = lens.size
    px = i % n
    py = i // n
    lit = shade(stage, film, i, n)
    total = film.rest[i] + wp.cw_mul(film.key[i], lit)
    cover = film.opacity[i]
    edge = bool(False)
    if px > 0:
        edge = edge or differs(stage, film, i, i - 1)
    if px < n - 1:
        edge = edge or differs(stage, film, i, i + 1)
    if py > 0:
        edge = edge or differs(stage, film, i, i - n)
    if py < n - 1:
        edge = edge or differs(stage, film, i, i + n)
    if edge and more > 0:
        state = wp.rand_init(2, i)
        u = wp.randf(state)
        v = wp.randf(state)
        for k in range(more):
            # even over the pixel: a rank-1 lattice, shifted in each (Roberts, 2018)
            x = float(px) + wp.frac(0.7548777 * float(k + 1) + u) - 0.5
            y = float(py) + wp.frac(0.5698403 * float(k + 1) + v) - 0.5
            seen = follow(stage, lens.position, ray_through(lens, x, y))
            total = total + seen.rest + wp.cw_mul(seen.key, lit)
            cover = cover + seen.opacity
        total = total / float(more + 1)
        cover = cover / float(more + 1)
    light[i] = total
    opacity[i] = cover


@wp.kernel
def see_points(
    stage: wp.array(dtype=Stage),
    camera: wp.vec3,
    points: wp.array(dtype=wp.vec3),
    slack: float,
    visible: wp.array(dtype=wp.int32),
):
    """1 where only hair, lashes or clear glass is in front of a point, up to `slack` metres."""
    i = wp.tid()
    way = points[i] - camera
    length = wp.length(way)
    way = way / length
    travelled = float(0.0)
    seen = int(1)
    for _k in range(16):
        q = wp.mesh_query_ray(
            stage[0].mesh, camera + way * travelled, way, length - slack - travelled
        )
        if not q.result:
            break
        m = stage[0].materials[q.face]
        passes = m == LASH or m == SHELL or m == LONG_HAIR
        if m == LENS:
            passes = stage[0].look[0].lens_tint < 0.5
        if m == HAT:
            hit = hit_at(stage, q.face, q.u, q.v, camera, way)
            passes = hit.a[0] < 0.0
        if not passes:
            seen = 0
            break
        travelled = travelled + q.t + PAST
    visible[i] = seen


@wp.kernel
def openness(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    normals: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    reach: float,
    out: wp.array(dtype=float),
):
    """Cosine-weighted share of the sky over each point that is not blocked within `reach`."""
    i = wp.tid()
    seen = float(0.0)
    total = float(0.0)
    for k in range(directions.shape[0]):
        w = wp.dot(directions[k], normals[i])
        if w > 0.0:
            total = total + w
            q = wp.mesh_query_ray(mesh, points[i] + normals[i] * 0.0015, directions[k], reach)
            if not q.result:
                seen = seen + w
    out[i] = seen / wp.max(total, 1.0e-6)
