"""Faces with known heads, and labels of any scheme on them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import LandmarkScheme
from landmarks.synthesis.mesh.brows import find_brows
from landmarks.synthesis.mesh.front import find_front
from landmarks.synthesis.mesh.labels import contour, find_landmarks, pupils
from landmarks.synthesis.mesh.places import find_places
from landmarks.synthesis.mesh.surfaces import VertexNormals
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.view import Camera, place_camera

RECIPE = Recipe(name="any")
SIZE = 200


@dataclass(frozen=True, eq=False)
class KnownFace:
    """A face whose head and camera are known.

    Attributes:
        vertices: (V, 3) of the head.
        rotation: (3, 3) from the upright head to the camera.
        camera: The camera.
        marks: (80, 2) pixels, as `landmarks.synthesis.mesh.places` counts them.
    """

    vertices: NDArray[np.float32]
    rotation: NDArray[np.float64]
    camera: Camera
    marks: NDArray[np.float64]

    @cached_property
    def interocular(self) -> float:
        return float(np.linalg.norm(self.marks[36] - self.marks[45]))


def known_faces(head, regions, count: int, seed: int = 5) -> list[KnownFace]:
    """Faces of the recipe that are turned by less than 45 degrees."""
    places = find_landmarks(head, regions)
    brows = find_brows(places, find_front(head, regions), head.rest)
    normals = VertexNormals(head.triangles_of("body"), len(head.rest))
    scenes = (RECIPE.draw(seed, index) for index in range(10 * count))
    near = [scene for scene in scenes if abs(scene.view.yaw) < 45][:count]
    return [_face(head, places, brows, normals, scene) for scene in near]


def _face(head, places, brows, normals, scene: Scene) -> KnownFace:
    upright, joints = head.shape(scene.person, scene.expression)
    bent = head.bend(upright, joints, scene.view.neck)
    own = brows.on(places, scene.eyes)
    points = own.of(bent.vertices)
    camera = place_camera(scene.view, bent.rotation, points[17:].mean(axis=0), points, SIZE)
    others = np.concatenate([brows.lower(scene.eyes, bent.vertices), pupils(head, bent.vertices)])
    marked = contour(own, bent.vertices, normals(bent.vertices), camera)
    return KnownFace(
        vertices=bent.vertices,
        rotation=camera.rotation @ bent.rotation,
        camera=camera,
        marks=np.concatenate([marked, camera.project(others)]),
    )


def labelled(head, faces: list[KnownFace], scheme: LandmarkScheme) -> NDArray[np.float64]:
    """(N, K, 2) pixels of the landmarks of a scheme."""
    places = find_places(scheme, head)
    return np.array([places.of(f.marks, f.camera.project(places.skin(f.vertices))) for f in faces])
