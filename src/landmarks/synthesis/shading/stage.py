"""The loaded scene on the device (mesh, materials, lights), and surface look-up at a hit."""

import warp as wp

from landmarks.synthesis.mesh.blocks import Material
from landmarks.synthesis.shading import eye, hair, skin, things
from landmarks.synthesis.shading.boxes import Tree
from landmarks.synthesis.shading.light import environment, mirrored
from landmarks.synthesis.shading.photo import photographed
from landmarks.synthesis.shading.structs import Hit, SceneMaterials

# Kernels can read integers, but not enumerations.
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


@wp.struct
class Stage:
    """The mesh of a scene, its materials and its lights."""

    tree: Tree
    points: wp.array(dtype=wp.vec3)
    triangles: wp.array(dtype=wp.int32)
    materials: wp.array(dtype=wp.int32)
    normals: wp.array(dtype=wp.vec3)
    rest: wp.array(dtype=wp.vec3)
    features: wp.array(dtype=wp.vec4)
    constants: wp.array(dtype=wp.vec4)
    brow: wp.array(dtype=wp.vec2)
    texture: wp.array2d(dtype=wp.vec4)
    corners: wp.array(dtype=wp.vec3)  # of all triangles, in the texture
    sky: wp.array(dtype=wp.vec3)
    look: wp.array(dtype=SceneMaterials)


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
def photo_at(stage: wp.array(dtype=Stage), face: int, u: float, v: float):
    """The photographed skin of a place on a triangle."""
    i = stage[0].triangles[3 * face]
    j = stage[0].triangles[3 * face + 1]
    k = stage[0].triangles[3 * face + 2]
    points = wp.matrix_from_rows(stage[0].points[i], stage[0].points[j], stage[0].points[k])
    corners = wp.matrix_from_rows(
        stage[0].corners[3 * face], stage[0].corners[3 * face + 1], stage[0].corners[3 * face + 2]
    )
    weights = wp.vec3(u, v, 1.0 - u - v)
    return photographed(stage[0].texture, stage[0].look, weights, points, corners)


@wp.func
def is_layer(material: int):
    """Whether rays may pass through a surface; all others have an `alpha` of 1."""
    return (
        material == LASH
        or material == LONG_HAIR
        or material == SHELL
        or material == CLOTH
        or material == LENS
        or material == HAT
    )


@wp.func
def is_absent(stage: wp.array(dtype=Stage), triangle: int):
    """Whether no part of a triangle is visible, by the features of its corners."""
    m = stage[0].materials[triangle]
    if m != SHELL and m != HAT:
        return False
    a = stage[0].features[stage[0].triangles[3 * triangle]]
    b = stage[0].features[stage[0].triangles[3 * triangle + 1]]
    c = stage[0].features[stage[0].triangles[3 * triangle + 2]]
    most = wp.max(wp.max(a, b), c)
    if m == HAT:
        return things.is_cut(most)
    return hair.is_bald(most, stage[0].look)


@wp.func
def surface(stage: wp.array(dtype=Stage), material: int, hit: Hit, face: int, u: float, v: float):
    """Shade a hit with the function of its material."""
    look = stage[0].look
    s1 = wp.rand_init(look[0].grain, 11)
    s2 = wp.rand_init(look[0].grain, 23)
    s3 = wp.rand_init(look[0].grain, 37)
    if material == SKIN:
        return skin.skin(hit, photo_at(stage, face, u, v), look, stage[0].brow, s1, s2, s3)
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
