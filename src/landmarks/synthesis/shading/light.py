"""Light on a surface: a key light, a fill light and the environment."""

import warp as wp

from landmarks.synthesis.shading.structs import Hit, SceneMaterials, Surface


@wp.func
def environment(c: wp.array(dtype=wp.vec3), n: wp.vec3):
    """Irradiance from direction `n` (Ramamoorthi and Hanrahan, 2001, equation 13)."""
    e = c[0] * 0.886 + (c[1] * n[1] + c[2] * n[2] + c[3] * n[0]) * 1.023
    e = e + (c[4] * (n[0] * n[1]) + c[5] * (n[1] * n[2]) + c[7] * (n[0] * n[2])) * 0.858
    e = (
        e
        + c[6] * (0.248 * (3.0 * n[2] * n[2] - 1.0))
        + c[8] * (0.429 * (n[0] * n[0] - n[1] * n[1]))
    )
    return wp.vec3(wp.max(e[0], 0.0), wp.max(e[1], 0.0), wp.max(e[2], 0.0))


@wp.func
def from_light(s: Surface, towards: wp.vec3, light: wp.vec3):
    """Share of a light that an opaque surface reflects to the camera.

    Diffuse light wraps around the edge of skin, most in red, as light that scatters below it;
    the highlight is GGX (Walter et al., "Microfacet models for refraction", 2007).
    """
    n = s.normal
    nl = wp.dot(n, light)
    wrap = wp.vec3(0.32, 0.12, 0.06) * s.scattering
    diffuse = wp.vec3(
        wp.max((nl + wrap[0]) / (1.0 + wrap[0]), 0.0),
        wp.max((nl + wrap[1]) / (1.0 + wrap[1]), 0.0),
        wp.max((nl + wrap[2]) / (1.0 + wrap[2]), 0.0),
    )
    out = wp.cw_mul(s.albedo, diffuse)
    if nl > 0.0:
        half = wp.normalize(light + towards)
        nh = wp.max(wp.dot(n, half), 0.0)
        vh = wp.max(wp.dot(towards, half), 0.0)
        nv = wp.max(wp.dot(n, towards), 0.05)
        a2 = s.roughness * s.roughness * s.roughness * s.roughness
        spread = nh * nh * (a2 - 1.0) + 1.0
        d = a2 / (3.1416 * spread * spread)
        x = 1.0 - vh
        f = s.reflectance + (1.0 - s.reflectance) * x * x * x * x * x
        k = 0.5 * s.roughness * s.roughness
        g = 1.0 / ((nl * (1.0 - k) + k + 0.001) * (nv * (1.0 - k) + k) * 4.0)
        shine = d * f * g * nl
        out = out + wp.vec3(shine, shine, shine)
    return out


@wp.func
def from_light_fibre(s: Surface, towards: wp.vec3, light: wp.vec3):
    """The same for strands (Kajiya and Kay, "Rendering fur with 3D textures", 1989)."""
    tl = wp.dot(s.along, light)
    soft = 0.35 + 0.65 * wp.max(wp.dot(s.normal, light), 0.0)
    out = s.albedo * (wp.sqrt(wp.max(1.0 - tl * tl, 0.0)) * soft)
    th = wp.dot(s.along, wp.normalize(light + towards))
    shine = 0.5 * wp.pow(wp.max(1.0 - th * th, 0.0), 24.0)
    return out + (s.albedo * 0.8 + wp.vec3(0.03, 0.03, 0.03)) * shine


@wp.struct
class Leaving:
    """Light that leaves towards the camera: of the key light, unshadowed, and the rest."""

    key: wp.vec3
    rest: wp.vec3


@wp.func
def leaving(
    s: Surface, hit: Hit, look: wp.array(dtype=SceneMaterials), sky: wp.array(dtype=wp.vec3)
):
    """Compute all light that a surface reflects to the camera."""
    towards = hit.towards
    key = look[0].key
    key_colour = look[0].key_colour * s.lit
    fill = look[0].fill
    fill_colour = look[0].fill_colour
    ambient = wp.cw_mul(s.albedo, environment(sky, s.normal))
    out = Leaving()
    if s.fibre > 0.5:
        out.key = wp.cw_mul(from_light_fibre(s, towards, key), key_colour)
        out.rest = wp.cw_mul(from_light_fibre(s, towards, fill), fill_colour) + ambient * s.open
        return out
    out.key = wp.cw_mul(from_light(s, towards, key), key_colour)
    rest = wp.cw_mul(from_light(s, towards, fill), fill_colour) * (0.4 + 0.6 * s.open)
    rest = rest + wp.cw_mul(ambient, wp.vec3(wp.pow(s.open, 0.8), s.open, s.open))
    x = 1.0 - wp.max(wp.dot(s.normal, towards), 0.0)
    mirror = s.reflectance + 0.5 * (1.0 - s.roughness) * x * x * x * x * x
    rest = rest + environment(sky, mirrored(hit, s.normal)) * (mirror * s.open)
    if s.glint > 0.0:
        out.key = out.key + key_colour * (14.0 * s.glint * spot(s.normal, towards, key, 3500.0))
        wet = 8.0 * s.glint * s.lit * spot(s.normal, towards, fill, 700.0)
        rest = rest + fill_colour * wet
    out.rest = rest
    return out


@wp.func
def spot(n: wp.vec3, towards: wp.vec3, light: wp.vec3, sharpness: float):
    """A wet highlight (Blinn, 1977)."""
    return wp.pow(wp.max(wp.dot(n, wp.normalize(light + towards)), 0.0), sharpness)


@wp.func
def mirrored(hit: Hit, n: wp.vec3):
    """Reflection of the viewing direction at normal `n`."""
    return n * (2.0 * wp.dot(hit.towards, n)) - hit.towards
