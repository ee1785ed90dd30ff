"""Data structures of the kernels, and functions that all shaders share."""

import warp as wp

from landmarks.synthesis.shading.noise import noise


@wp.struct
class SceneMaterials:
    """Materials and lights of one scene; fields are documented in `landmarks.synthesis.scene`."""

    grain: wp.int32
    # skin
    melanin: float
    tint: wp.vec3  # of skin without photograph
    photographed: float  # whether there is a photograph of the skin: 0 or 1
    gain: wp.vec3  # of the photograph
    blotches: float
    redness: float
    cheeks: float
    freckles: float
    moles: float
    under_eyes: float
    roughness: float
    oil: float
    bumps: float
    wrinkles: float
    smile: float  # how strongly the mouth smiles, which folds the cheeks
    lips: wp.vec3
    lipstick: float
    wet_lips: float
    eye_makeup: float
    stubble: float
    # eyes
    iris: wp.vec3
    iris_angle: float
    pupil_angle: float
    sclera: wp.vec3
    brow_density: float
    brow_width: float
    lashes: float
    left_eye: wp.vec3  # centre at rest
    right_eye: wp.vec3
    left_eye_now: wp.vec3  # centre in the scene
    right_eye_now: wp.vec3
    up: wp.vec3  # of the head in the scene
    eye_height: float
    # hair
    hair: wp.vec3
    hair_density: float
    strands: float
    curl: float
    crown: wp.vec3
    long_cut: float
    beard: float
    # worn and held
    collar: float
    cloth: wp.vec3
    cloth_second: wp.vec3
    cloth_pattern: float
    frame: wp.vec3
    lens_tint: float
    hat: wp.vec3
    knit: float
    thing: wp.vec3
    # light
    key: wp.vec3
    key_colour: wp.vec3
    softness: float
    fill: wp.vec3
    fill_colour: wp.vec3


@wp.struct
class Hit:
    """Where a ray meets the mesh.

    `rest` is the same point on the average face, in which textures are defined; `a` and `b` are
    the features of its block, per scene and constant.
    """

    point: wp.vec3
    normal: wp.vec3
    towards: wp.vec3  # to the camera
    rest: wp.vec3
    a: wp.vec4
    b: wp.vec4


@wp.struct
class Surface:
    """Surface properties at a hit, as needed for lighting."""

    alpha: float
    albedo: wp.vec3
    normal: wp.vec3
    roughness: float
    reflectance: float  # at normal incidence
    scattering: float  # below the surface: softens the edge of shadows, more so in red
    open: float  # share of the environment that reaches it
    lit: float  # share of the key light not blocked by details that rays do not resolve
    glint: float  # strength of a wet highlight
    fibre: float  # 1: strands, shaded by their direction
    along: wp.vec3  # direction of the strands
    emission: wp.vec3


@wp.func
def matt(hit: Hit, albedo: wp.vec3, roughness: float):
    """A plain surface."""
    s = Surface()
    s.alpha = float(1.0)
    s.albedo = albedo
    s.normal = hit.normal
    s.roughness = roughness
    s.reflectance = 0.028
    s.scattering = 0.0
    s.open = 1.0
    s.lit = 1.0
    s.glint = 0.0
    s.fibre = 0.0
    s.along = wp.vec3(0.0, 0.0, 1.0)
    s.emission = wp.vec3(0.0, 0.0, 0.0)
    return s


@wp.func
def ramp(low: float, high: float, x: float):
    """A smooth step from 0 at `low` to 1 at `high`, which may be the smaller."""
    t = wp.clamp((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


@wp.func
def mix(first: wp.vec3, second: wp.vec3, share: float):
    """`first` with `share` of `second`."""
    return first * (1.0 - share) + second * share


@wp.func
def layers(seed: wp.uint32, p: wp.vec3):
    """Three octaves of noise, about [-1, 1]."""
    return noise(seed, p) * 0.55 + noise(seed, p * 2.1) * 0.28 + noise(seed, p * 4.3) * 0.17


@wp.func
def noise3(a: wp.uint32, b: wp.uint32, c: wp.uint32, p: wp.vec3):
    """A random vector that varies smoothly with `p`."""
    return wp.vec3(
        noise(a, p),
        noise(b, p + wp.vec3(7.0, 1.0, 3.0)),
        noise(c, p + wp.vec3(3.0, 9.0, 1.0)),
    )
