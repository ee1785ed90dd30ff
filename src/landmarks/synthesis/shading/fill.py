"""Convert a scene to the structure that the kernels read."""

from dataclasses import fields

import warp as wp

from landmarks.synthesis.mesh.blocks import Posed
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.skin import Eyes, Skin
from landmarks.synthesis.shading.structs import SceneMaterials

NOTHING = (0.0, 0.0, 0.0)
UNCHANGED = (1.0, 1.0, 1.0)


def fill_materials(scene: Scene, posed: Posed) -> SceneMaterials:
    """The materials and lights of a scene on its posed head."""
    look = SceneMaterials()
    look.grain = scene.grain
    _skin(look, scene.skin)
    _eyes(look, scene.eyes)
    actions = scene.expression.actions
    look.smile = max(actions.get(f"mouthSmile{side}", 0.0) for side in ("Left", "Right"))
    _hair(look, scene)
    _worn(look, scene)
    _lights(look, scene)
    left, right = posed.head.eyes
    look.left_eye = wp.vec3(*posed.head.rest[left].mean(axis=0))
    look.right_eye = wp.vec3(*posed.head.rest[right].mean(axis=0))
    look.left_eye_now = wp.vec3(*posed.bent.vertices[left].mean(axis=0))
    look.right_eye_now = wp.vec3(*posed.bent.vertices[right].mean(axis=0))
    look.up = wp.vec3(*posed.bent.rotation[:, 2])
    look.eye_height = posed.regions.eye_height
    return look


def _skin(look: SceneMaterials, skin: Skin) -> None:
    """Copy all fields, which have the same names; the texture's file is loaded apart."""
    for field in fields(Skin):
        value = getattr(skin, field.name)
        if field.name != "texture":
            setattr(look, field.name, wp.vec3(*value) if isinstance(value, tuple) else value)
    texture = skin.texture
    look.photographed = float(texture is not None)
    look.gain = wp.vec3(*(texture.gain if texture else NOTHING))
    look.tint = wp.vec3(*(texture.tint if texture else UNCHANGED))


def _eyes(look: SceneMaterials, eyes: Eyes) -> None:
    """Copy all fields except the position of the brows, which is part of the mesh."""
    look.iris, look.sclera = wp.vec3(*eyes.iris), wp.vec3(*eyes.sclera)
    look.iris_angle, look.pupil_angle = eyes.iris_angle, eyes.pupil_angle
    look.brow_density, look.brow_width = eyes.brow_density, eyes.brow_width
    look.lashes = eyes.lashes


def _hair(look: SceneMaterials, scene: Scene) -> None:
    hair, beard = scene.hair, scene.beard
    look.hair, look.crown = wp.vec3(*hair.colour), wp.vec3(*hair.crown)
    look.hair_density, look.strands, look.curl = hair.density, hair.strands, hair.curl
    look.long_cut = hair.long
    look.beard, look.stubble = beard.density, beard.stubble


def _worn(look: SceneMaterials, scene: Scene) -> None:
    look.collar = scene.clothing.collar
    look.cloth = wp.vec3(*scene.clothing.colour)
    look.cloth_second = wp.vec3(*scene.clothing.second)
    look.cloth_pattern = scene.clothing.pattern
    glasses, hat, held = scene.glasses, scene.headwear, scene.occluder
    look.frame = wp.vec3(*(glasses.colour if glasses else NOTHING))
    look.lens_tint = glasses.tint if glasses else 0.0
    look.hat = wp.vec3(*(hat.colour if hat else NOTHING))
    look.knit = hat.knit if hat else 0.0
    look.thing = wp.vec3(*(held.colour if held else NOTHING))


def _lights(look: SceneMaterials, scene: Scene) -> None:
    light = scene.lighting
    look.key, look.key_colour = wp.vec3(*light.key), wp.vec3(*light.key_colour)
    look.fill, look.fill_colour = wp.vec3(*light.fill), wp.vec3(*light.fill_colour)
    look.softness = light.softness
