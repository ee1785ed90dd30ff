"""Eyeballs and lashes."""

import warp as wp

from landmarks.synthesis.shading.noise import noise
from landmarks.synthesis.shading.structs import Hit, SceneMaterials, layers, matt, mix, ramp


@wp.func
def eye(hit: Hit, look: wp.array(dtype=SceneMaterials), s1: wp.uint32, s2: wp.uint32):
    """Sclera, iris and pupil by the angle from the eye's axis, with the shadow of the upper lid."""
    centre = look[0].left_eye
    centre_now = look[0].left_eye_now
    if hit.rest[0] < 0.0:
        centre = look[0].right_eye
        centre_now = look[0].right_eye_now
    d = wp.normalize(hit.rest - centre)
    angle = wp.acos(wp.clamp(-d[1], -1.0, 1.0))
    around = wp.atan2(d[2], d[0])
    edge = look[0].iris_angle
    veins = ramp(0.25, 0.6, wp.abs(layers(s1, d * 9.0))) * ramp(0.5, 1.1, angle)
    white = wp.cw_mul(look[0].sclera, wp.vec3(1.0, 1.0 - 0.35 * veins, 1.0 - 0.35 * veins))
    corner = mix(wp.vec3(1.0, 1.0, 1.0), wp.vec3(0.9, 0.62, 0.58), ramp(0.75, 1.25, angle))
    white = wp.cw_mul(white, corner)
    rays = noise(s2, wp.vec3(wp.cos(around) * 7.0, wp.sin(around) * 7.0, angle * 4.0))
    iris = look[0].iris * (0.85 + 0.7 * rays) * (1.0 - 0.75 * ramp(edge * 0.78, edge, angle))
    iris = iris * (1.0 + 0.36 * ramp(0.75 * edge, look[0].pupil_angle, angle))
    colour = mix(iris, white, ramp(edge * 0.94, edge * 1.07, angle))
    colour = colour * ramp(look[0].pupil_angle * 0.9, look[0].pupil_angle * 1.08, angle)
    s = matt(hit, colour, 0.09)
    height = wp.dot(hit.point - centre_now, look[0].up)
    s.open = 0.20 + 0.60 * ramp(0.0075, 0.0, height) * (1.0 - 0.35 * ramp(0.9, 1.3, angle))
    s.lit = 0.30 + 0.60 * ramp(0.007, 0.001, height)
    s.scattering = 0.15
    s.glint = 1.0
    wet = ramp(-0.0062, -0.0072, height)  # the line of tears on the lower lid
    s.albedo = mix(s.albedo, wp.vec3(0.75, 0.68, 0.66), 0.5 * wet)
    return s


@wp.func
def lash(hit: Hit, look: wp.array(dtype=SceneMaterials)):
    """Lashes: a comb that thins out away from the lid."""
    root = ramp(0.3, 0.0, hit.a[1])  # where dense lashes form one dark line
    comb = wp.sin(hit.a[0] * 150.0) * 0.5 * (1.0 - root) + 0.55 - 1.15 * hit.a[1]
    s = matt(hit, wp.vec3(0.012, 0.010, 0.009), 0.6)
    low = ramp(-0.001, -0.006, hit.rest[2] - look[0].eye_height)  # those of the lower lid are fine
    s.alpha = ramp(-0.05, 0.35, comb) * look[0].lashes * (1.0 - 0.65 * low)
    return s
