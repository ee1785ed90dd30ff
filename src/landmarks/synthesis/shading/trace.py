"""The kernels: render pictures, test the visibility of points, compute ambient openness.

All are in one module because Warp compiles a module's kernels and all their functions together.
"""

import warp as wp

from landmarks.synthesis.shading.boxes import Tree, nearest
from landmarks.synthesis.shading.raster import (
    FARTHEST,
    PAST,
    Lens,
    Raster,
    centre_of,
    keep,
    meets,
    outline,
    place_in,
    projected,
)
from landmarks.synthesis.shading.rays import follow, key_light, ray_through
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
    is_absent,
    is_layer,
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
    normal: wp.array(dtype=wp.vec3)
    lit: wp.array(dtype=float)  # share of the key light that arrives
    shade: wp.array(dtype=wp.vec3)  # the same around a pixel, by colour
    edge: wp.array(dtype=wp.int32)  # 1: differs from a neighbour
    shift: wp.array(dtype=wp.vec2)  # of the places of further rays


FILM = {
    "key": wp.vec3, "rest": wp.vec3, "opacity": float, "triangle": wp.int32, "distance": float,
    "normal": wp.vec3, "lit": float, "shade": wp.vec3, "edge": wp.int32, "shift": wp.vec2,
}  # fmt: skip


@wp.kernel
def project(points: wp.array(dtype=wp.vec3), lens: Lens, screen: wp.array(dtype=wp.vec3)):
    """Where each vertex is on the picture; see `Raster.screen`."""
    i = wp.tid()
    screen[i] = projected(lens, points[i])


@wp.kernel
def rasterise(
    stage: wp.array(dtype=Stage), raster: Raster, triangles: wp.array(dtype=wp.int32), size: int
):
    """Record triangles at the centres of pixels, opaque ones before thin ones."""
    triangle = triangles[wp.tid()]
    if is_absent(stage, triangle):
        return
    t = outline(stage, raster.screen, triangle)
    if not t.drawn:
        return
    thin = is_layer(stage[0].materials[triangle])
    left = wp.max(int(wp.ceil(t.left)), 0)
    right = wp.min(int(wp.floor(t.right)), size - 1)
    top = wp.max(int(wp.ceil(t.top)), 0)
    bottom = wp.min(int(wp.floor(t.bottom)), size - 1)
    for y in range(top, bottom + 1):
        for x in range(left, right + 1):
            at = meets(t, wp.vec2(float(x), float(y)))
            if at[2] > 0.0 and at[2] < FARTHEST:
                keep(raster, y * size + x, triangle, at[2], thin)


@wp.kernel
def rasterise_edges(
    stage: wp.array(dtype=Stage),
    raster: Raster,
    triangles: wp.array(dtype=wp.int32),
    size: int,
    more: int,
    edge: wp.array(dtype=wp.int32),
    shift: wp.array(dtype=wp.vec2),
):
    """Record triangles at `more` further places of each pixel on an edge."""
    triangle = triangles[wp.tid()]
    if is_absent(stage, triangle):
        return
    t = outline(stage, raster.screen, triangle)
    if not t.drawn:
        return
    thin = is_layer(stage[0].materials[triangle])
    left = wp.max(int(wp.ceil(t.left - 0.5)), 0)
    right = wp.min(int(wp.floor(t.right + 0.5)), size - 1)
    top = wp.max(int(wp.ceil(t.top - 0.5)), 0)
    bottom = wp.min(int(wp.floor(t.bottom + 0.5)), size - 1)
    for y in range(top, bottom + 1):
        for x in range(left, right + 1):
            i = y * size + x
            if edge[i] != 0:
                for k in range(more):
                    at = meets(t, place_in(i, size, shift[i], k))
                    if at[2] > 0.0 and at[2] < FARTHEST:
                        keep(raster, i * more + k, triangle, at[2], thin)


@wp.kernel
def expose(stage: wp.array(dtype=Stage), raster: Raster, lens: Lens, film: Film):
    """One ray through the centre of each pixel."""
    i = wp.tid()
    seen = follow(stage, raster, lens, centre_of(i, lens.size), i)
    film.key[i] = seen.key
    film.rest[i] = seen.rest
    film.opacity[i] = seen.opacity
    film.triangle[i] = seen.triangle
    film.distance[i] = seen.distance
    film.normal[i] = seen.normal
    film.lit[i] = 1.0


@wp.kernel
def shadow(stage: wp.array(dtype=Stage), lens: Lens, shadows: int, film: Film):
    """Share of the key light that arrives at the centre of each pixel, by `shadows` rays."""
    i = wp.tid()
    if film.triangle[i] < 0 or wp.dot(film.normal[i], stage[0].look[0].key) < -0.3:
        return  # no surface, or it faces away from the light
    ray = ray_through(lens, centre_of(i, lens.size))
    place = lens.position + ray * film.distance[i]
    number = tile(i % lens.size, i // lens.size)
    film.lit[i] = key_light(stage, place, film.normal[i], number, shadows)


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
    film: Film,
    size: int,
    more: int,
    light: wp.array(dtype=wp.vec3),
    opacity: wp.array(dtype=float),
):
    """Light of each pixel, divided among 1 + `more` rays where it differs from a neighbour."""
    i = wp.tid()
    px = i % size
    py = i // size
    edge = bool(False)
    if px > 0:
        edge = edge or differs(stage, film, i, i - 1)
    if px < size - 1:
        edge = edge or differs(stage, film, i, i + 1)
    if py > 0:
        edge = edge or differs(stage, film, i, i - size)
    if py < size - 1:
        edge = edge or differs(stage, film, i, i + size)
    share = float(1.0)
    film.edge[i] = 0
    if edge:
        share = 1.0 / float(1 + more)
        film.edge[i] = 1
        state = wp.rand_init(2, i)
        film.shift[i] = wp.vec2(wp.randf(state), wp.randf(state))
    film.shade[i] = shade(stage, film, i, size)
    light[i] = (film.rest[i] + wp.cw_mul(film.key[i], film.shade[i])) * share
    opacity[i] = film.opacity[i] * share


@wp.kernel
def refine(
    stage: wp.array(dtype=Stage),
    raster: Raster,
    lens: Lens,
    film: Film,
    more: int,
    light: wp.array(dtype=wp.vec3),
    opacity: wp.array(dtype=float),
):
    """Add `more` further rays to each pixel that differs from a neighbour."""
    i = wp.tid()
    if film.edge[i] == 0:
        return
    share = 1.0 / float(1 + more)
    for k in range(more):
        place = place_in(i, lens.size, film.shift[i], k)
        seen = follow(stage, raster, lens, place, i * more + k)
        light[i] = light[i] + (seen.rest + wp.cw_mul(seen.key, film.shade[i])) * share
        opacity[i] = opacity[i] + seen.opacity * share


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
        reach = length - slack - travelled
        q = nearest(stage[0].tree, camera + way * travelled, way, reach)
        face = int(q[3])
        if face < 0:
            break
        m = stage[0].materials[face]
        passes = m == LASH or m == SHELL or m == LONG_HAIR
        if m == LENS:
            passes = stage[0].look[0].lens_tint < 0.5
        if m == HAT:
            hit = hit_at(stage, face, 1.0 - q[1] - q[2], q[1], camera, way)
            passes = hit.a[0] < 0.0
        if not passes:
            seen = 0
            break
        travelled = travelled + q[0] + PAST
    visible[i] = seen


@wp.kernel
def openness(
    tree: Tree,
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
            q = nearest(tree, points[i] + normals[i] * 0.0015, directions[k], reach)
            if q[3] < 0.0:
                seen = seen + w
    out[i] = seen / wp.max(total, 1.0e-6)
