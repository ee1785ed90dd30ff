"""The colour of bare skin, procedural or photographed."""

import warp as wp

from landmarks.synthesis.colour import FLUSH, TONES
from landmarks.synthesis.shading.noise import noise
from landmarks.synthesis.shading.photo import Photo
from landmarks.synthesis.shading.structs import Hit, SceneMaterials, layers, mix, ramp

PALEST, FAIR, BROWN, DARK, DARKEST = (wp.constant(wp.vec3(*colour)) for colour in TONES)
ABSORBED = wp.constant(wp.vec3(*FLUSH))

# Of procedural skin on average, which textures already show.
USUAL_CHEEKS = wp.constant(0.3)
USUAL_RINGS = wp.constant(0.4)
LIPSTICK = wp.constant(0.7)  # how much of a photograph it covers


@wp.func
def tone(melanin: float):
    """Linear RGB of skin with this much melanin."""
    x = melanin * 4.0
    if x < 1.0:
        return mix(PALEST, FAIR, x)
    if x < 2.0:
        return mix(FAIR, BROWN, x - 1.0)
    if x < 3.0:
        return mix(BROWN, DARK, x - 2.0)
    return mix(DARK, DARKEST, wp.min(x - 3.0, 1.0))


@wp.func
def flushed(colour: wp.vec3, blood: float):
    """Skin with this much blood."""
    return wp.cw_mul(colour, wp.vec3(1.0, 1.0, 1.0) - ABSORBED * blood)


@wp.func
def complexion(
    hit: Hit,
    photo: Photo,
    look: wp.array(dtype=SceneMaterials),
    s1: wp.uint32,
    s2: wp.uint32,
    s3: wp.uint32,
):
    """Colour of bare skin: melanin, blood, freckles, moles, rings.

    Where a photograph covers the skin, it replaces the pattern of melanin and the natural lips;
    cheeks and rings are then relative to the usual ones, which it shows.
    """
    r = hit.rest
    plain = 1.0 - photo.share
    large = layers(s1, r * 22.0)
    fine = layers(s2, r * 160.0)
    melanin = look[0].melanin + plain * look[0].blotches * (0.5 * large + 0.35 * fine)
    if look[0].freckles > 0.0:
        spots = noise(s2, r * 420.0) * 0.6 + noise(s3, r * 260.0) * 0.4
        melanin = (
            melanin + plain * look[0].freckles * ramp(0.28, 0.5, spots) * (0.3 + hit.b[1]) * 0.3
        )
    if look[0].moles > 0.0:
        melanin = melanin + plain * look[0].moles * ramp(0.50, 0.62, noise(s1, r * 95.0)) * 0.3
    colour = wp.cw_mul(tone(wp.clamp(melanin, 0.0, 1.0)), look[0].tint)
    colour = mix(colour, photo.colour, photo.share)
    cheeks = look[0].cheeks - photo.share * USUAL_CHEEKS
    blood = look[0].redness * (1.0 + 0.35 * fine) + cheeks * hit.a[1] * (1.0 + 0.4 * large)
    colour = flushed(colour, blood)
    dark = look[0].under_eyes - photo.share * USUAL_RINGS
    rings = mix(wp.vec3(1.0, 1.0, 1.0), wp.vec3(0.80, 0.70, 0.74), dark * hit.b[0])
    colour = wp.cw_mul(colour, rings)
    colour = mix(colour, wp.vec3(0.10, 0.06, 0.07), look[0].eye_makeup * hit.b[0] * 0.35)
    painted = 0.95 * plain + LIPSTICK * look[0].lipstick * photo.share
    return mix(colour, look[0].lips * (1.0 + 0.12 * fine), painted * ramp(0.3, 0.8, hit.a[0]))
