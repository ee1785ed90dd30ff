"""Convert the tracer's scene to Mitsuba and render it. Importing this module needs Mitsuba."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import drjit as dr
import mitsuba as mi
import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.blocks import Material
from landmarks.synthesis.path_tracing.dicing import Pieces, dice
from landmarks.synthesis.path_tracing.lights import surroundings
from landmarks.synthesis.path_tracing.materials import KINDS, Kind, as_bsdf
from landmarks.synthesis.scene.lighting import Lighting
from landmarks.synthesis.scene.view import Camera
from landmarks.synthesis.shading.tracer import Tracer

PIECE, FINE_PIECE = 1.5, 0.75  # pixels of an edge; the latter in eyes, where details are small
CLEAR, SOLID = 0.01, 0.99  # opacity below which a piece is left out, and above which it is whole

mi.set_variant("scalar_rgb")  # compiled beforehand: needs neither LLVM nor a GPU
mi.set_log_level(mi.LogLevel.Error)
dr.set_thread_count(1)  # datasets are rendered by processes of one thread each


@dataclass(frozen=True, eq=False, kw_only=True)
class Surfaces:
    """Surface properties at the corners of pieces.

    Attributes:
        pieces: The mesh.
        found: (N,) records of the ray caster's `Surface`.
        towards: (N, 3) unit vectors to the camera.
        strands: (N, 2) metres across and along the strands of hair.
        material: (M,) a `Material` of each piece.
    """

    pieces: Pieces
    found: NDArray[np.void]
    towards: NDArray[np.float32]
    strands: NDArray[np.float32]
    material: NDArray[np.int32]


def photograph(
    tracer: Tracer, lighting: Lighting, camera: Camera, *, samples: int, depth: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Render light (H, W, 3) and opacity (H, W) of the loaded scene; see `Traced`.

    Args:
        tracer: Has loaded a scene.
        lighting: Its lights.
        camera: Where it is seen from.
        samples: Paths through each pixel.
        depth: Longest path in segments, from camera to lamp; 2: direct light only.
            Transparent surfaces do not count.
        seed: Of the paths.
    """
    size = np.where(tracer.materials == Material.EYE, FINE_PIECE, PIECE)
    pieces = dice(tracer.vertices, tracer.triangles, camera, size)
    found = tracer.describe(pieces.face, pieces.place, camera)
    towards = camera.position.astype(np.float32) - pieces.point
    surfaces = Surfaces(
        pieces=pieces,
        found=found,
        towards=towards / np.linalg.norm(towards, axis=1, keepdims=True),
        strands=_across_and_along(pieces, found),
        material=tracer.materials[pieces.face[pieces.corners[:, 0]]],
    )
    scene = mi.load_dict(
        {
            "type": "scene",
            "integrator": {"type": "volpath", "max_depth": depth, "hide_emitters": True},
            "sensor": _sensor(camera, samples),
            "light": _light(lighting),
            **{f"mesh{k}": mesh for k, mesh in enumerate(_meshes(surfaces))},
        }
    )
    picture = np.array(mi.render(scene, seed=seed), np.float32)
    return picture[..., :3], np.clip(picture[..., 3], 0.0, 1.0)


def _across_and_along(pieces: Pieces, found: NDArray[np.void]) -> NDArray[np.float32]:
    """(N, 2) texture coordinates that define the direction of hair highlights for Mitsuba.

    Straight within each triangle, by the strands at its first corner.
    """
    _, first, triangle = np.unique(pieces.face, return_index=True, return_inverse=True)
    along = found["along"][first]
    across = np.cross(found["normal"][first], along)
    axes = np.stack([across, along], axis=1)[triangle]
    return np.asarray(np.einsum("nkd,nd->nk", axes, pieces.point), np.float32)


def _sensor(camera: Camera, samples: int) -> dict[str, Any]:
    """The camera. Mitsuba counts pixels from the corner, and offsets in pictures."""
    _, down, forward = camera.rotation
    to_world = mi.ScalarTransform4f().look_at(
        origin=camera.position.tolist(),
        target=(camera.position + forward).tolist(),
        up=(-down).tolist(),
    )
    x, y = (0.5 - (c + 0.5) / camera.size for c in camera.centre)
    return {
        "type": "perspective",
        "fov": float(np.degrees(2 * np.arctan(camera.size / (2 * camera.focal)))),
        "principal_point_offset_x": x,
        "principal_point_offset_y": y,
        "near_clip": 0.01,
        "far_clip": 100.0,
        "to_world": to_world,
        "sampler": {"type": "multijitter", "sample_count": samples},
        "film": {
            "type": "hdrfilm",
            "width": camera.size,
            "height": camera.size,
            "pixel_format": "rgba",
            "component_format": "float32",
            "rfilter": {"type": "box"},
        },
    }


def _light(lighting: Lighting) -> dict[str, Any]:
    """All light sources, at infinite distance."""
    z_up = mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    return {"type": "envmap", "bitmap": mi.Bitmap(surroundings(lighting)), "to_world": z_up}


def _meshes(surfaces: Surfaces) -> Iterator[Any]:
    """A mesh for each kind of material, solid and not."""
    opacity = surfaces.found["alpha"][surfaces.pieces.corners]
    solid = opacity.min(axis=1) > SOLID
    clear = opacity.max(axis=1) < CLEAR
    for kind in KINDS:
        own = np.isin(surfaces.material, kind.of) & ~clear
        for chosen, is_solid in ((own & solid, True), (own & ~solid, False)):
            if chosen.any():
                yield _mesh(surfaces, kind, chosen, is_solid)


def _mesh(surfaces: Surfaces, kind: Kind, chosen: NDArray[np.bool_], solid: bool) -> Any:  # noqa: ANN401 - Mitsuba has no types
    """The chosen pieces as a mesh of Mitsuba's."""
    used, corners = np.unique(surfaces.pieces.corners[chosen], return_inverse=True)
    found = surfaces.found[used]
    properties = mi.Properties()
    properties["mesh_bsdf"] = mi.load_dict(as_bsdf(kind, solid=solid))
    mesh = mi.Mesh(
        "pieces",
        len(used),
        int(chosen.sum()),
        props=properties,
        has_vertex_normals=True,
        has_vertex_texcoords=True,
    )
    parameters = mi.traverse(mesh)
    parameters["vertex_positions"] = surfaces.pieces.point[used].ravel()
    parameters["vertex_normals"] = found["normal"].ravel()
    parameters["vertex_texcoords"] = surfaces.strands[used].ravel()
    parameters["faces"] = corners.ravel().astype(np.uint32)
    parameters.update()
    for name, size, values in (
        ("colour", 3, np.clip(kind.colour(found, surfaces.towards[used]), 0, 1)),
        ("roughness", 1, np.clip(found["roughness"], 0.05, 1)),
        ("opacity", 1, np.clip(found["alpha"], 0, 1)),
    ):
        mesh.add_attribute(f"vertex_{name}", size, values.astype(np.float32).ravel())
    return mesh
