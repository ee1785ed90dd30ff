"""Shaders of cloth, hats, glasses and held objects."""

import warp as wp

from landmarks.synthesis.shading.noise import noise
from landmarks.synthesis.shading.structs import Hit, SceneMaterials, layers, matt, mix, noise3, ramp


@wp.func
def cloth(
    hit: Hit, look: wp.array(dtype=SceneMaterials), s1: wp.uint32, s2: wp.uint32, s3: wp.uint32
):
    """A garment, cut at its neckline, with folds and sometimes a pattern."""
    r = hit.rest
    front = wp.clamp(-r[1] / 0.10, -1.0, 1.0)
    colour = look[0].cloth * (1.0 + 0.12 * noise(s1, r * 500.0))
    if look[0].cloth_pattern > 0.0:
        wave = wp.sin(r[2] * look[0].cloth_pattern * 40.0) * wp.sin(
            r[0] * look[0].cloth_pattern * 31.0
        )
        colour = mix(colour, look[0].cloth_second, ramp(-0.1, 0.1, wave))
    s = matt(hit, colour, 0.8)
    s.reflectance = 0.02
    s.open = 0.9
    s.normal = wp.normalize(hit.normal + noise3(s1, s2, s3, r * 45.0) * 0.35)
    if r[2] - look[0].eye_height > look[0].collar - 0.035 * front:
        s.alpha = 0.0
    return s


@wp.func
def is_cut(features: wp.vec4):
    """Whether a place of a hat is beyond its edge; if so, then at lower features too."""
    return features[0] < -0.0005


@wp.func
def hat(
    hit: Hit, look: wp.array(dtype=SceneMaterials), s1: wp.uint32, s2: wp.uint32, s3: wp.uint32
):
    """A hat, cut at its edge. Features: see `growth.Hat`."""
    r = hit.rest
    ribs = wp.sin(wp.atan2(r[0], -r[1] - 0.05) * 70.0)
    colour = look[0].hat * (1.0 + 0.15 * noise(s1, r * 400.0) + 0.35 * look[0].knit * ribs)
    s = matt(hit, colour, 0.85)
    s.reflectance = 0.02
    s.open = 0.9
    s.normal = wp.normalize(hit.normal + noise3(s1, s2, s3, r * 60.0) * (0.2 + 0.3 * look[0].knit))
    s.alpha = ramp(-0.0005, 0.0005, hit.a[0])
    return s


@wp.func
def frame(hit: Hit, look: wp.array(dtype=SceneMaterials)):
    """The frame of glasses."""
    s = matt(hit, look[0].frame, 0.28)
    s.reflectance = 0.05
    s.glint = 0.1
    return s


@wp.func
def lens(hit: Hit, look: wp.array(dtype=SceneMaterials), mirrored: wp.vec3):
    """Glass: its reflection of the environment and its tint."""
    facing = wp.abs(wp.dot(hit.normal, hit.towards))
    mirror = 0.04 + 0.96 * wp.pow(1.0 - facing, 5.0)
    half = wp.normalize(look[0].key + hit.towards)
    glare = wp.pow(wp.max(wp.dot(hit.normal, half), 0.0), 600.0) * 1.5
    s = matt(hit, wp.vec3(0.0, 0.0, 0.0), 0.5)
    s.alpha = wp.clamp(look[0].lens_tint + mirror, 0.0, 1.0)
    light = mirrored * (0.55 * mirror) + look[0].key_colour * glare
    s.emission = light / wp.max(s.alpha, 0.02)
    return s


@wp.func
def thing(hit: Hit, look: wp.array(dtype=SceneMaterials), s2: wp.uint32):
    """An object held in front of the face."""
    s = matt(hit, look[0].thing * (1.0 + 0.2 * layers(s2, hit.rest * 60.0)), 0.5)
    s.open = 0.9
    s.glint = 0.05
    return s
