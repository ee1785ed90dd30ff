"""Skin with brows, stubble and hair roots, and the inside of the mouth."""

import warp as wp

from landmarks.synthesis.shading.complexion import complexion, flushed, tone
from landmarks.synthesis.shading.hair import around_crown
from landmarks.synthesis.shading.noise import noise
from landmarks.synthesis.shading.photo import Photo
from landmarks.synthesis.shading.structs import (
    Hit,
    SceneMaterials,
    Surface,
    layers,
    matt,
    mix,
    noise3,
    ramp,
)


@wp.func
def furrow(distance: float, width: float):
    """Depth of a line at a distance from its middle."""
    x = distance / width
    return wp.exp(-x * x)


@wp.func
def wrinkles(r: wp.vec3, look: wp.array(dtype=SceneMaterials), wobble: float):
    """Depth of the lines of forehead, eyes and mouth at a place of the average face."""
    x = wp.abs(r[0])
    z = r[2] - look[0].eye_height
    depth = float(0.0)
    if z > 0.028 and z < 0.075 and x < 0.05:
        bent = z + 0.06 * x + 0.0045 * wobble
        depth = furrow((bent - 0.012 * wp.round(bent / 0.012)), 0.0012) * ramp(0.05, 0.025, x)
        depth = look[0].wrinkles * depth * ramp(-0.5, 0.6, wobble + wp.sin(310.0 * z))
    if x > 0.046 and x < 0.064 and wp.abs(z) < 0.022:  # crow's feet
        angle = wp.atan2(z + 0.001 * wobble, x - 0.038)
        fan = angle - 0.32 * wp.round(angle / 0.32)
        line = furrow(fan * (x - 0.038), 0.0012) * ramp(0.064, 0.056, x)
        line = line * ramp(0.046, 0.050, x) * ramp(0.022, 0.016, wp.abs(z))
        depth = wp.max(depth, (look[0].wrinkles + 0.2 * look[0].smile) * line)
    if z < -0.030 and z > -0.075:  # from the nose to the corners of the mouth
        fold = 0.019 + (-0.030 - z) * 0.30 + 0.001 * wobble
        line = furrow(x - fold, 0.0018) * ramp(-0.078, -0.066, z) * ramp(-0.030, -0.042, z)
        depth = wp.max(depth, (look[0].wrinkles + 0.6 * look[0].smile) * line)
    return wp.min(depth, 1.0)


@wp.func
def brow(
    r: wp.vec3,
    look: wp.array(dtype=SceneMaterials),
    curve: wp.array(dtype=wp.vec2),
    s2: wp.uint32,
    s3: wp.uint32,
):
    """Opacity of the brow at a place of the average face."""
    p = wp.vec2(-wp.abs(r[0]), r[2])
    nearest = float(1.0)
    at = float(0.0)
    side = float(0.0)
    for i in range(4):
        start = curve[i]
        step = curve[i + 1] - start
        t = wp.clamp(wp.dot(p - start, step) / wp.dot(step, step), 0.0, 1.0)
        off = p - (start + step * t)
        d = wp.length(off)
        if d < nearest:
            nearest = d
            at = (float(i) + t) / 4.0
            side = step[0] * off[1] - step[1] * off[0]
    if side > 0.0:
        nearest = nearest * 1.35
    if nearest > 0.012:
        return 0.0
    inner = 0.35 + 0.65 * ramp(0.0, 0.35, at) * (1.0 - 0.25 * at)
    width = look[0].brow_width * inner * (1.0 - 0.30 * ramp(0.85, 1.0, at))
    strand = noise(s2, wp.vec3(r[0] * 900.0 + r[2] * 700.0, r[2] * 260.0 - r[0] * 200.0, 1.0))
    strand = 0.5 * strand + 0.35 * noise(s3, r * 700.0)
    body = ramp(width * 1.3, width * 0.4, nearest + strand * 0.0016)
    return wp.clamp(body * look[0].brow_density * (0.95 + 0.5 * strand), 0.0, 0.95)


@wp.func
def stubble(
    s: Surface, hit: Hit, look: wp.array(dtype=SceneMaterials), s2: wp.uint32, uneven: float
):
    """Skin with short hair of the beard."""
    grown = look[0].stubble * hit.a[2] * (0.75 + 0.8 * noise(s2, hit.rest * 600.0) + 0.35 * uneven)
    dark = look[0].hair * 0.9 + s.albedo * 0.06
    s.albedo = mix(s.albedo, dark, 0.85 * wp.clamp(grown, 0.0, 0.92))
    return s


@wp.func
def roots(
    s: Surface,
    hit: Hit,
    look: wp.array(dtype=SceneMaterials),
    s1: wp.uint32,
    s2: wp.uint32,
    s3: wp.uint32,
):
    """Skin over the hairline, where hair grows."""
    r = hit.rest
    q = around_crown(r, look)
    over = hit.a[3] + 0.05 * noise(s1, r * 55.0)
    over = over + 0.07 * noise(s2, wp.vec3(q[0] * 34.0, q[1] * 34.0, q[2] * 4.0))
    share = ramp(-0.02, 0.10, over) * look[0].hair_density
    strand = noise(s3, wp.vec3(q[0] * look[0].strands, q[1] * look[0].strands, q[2] * 5.0))
    s.albedo = mix(s.albedo, look[0].hair * (0.75 + 0.45 * strand), wp.clamp(share, 0.0, 0.97))
    s.roughness = s.roughness + 0.25 * share
    s.scattering = 1.0 - share
    return s


@wp.func
def skin(
    hit: Hit,
    photo: Photo,
    look: wp.array(dtype=SceneMaterials),
    curve: wp.array(dtype=wp.vec2),
    s1: wp.uint32,
    s2: wp.uint32,
    s3: wp.uint32,
):
    """Bare skin, then hair on it. Features: see `blocks.Skull` and `Tracer`."""
    r = hit.rest
    uneven = noise(s3, r * 60.0)
    s = matt(hit, complexion(hit, photo, look, s1, s2, s3), 0.5)
    s.roughness = look[0].roughness - 0.10 * look[0].oil * hit.b[1] + 0.05 * uneven
    s.roughness = s.roughness - 0.13 * hit.a[0] * (0.4 + 0.6 * look[0].wet_lips)
    s.scattering = 1.0
    s.open = hit.b[2]
    pores = noise3(s1, s2, s3, r * 300.0) * 0.10 + noise3(s3, s1, s2, r * 110.0) * 0.06
    pores = pores * (1.0 - 0.5 * photo.share) - photo.slope * photo.share
    s.normal = wp.normalize(hit.normal + pores * look[0].bumps)
    depth = wrinkles(r, look, noise(s1, r * 70.0)) * (1.0 - 0.5 * photo.share)
    s.albedo = s.albedo * (1.0 - 0.32 * depth)
    s.open = s.open * (1.0 - 0.45 * depth)
    if look[0].stubble > 0.0:
        s = stubble(s, hit, look, s2, uneven)
    if hit.a[3] > -0.3 and look[0].hair_density > 0.0:
        s = roots(s, hit, look, s1, s2, s3)
    hairs = brow(r, look, curve, s2, s3)
    s.albedo = mix(s.albedo, look[0].hair * 0.55, hairs)
    s.roughness = s.roughness + 0.15 * hairs
    inside = hit.b[3]
    if inside > 0.02:
        s.albedo = mix(s.albedo, wp.vec3(0.30, 0.07, 0.06), inside)
        s.roughness = s.roughness * (1.0 - inside) + 0.25 * inside
        s.open = s.open * (1.0 - 0.75 * inside)
        s.lit = 1.0 - 0.7 * inside
    return s


@wp.func
def tongue(hit: Hit, s1: wp.uint32):
    """The tongue."""
    s = matt(hit, wp.vec3(0.42, 0.14, 0.13) * (1.0 + 0.2 * layers(s1, hit.rest * 200.0)), 0.32)
    s.open = 0.35
    s.scattering = 0.5
    s.lit = 0.6
    return s


@wp.func
def teeth(hit: Hit):
    """A row of teeth, darker between them and towards the back of the mouth."""
    gap = ramp(0.0, 0.25, wp.abs(wp.sin(hit.rest[0] * 330.0)))
    back = ramp(0.034, 0.016, wp.abs(hit.rest[0]))
    s = matt(hit, wp.vec3(0.78, 0.74, 0.64) * (0.8 + 0.2 * gap) * (0.6 + 0.4 * back), 0.2)
    s.normal = wp.normalize(hit.normal + hit.towards)  # light scatters in enamel
    s.open = 0.9
    s.scattering = 0.4
    s.glint = 0.12
    return s


@wp.func
def hand(
    hit: Hit, look: wp.array(dtype=SceneMaterials), s1: wp.uint32, s2: wp.uint32, s3: wp.uint32
):
    """Skin of a hand: like the face's, but without freckles and moles."""
    blood = look[0].redness * 1.2 + 0.2 * layers(s1, hit.rest * 120.0)
    colour = tone(wp.clamp(look[0].melanin + 0.1 * noise(s2, hit.rest * 80.0), 0.0, 1.0))
    s = matt(hit, flushed(wp.cw_mul(colour, look[0].tint), blood), look[0].roughness)
    s.normal = wp.normalize(hit.normal + noise3(s1, s2, s3, hit.rest * 260.0) * 0.12)
    s.scattering = 1.0
    s.open = 0.85
    return s
