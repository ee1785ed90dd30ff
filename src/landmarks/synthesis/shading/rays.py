"""Cast rays from the camera through thin surfaces, and shadow rays to the key light."""

import warp as wp

from landmarks.synthesis.shading.light import leaving
from landmarks.synthesis.shading.stage import (
    CLOTH,
    HAT,
    LASH,
    LENS,
    LONG_HAIR,
    SHELL,
    Stage,
    hit_at,
    is_thin,
    surface,
)
from landmarks.synthesis.shading.structs import ramp

LAYERS = wp.constant(10)  # maximum number of surfaces that one ray passes through
FAR = wp.constant(1.0e6)
PAST = wp.constant(
    2.0e-5
)  # metres by which a ray restarts behind a surface; small, as skin may follow


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
    """The result of one ray.

    Unshadowed light of the key light, all other light, and the first triangle that hides more than
    half of what is behind it, from which shadow rays start.
    """

    key: wp.vec3
    rest: wp.vec3
    opacity: float
    triangle: wp.int32
    distance: float
    normal: wp.vec3


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
    """Follow a ray through thin surfaces until it is blocked."""
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
        s = surface(stage, m, hit, q.face, q.u, q.v)
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
        travelled = at + PAST
    seen.opacity = 1.0 - left
    return seen


@wp.func
def key_light(
    stage: wp.array(dtype=Stage),
    seen: Seen,
    origin: wp.vec3,
    ray: wp.vec3,
    shadows: int,
    place: int,
):
    """Share of the key light that arrives, estimated by rays towards different parts of it.

    `place` is the pixel's number in its tile; each number samples other parts of the light.
    """
    look = stage[0].look
    key = look[0].key
    if shadows == 0 or seen.triangle < 0 or wp.dot(seen.normal, key) < -0.3:
        return 1.0  # no surface, or it faces away from the light
    start = origin + ray * seen.distance + seen.normal * 0.0012
    share = float(0.0)
    for k in range(shadows):
        # even over the light in each tile of 25 pixels: a rank-1 lattice (Roberts, 2018)
        n = float(place + 25 * k)
        off = wp.vec3(
            wp.frac(0.5 + 0.8191725 * n) - 0.5,
            wp.frac(0.5 + 0.6710436 * n) - 0.5,
            wp.frac(0.5 + 0.5497005 * n) - 0.5,
        )
        share = share + reaches(stage, start, wp.normalize(key + off * look[0].softness))
    return share / float(shadows)


@wp.func
def ray_through(lens: Lens, x: float, y: float):
    """Unit vector through a place of the picture, pixels."""
    sideways = lens.right * ((x - lens.cx) / lens.focal)
    return wp.normalize(lens.forward + sideways + lens.down * ((y - lens.cy) / lens.focal))
