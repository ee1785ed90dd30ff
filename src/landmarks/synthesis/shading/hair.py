"""Hair: shells over the skin, cards around the head, a knot."""

import warp as wp

from landmarks.synthesis.shading.noise import noise
from landmarks.synthesis.shading.structs import Hit, SceneMaterials, matt, ramp


@wp.func
def around_crown(rest: wp.vec3, look: wp.array(dtype=SceneMaterials)):
    """(cos, sin) of the angle around the crown, and the angle from it, along which strands run."""
    q = wp.normalize(rest - wp.vec3(0.0, -0.05, look[0].eye_height + 0.02))
    c = wp.normalize(look[0].crown)
    from_crown = wp.acos(wp.clamp(wp.dot(q, c), -1.0, 1.0))
    x = wp.normalize(wp.cross(c, wp.vec3(0.0, 0.3, 1.0)))
    y = wp.cross(c, x)
    around = wp.normalize(wp.vec2(wp.dot(q, x), wp.dot(q, y)))
    return wp.vec3(around[0], around[1], from_crown)


@wp.func
def fibres(hit: Hit, colour: wp.vec3, along: wp.vec3, openness: float):
    """Strands along a direction."""
    s = matt(hit, colour, 0.5)
    s.fibre = 1.0
    s.along = along
    s.open = openness
    return s


@wp.func
def is_bald(features: wp.vec4, look: wp.array(dtype=SceneMaterials)):
    """Whether a shell has no hair at a place, whatever the noise; if so, then at lower features."""
    on_head = features[1] >= -0.15
    on_chin = look[0].beard * features[2] >= 0.01
    return features[3] < 0.0012 or not (on_head or on_chin)


@wp.func
def shell(
    hit: Hit, look: wp.array(dtype=SceneMaterials), s1: wp.uint32, s2: wp.uint32, s3: wp.uint32
):
    """A shell of hair or beard. Features: see `growth.Shells`."""
    s = fibres(hit, look[0].hair, wp.vec3(0.0, 0.0, 1.0), 0.5)
    s.alpha = 0.0
    if is_bald(hit.a, look):
        return s
    r = hit.rest
    level = hit.a[0]
    q = around_crown(r, look)
    over = hit.a[1] + 0.05 * noise(s1, r * 55.0)
    over = over + 0.07 * noise(s2, wp.vec3(q[0] * 34.0, q[1] * 34.0, q[2] * 4.0))
    on_head = ramp(0.0, 0.12, over) * look[0].hair_density
    on_chin = 0.9 * look[0].beard * hit.a[2]
    if wp.max(on_head, on_chin) <= 0.01:
        return s  # too little to be drawn
    straight = wp.vec3(q[0] * look[0].strands, q[1] * look[0].strands, q[2] * 5.0 + level * 0.6)
    curls = r * (170.0 + 3.0 * look[0].strands) + wp.vec3(level, level, level)
    p = straight * (1.0 - look[0].curl) + curls * look[0].curl
    strand = noise(s3, p) * 0.6 + noise(s2, p * 2.3) * 0.4
    if on_chin > on_head:
        strand = noise(s1, r * 900.0) * 0.5 + noise(s2, r * 420.0) * 0.5
    s.alpha = wp.max(on_head, on_chin) * ramp(
        0.62 * level - 0.28, 0.62 * level + 0.10, strand + 0.38
    )
    s.alpha = s.alpha * ramp(0.0012, 0.0035, hit.a[3])
    s.albedo = look[0].hair * (0.55 + 0.45 * level + 0.75 * strand)
    crown = wp.normalize(look[0].crown)
    n = hit.normal
    s.along = wp.normalize(n * wp.dot(n, crown) - crown + n * 0.25)
    s.open = 0.35 + 0.55 * level
    return s


@wp.func
def long_hair(
    hit: Hit, look: wp.array(dtype=SceneMaterials), s1: wp.uint32, s2: wp.uint32, s3: wp.uint32
):
    """A card of long hair. Features: see `growth.Cards`."""
    around = hit.a[0]
    down = hit.a[1]
    r = hit.rest
    wave = (
        look[0].curl * 1.5 * wp.sin(down * 40.0 + 3.0 * noise(s1, wp.vec3(around * 8.0, 0.0, 0.0)))
    )
    strand = noise(s2, wp.vec3(around * 60.0 + wave, down * 2.0, 0.0)) * 0.5
    strand = strand + noise(s3, wp.vec3(around * 190.0 + 3.0 * wave, down * 3.0, 1.0)) * 0.5
    tip = look[0].long_cut + 0.10 * noise(s1, wp.vec3(around * 80.0, 0.0, 0.0))
    alpha = ramp(-0.55, -0.15, strand + 0.35 * wp.sin(hit.a[2] * 3.14159)) * ramp(
        tip, tip - 0.05, down
    )
    beside = wp.abs(r[0]) - 0.066 - 0.012 * strand
    beside = beside - 0.010 * noise(s3, wp.vec3(0.0, 0.0, r[2] * 25.0))
    above = r[2] - look[0].eye_height - 0.062 - 0.010 * strand
    off_face = wp.max(ramp(-0.004, 0.004, beside), ramp(-0.004, 0.006, above))
    alpha = alpha * wp.max(off_face, ramp(-0.055, -0.03, r[1]))
    colour = look[0].hair * (0.85 + 0.7 * strand)
    shade = 0.55 + 0.3 * noise(s1, wp.vec3(around * 12.0, down * 2.0, 0.0))
    s = fibres(hit, colour, wp.normalize(wp.vec3(0.15 * strand, 0.1, -1.0)), shade)
    s.alpha = alpha * hit.a[3]
    return s


@wp.func
def knot(hit: Hit, look: wp.array(dtype=SceneMaterials), s2: wp.uint32, s3: wp.uint32):
    """Tied hair."""
    r = hit.rest
    turn = wp.atan2(r[0], r[2] - look[0].eye_height - 0.05)
    p = wp.vec3(turn * 9.0, r[1] * 150.0, 0.0)
    strand = 0.6 * noise(s2, p) + 0.4 * noise(s3, p * 3.0)
    return fibres(hit, look[0].hair * (0.8 + 0.7 * strand), wp.vec3(0.0, 1.0, 0.0), 0.65)
