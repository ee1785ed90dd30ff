"""The studio renders scenes to pictures; one per process, because it holds the traced mesh."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import LandmarkScheme
from landmarks.synthesis.background import paint
from landmarks.synthesis.background.surroundings import show
from landmarks.synthesis.camera import develop
from landmarks.synthesis.mesh.assembly import Assembly
from landmarks.synthesis.mesh.blocks import Posed
from landmarks.synthesis.mesh.brows import find_brows
from landmarks.synthesis.mesh.classes import TriangleClasses, find_classes
from landmarks.synthesis.mesh.front import find_front
from landmarks.synthesis.mesh.head import Head, load_head
from landmarks.synthesis.mesh.labels import (
    LandmarkPlaces,
    contour,
    face_vertices,
    find_landmarks,
    pupils,
)
from landmarks.synthesis.mesh.off_model import displaced
from landmarks.synthesis.mesh.places import HeadPlaces, find_places
from landmarks.synthesis.mesh.regions import find_regions
from landmarks.synthesis.mesh.surfaces import VertexNormals
from landmarks.synthesis.mesh.unwrapped import unwrap
from landmarks.synthesis.normal_map import normal_map
from landmarks.synthesis.picture import Labels, Picture, SchemeLabels
from landmarks.synthesis.renderer import RayCaster
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.view import Camera, place_camera
from landmarks.synthesis.shading.fill import fill_materials
from landmarks.synthesis.shading.tracer import Tracer, openness
from landmarks.synthesis.textures import NONE, load_texture

# Offset from the landmarks' centre to the point that the camera looks at, in the head's axes.
LOOKED_AT = np.array([0.0, 0.045, 0.012])

NOSE_TIP = 30  # the camera focuses on it

# Metres: a pupil so far behind its surface is hidden by closed lids, which are thinner than the
# depth at which a point of the skin still counts as visible.
BEHIND_LIDS = 0.002

# A landmark between others is visible if half of them are: the straight line between two points of
# the jaw is inside the head.
HALF = 0.499  # and with rounding


@dataclass(frozen=True, eq=False)
class _Staged:
    """A scene whose mesh the tracer has loaded.

    Attributes:
        posed: The head.
        places: The 68 landmarks, on the brows of this person.
        camera: The camera.
        hairs: The middle line of the right brow; see `Brows.hairs`.
        vertices: (n, 3) of the whole mesh.
        normals: (n, 3) of its vertices.
    """

    posed: Posed
    places: LandmarkPlaces
    camera: Camera
    hairs: NDArray[np.float64]
    vertices: NDArray[np.floating]
    normals: NDArray[np.float32]

    def marked(self) -> NDArray[np.float64]:
        """(68, 2) landmarks as annotators place them."""
        posed = self.posed
        return contour(self.places, posed.bent.vertices, posed.normals, self.camera)


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

    def render(self, scene: Scene, size: int, also: Collection[str] = ()) -> Picture:
        """Render `size` x `size` pixels with labels.

        Args:
            scene: The scene.
            size: Pixels of a side.
            also: What else is computed: "dense" labels, "normals".
        """
        staged = self._stage(scene, size, textured=True)
        posed, camera = staged.posed, staged.camera
        seen = self._renderer.expose(self._tracer, scene, camera)
        depth = _along_view(seen.distance, camera)
        light = seen.light + (1 - seen.opacity[..., None]) * _behind(scene, camera)
        focus = float((posed.landmarks[NOSE_TIP] - camera.position) @ camera.rotation[2])
        triangles = self._assembly.triangles
        return Picture(
            image=develop(light, depth, focus, scene.photo),
            segmentation=self._classes.of(staged.hairs)[seen.triangle],
            depth=depth,
            labels=self._label(staged, scene, "dense" in also),
            intrinsics=camera.intrinsics,
            extrinsics=camera.extrinsics,
            head_pose=(scene.view.yaw, scene.view.pitch, scene.view.roll),
            scene=scene,
            normals=normal_map(seen, triangles, staged.vertices, staged.normals, camera)
            if "normals" in also
            else None,
        )

    def places_of(self, scheme: LandmarkScheme) -> HeadPlaces:
        """The landmarks of a scheme on the head; see `find_places`."""
        return find_places(scheme, self._head)

    def label(self, scene: Scene, size: int, places: HeadPlaces) -> SchemeLabels:
        """The landmarks of a scheme in the picture of `scene`, which is not rendered."""
        staged = self._stage(scene, size, textured=False)
        camera, vertices = staged.camera, staged.posed.bent.vertices
        lower, both = self._brows.lower(scene.eyes, vertices), pupils(self._head, vertices)
        in_space = np.concatenate([staged.posed.landmarks, lower, both])
        skin = places.skin(vertices)
        contour_marks = camera.project(in_space)
        contour_marks[:68] = marked = staged.marked()
        annotated_marks = contour_marks.copy()
        annotated_marks[:68] = scene.annotator.label(marked)
        # The lower edge of a brow moves with its upper edge, which is landmarks 17 to 26.
        annotated_marks[68:78] += annotated_marks[17:27] - marked[17:27]
        seen = camera.project(skin)
        behind_lids = np.concatenate([in_space, skin])
        behind_lids[78:80] += BEHIND_LIDS * _inwards(self._head, vertices, both)
        return SchemeLabels(
            surface=camera.project(places.of(in_space, skin)).astype(np.float32),
            contour=places.of(contour_marks, seen).astype(np.float32),
            annotated=places.of(annotated_marks, seen).astype(np.float32),
            visible=places.means @ self._tracer.visible(behind_lids, camera) >= HALF,
        )

    def _stage(self, scene: Scene, size: int, *, textured: bool) -> _Staged:
        """Pose the head, load the scene in the tracer and place the camera."""
        places = self._brows.on(self._places, scene.eyes)
        posed = self._pose(scene, places)
        vertices, features = self._assembly.place(posed, scene)
        sky = np.array(scene.lighting.environment, np.float32)
        look = fill_materials(scene, posed)
        hairs = self._brows.hairs(scene.eyes)
        middle = posed.landmarks[17:].mean(axis=0) + posed.bent.rotation @ LOOKED_AT
        camera = place_camera(scene.view, posed.bent.rotation, middle, posed.landmarks, size)
        texture = _texture(scene, camera) if textured else NONE
        normals = self._normals(vertices)
        self._tracer.load(vertices, normals, features, sky, look, hairs, texture)
        return _Staged(posed, places, camera, hairs, vertices, normals)

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

    def _label(self, staged: _Staged, scene: Scene, dense: bool) -> Labels:
        posed, camera, vertices = staged.posed, staged.camera, staged.posed.bent.vertices
        marked = staged.marked()
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
            dense_places=None if face is None else self.face,
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


def _inwards(
    head: Head, vertices: NDArray[np.floating], fronts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(2, 3) unit vectors from the right and the left pupil to the centre of the eye."""
    away = np.array([vertices[eye].mean(axis=0) for eye in head.eyes[::-1]]) - fronts
    return np.asarray(away / np.linalg.norm(away, axis=1, keepdims=True))


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
