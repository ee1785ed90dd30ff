"""The studio renders scenes to pictures; one per process, because it holds the traced mesh."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.background import paint
from landmarks.synthesis.background.surroundings import show
from landmarks.synthesis.camera import develop
from landmarks.synthesis.mesh.assembly import Assembly
from landmarks.synthesis.mesh.blocks import Posed
from landmarks.synthesis.mesh.brows import find_brows
from landmarks.synthesis.mesh.classes import TriangleClasses, find_classes
from landmarks.synthesis.mesh.front import find_front
from landmarks.synthesis.mesh.head import load_head
from landmarks.synthesis.mesh.labels import (
    LandmarkPlaces,
    contour,
    face_vertices,
    find_landmarks,
    pupils,
)
from landmarks.synthesis.mesh.off_model import displaced
from landmarks.synthesis.mesh.regions import find_regions
from landmarks.synthesis.mesh.surfaces import VertexNormals
from landmarks.synthesis.mesh.unwrapped import unwrap
from landmarks.synthesis.picture import Labels, Picture
from landmarks.synthesis.renderer import RayCaster
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.view import Camera, place_camera
from landmarks.synthesis.shading.fill import fill_materials
from landmarks.synthesis.shading.tracer import Tracer, openness
from landmarks.synthesis.textures import NONE, load_texture

# Offset from the landmarks' centre to the point that the camera looks at, in the head's axes.
LOOKED_AT = np.array([0.0, 0.045, 0.012])

NOSE_TIP = 30  # the camera focuses on it


class Studio:
    """Renders scenes.

    Args:
        device: Device of the tracer, "cpu" or "cuda".
        renderer: Computes the light; None: `RayCaster`.
    """

    def __init__(self, device: str = "cpu", renderer: RayCaster | None = None) -> None:
        self._renderer = renderer or RayCaster()
        self._head = load_head()
        self._regions = find_regions(self._head)
        self._places = find_landmarks(self._head, self._regions)
        front = find_front(self._head, self._regions)
        self._brows = find_brows(self._places, front, self._head.rest)
        self._assembly = Assembly(self._head, self._regions)
        self._skin_normals = VertexNormals(self._head.triangles_of("body"), len(self._head.rest))
        self._normals = VertexNormals(self._assembly.triangles, len(self._assembly.rest))
        self._tracer = Tracer(
            device,
            triangles=self._assembly.triangles,
            materials=self._assembly.materials,
            rest=self._assembly.rest,
            apart=self._assembly.apart,
            constants=self._constants(),
            corners=unwrap(self._head, self._regions, len(self._assembly.triangles)),
        )
        self.face = face_vertices(self._head, self._regions)
        """Vertices of the head that dense labels refer to."""

    def render(self, scene: Scene, size: int, dense: bool = False) -> Picture:
        """Render `size` x `size` pixels with labels, including `dense` labels if requested."""
        places = self._brows.on(self._places, scene.eyes)
        posed = self._pose(scene, places)
        vertices, features = self._assembly.place(posed, scene)
        sky = np.array(scene.lighting.environment, np.float32)
        look = fill_materials(scene, posed)
        hairs = self._brows.hairs(scene.eyes)
        middle = posed.landmarks[17:].mean(axis=0) + posed.bent.rotation @ LOOKED_AT
        camera = place_camera(scene.view, posed.bent.rotation, middle, posed.landmarks, size)
        texture = _texture(scene, camera)
        self._tracer.load(vertices, self._normals(vertices), features, sky, look, hairs, texture)
        seen = self._renderer.expose(self._tracer, scene, camera)
        depth = _along_view(seen.distance, camera)
        light = seen.light + (1 - seen.opacity[..., None]) * _behind(scene, camera)
        focus = float((posed.landmarks[NOSE_TIP] - camera.position) @ camera.rotation[2])
        return Picture(
            image=develop(light, depth, focus, scene.photo),
            segmentation=self._classes.of(hairs)[seen.triangle],
            depth=depth,
            labels=self._label(posed, places, scene, camera, dense),
            intrinsics=camera.intrinsics,
            extrinsics=camera.extrinsics,
            head_pose=(scene.view.yaw, scene.view.pitch, scene.view.roll),
            scene=scene,
        )

    def _pose(self, scene: Scene, places: LandmarkPlaces) -> Posed:
        head = self._head
        upright, joints = head.shape(scene.person, scene.expression)
        upright = displaced(upright, self._regions, scene.off_model)
        bent = head.bend(upright, joints, scene.view.neck)
        return Posed(
            head=head,
            regions=self._regions,
            upright=upright,
            bent=bent,
            normals=self._skin_normals(bent.vertices),
            landmarks=places.of(bent.vertices),
        )

    def _label(
        self, posed: Posed, places: LandmarkPlaces, scene: Scene, camera: Camera, dense: bool
    ) -> Labels:
        vertices = posed.bent.vertices
        marked = contour(places, vertices, posed.normals, camera)
        face = vertices[self.face] if dense else None
        return Labels(
            surface=camera.project(posed.landmarks).astype(np.float32),
            contour=marked.astype(np.float32),
            annotated=scene.annotator.label(marked).astype(np.float32),
            pupils=camera.project(pupils(self._head, vertices)).astype(np.float32),
            visible=self._tracer.visible(posed.landmarks, camera),
            points=posed.landmarks,
            dense=None if face is None else camera.project(face).astype(np.float32),
            dense_visible=None if face is None else self._tracer.visible(face, camera),
            dense_vertices=None if face is None else self._head.base_index[self.face],
        )

    def _constants(self) -> NDArray[np.float32]:
        """(n, 4) features of skin that are the same in all scenes; see `Tracer`."""
        head, regions = self._head, self._regions
        constants = np.zeros((len(self._assembly.rest), 4), np.float32)
        constants[:, 2] = 1.0
        solid = head.triangles[head.part <= head.parts.index("helper-lower-teeth")]
        normals = VertexNormals(solid, len(head.rest))(head.rest)
        own = constants[: len(head.rest)]
        own[:, 0], own[:, 1] = regions.under_eyes, regions.shine
        own[:, 2] = np.clip(0.12 + 0.95 * openness(head.rest, normals, solid), 0, 1)
        own[:, 3] = np.maximum(regions.mouth, regions.nostrils)
        return constants

    @cached_property
    def _classes(self) -> TriangleClasses:
        landmarks = self._places.of(self._head.rest)
        return find_classes(self._assembly, self._head, self._regions, landmarks)


def _behind(scene: Scene, camera: Camera) -> NDArray[np.float32]:
    """(size, size, 3) linear RGB of the background."""
    panorama = scene.lighting.panorama
    if panorama is not None and scene.background.surroundings:
        return show(panorama, camera)
    return paint(scene.background, camera.size)


def _texture(scene: Scene, camera: Camera) -> NDArray[np.float32]:
    """The photographed skin of a scene, as fine as the picture."""
    if scene.skin.texture is None:
        return NONE
    return load_texture(scene.skin.texture.file, camera.focal / scene.view.distance)


def _along_view(distance: NDArray[np.float32], camera: Camera) -> NDArray[np.float32]:
    """Depth along the viewing direction from distances along the rays, both (H, W) metres."""
    (cx, cy), pixels = camera.centre, np.arange(camera.size)
    x, y = (pixels - cx) / camera.focal, (pixels - cy) / camera.focal
    return np.asarray(distance / np.sqrt(1 + x[None] ** 2 + y[:, None] ** 2), np.float32)
