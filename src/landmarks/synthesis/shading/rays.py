"""Light along the rays from the camera through thin surfaces, and shadow rays to the key light."""

import warp as wp

from landmarks.synthesis.shading.boxes import nearest
from landmarks.synthesis.shading.light import leaving
from landmarks.synthesis.shading.raster import (
    PAST,
    Lens,
    Raster,
    meets,
    next_triangle,
    outline,
)
from landmarks.synthesis.shading.stage import (
    CLOTH,
    HAT,
    LASH,
    LENS,
    LONG_HAIR,
    SHELL,
    TEETH,
    Stage,
    hit_at,
    is_layer,
    surface,
)
from landmarks.synthesis.shading.structs import ramp

LAYERS = wp.constant(10)  # maximum number of surfaces that one ray passes through
FAR = wp.constant(1.0e6)


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
        q = nearest(stage[0].tree, start + direction * travelled, direction, 1.0)
        face = int(q[3])
        if face < 0:
            break
        m = stage[0].materials[face]
        if m == SHELL:
            share = share * 0.55
        elif m == LONG_HAIR or m == HAT:
            hit = hit_at(stage, face, 1.0 - q[1] - q[2], q[1], start, direction)
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
        travelled = travelled + q[0] + 0.0008
    return share


@wp.func
def follow(stage: wp.array(dtype=Stage), raster: Raster, lens: Lens, place: wp.vec2, number: int):
    """Follow the ray through a place of the raster through thin surfaces until it is blocked."""
    ray = ray_through(lens, place)
    per_depth = 1.0 / wp.dot(ray, lens.forward)
    seen = Seen()
    seen.key = wp.vec3(0.0, 0.0, 0.0)
    seen.rest = wp.vec3(0.0, 0.0, 0.0)
    seen.triangle = int(-1)
    seen.distance = float(FAR)
    seen.normal = -ray
    left = float(1.0)
    behind = float(0.0)
    for _k in range(LAYERS):
        face = next_triangle(raster, number, behind)
        if face < 0:
            break
        meeting = meets(outline(stage, raster.screen, face), place)
        at = meeting[2] * per_depth
        m = stage[0].materials[face]
        u = 1.0 - meeting[0] - meeting[1]
        hit = hit_at(stage, face, u, meeting[0], lens.position + ray * at, ray)
        if (is_layer(m) or m == TEETH) and wp.dot(hit.normal, ray) > 0.0:
            hit.normal = -hit.normal
        s = surface(stage, m, hit, face, u, meeting[0])
        if s.alpha > 0.01:
            if m == LENS:
                seen.rest = seen.rest + s.emission * (left * s.alpha)
            else:
                light = leaving(s, hit, stage[0].look, stage[0].sky)
                seen.key = seen.key + light.key * (left * s.alpha)
                seen.rest = seen.rest + light.rest * (left * s.alpha)
            if seen.triangle < 0 and s.alpha > 0.5:
                seen.triangle = face
                seen.distance = at
                seen.normal = hit.normal
            left = left * (1.0 - s.alpha)
        if left < 0.03:
            break
        behind = meeting[2] + PAST
    seen.opacity = 1.0 - left
    return seen


@wp.func
def key_light(
    stage: wp.array(dtype=Stage), place: wp.vec3, normal: wp.vec3, number: int, shadows: int
):
    """Share of the key light that arrives, estimated by rays towards different parts of it.

    `number` is the pixel's in its tile; each number samples other parts of the light.
    """
    look = stage[0].look
    key = look[0].key
    start = place + normal * 0.0012
    share = float(0.0)
    for k in range(shadows):
        # even over the light in each tile of 25 pixels: a rank-1 lattice (Roberts, 2018)
        n = float(number + 25 * k)
        off = wp.vec3(
            wp.frac(0.5 + 0.8191725 * n) - 0.5,
            wp.frac(0.5 + 0.6710436 * n) - 0.5,
            wp.frac(0.5 + 0.5497005 * n) - 0.5,
        )
        share = share + reaches(stage, start, wp.normalize(key + off * look[0].softness))
    return share / float(shadows)


@wp.func
def ray_through(lens: Lens, place: wp.vec2):
    """Unit vector through a place of the picture, pixels."""
    sideways = lens.right * ((place[0] - lens.cx) / lens.focal)
    return wp.normalize(lens.forward + sideways + lens.down * ((place[1] - lens.cy) / lens.focal))
