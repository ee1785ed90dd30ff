"""Labels of a posed head: 68 landmarks in two conventions, pupils, every vertex of the face."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import IBUG68
from landmarks.synthesis.mesh.assets import landmark_table
from landmarks.synthesis.mesh.head import AVERAGE, Head
from landmarks.synthesis.mesh.regions import Regions
from landmarks.synthesis.scene.expression import Expression
from landmarks.synthesis.scene.view import Camera

JAW = len(IBUG68.regions["jaw"])
CHIN_TO_EYES = 0.045  # metres below the eyes: middle of the jaw's arc
# Lines without distinctive points, which annotators divide evenly: each side of the jaw, the bridge
# of the nose, lids, and lips between their corners and the next mark (Sagonas et al., "300 Faces
# in-the-Wild Challenge", 2013, Figure 1).
EVENLY_SPACED = (
    [*range(9)], [*range(8, 17)], [*range(27, 31)],
    [36, 37, 38, 39], [39, 40, 41, 36], [42, 43, 44, 45], [45, 46, 47, 42],
    [48, 49, 50], [52, 53, 54], [54, 55, 56], [58, 59, 48],
)  # fmt: skip
# Landmarks of the upper lip's lower edge, each above one of the lower lip's upper edge.
PARTING = {61: 67, 62: 66, 63: 65}
ALONG_LIPS = 0.0026  # metres to both sides of such a landmark, where the edge is searched for
LIP = 0.5  # of the mask of the lips
END_REACH = 0.006  # metres up and down that an end of the jaw may slide
EDGE_ON = 0.25  # cosine to the camera at which a jaw point begins to slide to the outline


@dataclass(frozen=True, eq=False)
class LandmarkPlaces:
    """Positions of the landmarks on the head.

    Attributes:
        corners: (68, 3) vertices.
        weights: (68, 3) barycentric.
        candidates: For each jaw point, the skin vertices in its direction, among which the
            visible outline is sought.
        outwards: (17, 2) direction of each jaw point from the face's middle, in the picture of
            an upright frontal face.
        lips: For each inner landmark of the lips, the vertices of its lip that lie above or below
            it, among which the visible edge is sought.
    """

    corners: NDArray[np.intp]
    weights: NDArray[np.float64]
    candidates: tuple[NDArray[np.intp], ...]
    outwards: NDArray[np.float64]
    lips: Mapping[int, NDArray[np.intp]]

    def of(self, vertices: NDArray[np.floating]) -> NDArray[np.float64]:
        """(68, 3) of (V, 3), for positions or normals."""
        return np.asarray(np.einsum("kc,kcd->kd", self.weights, vertices[self.corners]))


def find_landmarks(head: Head, regions: Regions) -> LandmarkPlaces:
    """The landmarks on the average face."""
    table = landmark_table()["bary_asset"]
    corners = np.array([row[0] for row in table])
    weights = np.array([row[1] for row in table], np.float64)
    on_face = np.einsum("kc,kcd->kd", weights, head.rest[corners])
    below = regions.eye_height - CHIN_TO_EYES

    def polar(points: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        x, z = points[:, 0], points[:, 2] - below
        return np.arctan2(x, -z), np.hypot(x, z)

    angles, radii = polar(head.rest)
    jaw_angles, _ = polar(on_face[:JAW])
    bare = (regions.ears < 0.05) & (regions.mouth < 0.05) & (regions.lips < 0.05)
    bare &= (radii > 0.03) & (regions.height > -0.121)
    bare &= np.isin(np.arange(len(bare)), head.skin)
    candidates = []
    for k in range(JAW):
        gap = min(abs(jaw_angles[k] - jaw_angles[j]) for j in (k - 1, k + 1) if 0 <= j < JAW)
        near = np.abs(angles - jaw_angles[k]) < 0.5 * gap
        if k in (0, JAW - 1):  # before the ear: to the outline beside it, not up along it
            near &= np.abs(head.rest[:, 2] - on_face[k, 2]) < END_REACH
        candidates.append(np.flatnonzero(bare & near & (regions.depth < on_face[k, 1] + 0.004)))
    outwards = np.stack([on_face[:JAW, 0], below - on_face[:JAW, 2]], axis=1)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    return LandmarkPlaces(corners, weights, tuple(candidates), outwards, _lips(head, on_face))


def _lips(head: Head, on_face: NDArray[np.float64]) -> dict[int, NDArray[np.intp]]:
    """The strip of lip through each inner landmark; an open jaw moves only the lower lip."""
    red = head.skin[head.masks["lips"][head.skin] > LIP]
    opened, _ = head.shape(AVERAGE, Expression({"jawOpen": 1.0}))
    closed, _ = head.shape(AVERAGE, Expression({}))
    sunk = (closed - opened)[red, 2]
    is_lower = sunk > sunk.max() / 2
    found = {}
    for upper, lower in PARTING.items():
        for k, of_lip in ((upper, ~is_lower), (lower, is_lower)):
            near = np.abs(head.rest[red, 0] - on_face[k, 0]) < ALONG_LIPS
            found[k] = red[near & of_lip]
    return found


def contour(
    places: LandmarkPlaces,
    vertices: NDArray[np.float32],
    normals: NDArray[np.float32],
    camera: Camera,
) -> NDArray[np.float64]:
    """(68, 2) landmarks as annotators place them: on visible edges, evenly spaced.

    A jaw point that faces the camera stays in place. As it turns away, it slides to the vertex
    that is furthest outwards in its direction: the outline of the cheek. The inner landmarks of
    the lips move to the visible edge of their lip, or to the line where closed lips meet. Finally,
    points without a distinctive position are spaced evenly.
    """
    points = places.of(vertices)
    marked = camera.project(points)
    axis = marked[list(IBUG68.pupils[1])].mean(0) - marked[list(IBUG68.pupils[0])].mean(0)
    across = axis / np.linalg.norm(axis)
    _slide_jaw(marked, across, places, vertices, normals, camera)
    _mark_lips(marked, across, places, vertices, camera)
    for line in EVENLY_SPACED:
        marked[line] = _evenly(marked[line])
    return marked


def _slide_jaw(
    marked: NDArray[np.float64],
    across: NDArray[np.float64],
    places: LandmarkPlaces,
    vertices: NDArray[np.float32],
    normals: NDArray[np.float32],
    camera: Camera,
) -> None:
    """Move jaw points that turn away to the outline; `across` is the eyes' axis."""
    points, (c, s) = places.of(vertices), across
    outwards = places.outwards @ np.array([[c, s], [-s, c]])
    to_camera = camera.position - points[:JAW]
    to_camera /= np.linalg.norm(to_camera, axis=1, keepdims=True)
    facing = np.einsum("kd,kd->k", places.of(normals)[:JAW], to_camera)
    slides = np.clip((EDGE_ON - facing) / EDGE_ON, 0, 1)
    for k in np.flatnonzero(slides):
        seen = camera.project(vertices[places.candidates[k]])
        reach = seen @ outwards[k]
        best = int(reach.argmax()) if len(reach) else -1
        if best >= 0 and reach[best] > marked[k] @ outwards[k]:
            marked[k] += slides[k] * (seen[best] - marked[k])


def _mark_lips(
    marked: NDArray[np.float64],
    across: NDArray[np.float64],
    places: LandmarkPlaces,
    vertices: NDArray[np.float32],
    camera: Camera,
) -> None:
    """Move inner landmarks of the lips up or down to the visible edges."""
    down = np.array([-across[1], across[0]])
    for upper, lower in PARTING.items():
        edges = {
            k: (camera.project(vertices[places.lips[k]]) @ (side * down)).max() * side
            for k, side in ((upper, 1), (lower, -1))
        }
        if edges[upper] > edges[lower]:  # each would be behind the other
            edges[upper] = edges[lower] = (edges[upper] + edges[lower]) / 2
        for k, edge in edges.items():
            marked[k] += (edge - marked[k] @ down) * down


def _evenly(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 2) points at equal distances along the line through (N, 2) points; its ends stay."""
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(steps)])
    wanted = np.linspace(0, at[-1], len(line))
    return np.stack([np.interp(wanted, at, line[:, d]) for d in range(2)], axis=1)


def pupils(head: Head, vertices: NDArray[np.float32]) -> NDArray[np.float64]:
    """(2, 3) centres of the person's right and left pupil: the front of the turned eyeball."""
    found = []
    for eye in head.eyes[::-1]:
        at_rest = head.rest[eye]
        axis = at_rest - at_rest.mean(axis=0)
        front = eye[np.argsort(axis[:, 1])[:8]]
        found.append(vertices[front].mean(axis=0))
    return np.array(found, np.float64)


def face_vertices(head: Head, regions: Regions) -> NDArray[np.intp]:
    """Skin vertices of the face, which dense labels refer to."""
    face = (regions.depth < -0.03) & (regions.height > -0.13) & (regions.height < 0.085)
    face &= (regions.mouth < 0.3) & (regions.ears < 0.1)
    return head.skin[face[head.skin]]
