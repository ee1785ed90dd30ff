"""Rays: what the camera sees, what is visible, how open each place is."""

import warp as wp

from landmarks.synthesis.mesh.blocks import Material
from landmarks.synthesis.shading import eye, hair, skin, things
from landmarks.synthesis.shading.light import environment, leaving, mirrored
from landmarks.synthesis.shading.look import Hit, Look, ramp

wp.set_module_options({"enable_backward": False, "fast_math": True})

# A kernel reads numbers, not enumerations.
SKIN = wp.constant(int(Material.SKIN))
EYE = wp.constant(int(Material.EYE))
TONGUE = wp.constant(int(Material.TONGUE))
TEETH = wp.constant(int(Material.TEETH))
LASH = wp.constant(int(Material.LASH))
LONG_HAIR = wp.constant(int(Material.LONG_HAIR))
SHELL = wp.constant(int(Material.SHELL))
CLOTH = wp.constant(int(Material.CLOTH))
FRAME = wp.constant(int(Material.FRAME))
LENS = wp.constant(int(Material.LENS))
THING = wp.constant(int(Material.THING))
HAT = wp.constant(int(Material.HAT))
KNOT = wp.constant(int(Material.KNOT))

LAYERS = wp.constant(10)  # most surfaces that one ray passes through
FAR = wp.constant(1.0e6)


@wp.struct
class Stage:
    """The mesh of a scene, its materials and its lights."""

    mesh: wp.uint64
    triangles: wp.array(dtype=wp.int32)
    materials: wp.array(dtype=wp.int32)
    normals: wp.array(dtype=wp.vec3)
    rest: wp.array(dtype=wp.vec3)
    features: wp.array(dtype=wp.vec4)
    constants: wp.array(dtype=wp.vec4)
    brow: wp.array(dtype=wp.vec2)
    sky: wp.array(dtype=wp.vec3)
    look: wp.array(dtype=Look)


@wp.struct
class Lens:
    """The camera; see `landmarks.synthesis.scene.view.Camera`."""

    position: wp.vec3
    right: wp.vec3
    down: wp.vec3
    forward: wp.vec3
    focal: float
    cx: float
    cy: float
    size: wp.int32


@wp.struct
class Seen:
    """What one ray brings back.

    Light of the key light as if it had no obstacle, and all other light; and the first triangle
    that hides more than half of what is behind: its place is where shadows are looked for.
    """

    key: wp.vec3
    rest: wp.vec3
    opacity: float
    triangle: wp.int32
    distance: float
    normal: wp.vec3


@wp.func
def hit_at(
    stage: wp.array(dtype=Stage), face: int, u: float, v: float, point: wp.vec3, ray: wp.vec3
):
    """The place on a triangle."""
    i = stage[0].triangles[3 * face]
    j = stage[0].triangles[3 * face + 1]
    k = stage[0].triangles[3 * face + 2]
    w = 1.0 - u - v
    hit = Hit()
    hit.point = point
    hit.normal = wp.normalize(
        stage[0].normals[i] * u + stage[0].normals[j] * v + stage[0].normals[k] * w
    )
    hit.towards = -ray
    hit.rest = stage[0].rest[i] * u + stage[0].rest[j] * v + stage[0].rest[k] * w
    hit.a = stage[0].features[i] * u + stage[0].features[j] * v + stage[0].features[k] * w
    hit.b = stage[0].constants[i] * u + stage[0].constants[j] * v + stage[0].constants[k] * w
    return hit


@wp.func
def is_thin(material: int):
    """Whether a surface is seen from both sides."""
    return (
        material == LASH
        or material == LONG_HAIR
        or material == SHELL
        or material == CLOTH
        or material == LENS
        or material == HAT
        or material == TEETH
    )


@wp.func
def surface(stage: wp.array(dtype=Stage), material: int, hit: Hit):
    """What lies at a hit: one function a material."""
    look = stage[0].look
    s1 = wp.rand_init(look[0].grain, 11)
    s2 = wp.rand_init(look[0].grain, 23)
    s3 = wp.rand_init(look[0].grain, 37)
    if material == SKIN:
        return skin.skin(hit, look, stage[0].brow, s1, s2, s3)
    if material == SHELL:
        return hair.shell(hit, look, s1, s2, s3)
    if material == CLOTH:
        return things.cloth(hit, look, s1, s2, s3)
    if material == LONG_HAIR:
        return hair.long_hair(hit, look, s1, s2, s3)
    if material == EYE:
        return eye.eye(hit, look, s1, s2)
    if material == LASH:
        return eye.lash(hit, look)
    if material == TEETH:
        return skin.teeth(hit)
    if material == TONGUE:
        return skin.tongue(hit, s1)
    if material == FRAME:
        return things.frame(hit, look)
    if material == LENS:
        return things.lens(hit, look, environment(stage[0].sky, mirrored(hit, hit.normal)))
    if material == THING:
        return things.thing(hit, look, s2)
    if material == HAT:
        return things.hat(hit, look, s1, s2, s3)
    if material == KNOT:
        return hair.knot(hit, look, s2, s3)
    return skin.hand(hit, look, s1, s2, s3)


@wp.func
def reaches(stage: wp.array(dtype=Stage), start: wp.vec3, direction: wp.vec3):
    """Share of a light that arrives at `start`; hair lets some of it through."""
    travelled = float(0.0006)
    share = float(1.0)
    for _k in range(5):
        q = wp.mesh_query_ray(stage[0].mesh, start + direction * travelled, direction, 1.0)
        if not q.result:
            break
        m = stage[0].materials[q.face]
        if m == SHELL:
            share = share * 0.55
        elif m == LONG_HAIR or m == HAT:
            hit = hit_at(stage, q.face, q.u, q.v, start, direction)
            blocked = float(0.0)
            if m == HAT:
                if hit.a[0] > 0.0:
                    blocked = 1.0
            else:
                beside = ramp(0.060, 0.076, wp.abs(hit.rest[0]))
                above = ramp(0.055, 0.085, hit.rest[2] - stage[0].look[0].eye_height)
                blocked = 0.65 * wp.max(wp.max(beside, above), ramp(-0.06, -0.03, hit.rest[1]))
            share = share * (1.0 - blocked)
        elif m != LASH and m != LENS and m != CLOTH:
            return 0.0
        travelled = travelled + q.t + 0.0008
    return share


@wp.func
def follow(stage: wp.array(dtype=Stage), origin: wp.vec3, ray: wp.vec3):
    """A ray through everything thin until something hides what is behind."""
    seen = Seen()
    seen.key = wp.vec3(0.0, 0.0, 0.0)
    seen.rest = wp.vec3(0.0, 0.0, 0.0)
    seen.triangle = int(-1)
    seen.distance = float(FAR)
    seen.normal = -ray
    left = float(1.0)
    travelled = float(0.0)
    for _k in range(LAYERS):
        q = wp.mesh_query_ray(stage[0].mesh, origin + ray * travelled, ray, 5.0)
        if not q.result:
            break
        at = travelled + q.t
        m = stage[0].materials[q.face]
        hit = hit_at(stage, q.face, q.u, q.v, origin + ray * at, ray)
        if is_thin(m) and wp.dot(hit.normal, ray) > 0.0:
            hit.normal = -hit.normal
        s = surface(stage, m, hit)
        if s.alpha > 0.01:
            if m == LENS:
                seen.rest = seen.rest + s.emission * (left * s.alpha)
            else:
                light = leaving(s, hit, stage[0].look, stage[0].sky)
                seen.key = seen.key + light.key * (left * s.alpha)
                seen.rest = seen.rest + light.rest * (left * s.alpha)
            if seen.triangle < 0 and s.alpha > 0.5:
                seen.triangle = q.face
                seen.distance = at
                seen.normal = hit.normal
            left = left * (1.0 - s.alpha)
        if left < 0.03:
            break
        travelled = at + 0.0003
    seen.opacity = 1.0 - left
    return seen


@wp.func
def key_light(
    stage: wp.array(dtype=Stage),
    seen: Seen,
    origin: wp.vec3,
    ray: wp.vec3,
    shadows: int,
    state: wp.uint32,
):
    """Share of the key light that arrives, by so many rays towards different parts of it."""
    look = stage[0].look
    key = look[0].key
    if shadows == 0 or seen.triangle < 0 or wp.dot(seen.normal, key) < -0.3:
        return 1.0  # nothing there, or it faces away by itself
    start = origin + ray * seen.distance + seen.normal * 0.0012
    share = float(0.0)
    for _k in range(shadows):
        off = wp.vec3(wp.randf(state) - 0.5, wp.randf(state) - 0.5, wp.randf(state) - 0.5)
        share = share + reaches(stage, start, wp.normalize(key + off * look[0].softness))
    return share / float(shadows)


@wp.func
def ray_through(lens: Lens, x: float, y: float):
    """Unit vector through a place of the picture, pixels."""
    sideways = lens.right * ((x - lens.cx) / lens.focal)
    return wp.normalize(lens.forward + sideways + lens.down * ((y - lens.cy) / lens.focal))


@wp.struct
class Film:
    """What one ray through the centre of each pixel saw; arrays over pixels, row by row."""

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
    film.lit[i] = key_light(stage, seen, lens.position, ray, shadows, wp.rand_init(1, i))


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

    A few rays towards a large light make grain; what lies side by side is lit alike.
    """
    if film.triangle[i] < 0:
        return wp.vec3(1.0, 1.0, 1.0)
    px = i % size
    py = i // size
    total = float(0.0)
    weight = float(0.0)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            x = px + dx
            y = py + dy
            if x >= 0 and x < size and y >= 0 and y < size:
                j = y * size + x
                if not differs(stage, film, i, j):
                    w = wp.exp(-0.35 * float(dx * dx + dy * dy))
                    total = total + w * film.lit[j]
                    weight = weight + w
    lit = total / wp.max(weight, 1.0e-6)
    red = lit
    m = stage[0].materials[film.triangle[i]]
    if m == SKIN:
        red = wp.pow(lit, 0.75)  # light scatters below skin, most of it red
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
    """1 where nothing but hair, lashes and clear glass lies before a point, short of `slack`."""
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
        travelled = travelled + q.t + 0.0003
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
    """Share of the sky over each point, by the cosine, that nothing within `reach` hides."""
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
