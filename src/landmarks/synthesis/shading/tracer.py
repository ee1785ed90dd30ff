"""The ray tracer: keeps one mesh on a device and traces scenes with it."""

from dataclasses import dataclass

import numpy as np
import warp as wp
from numpy.typing import NDArray

from landmarks.data.options import check_whole_number
from landmarks.synthesis.mesh.blocks import Material
from landmarks.synthesis.scene.view import Camera
from landmarks.synthesis.shading import trace
from landmarks.synthesis.shading.raster import EMPTY, Lens, Raster
from landmarks.synthesis.shading.rays import FAR
from landmarks.synthesis.shading.stage import Stage, is_layer
from landmarks.synthesis.shading.structs import SceneMaterials
from landmarks.synthesis.shading.tree import BoxTree

HIDDEN_WITHIN = 0.004  # metres that a visible point may be below the visible surface


@dataclass(frozen=True)
class Quality:
    """Rendering quality.

    Attributes:
        edge_rays: Additional rays per pixel on edges; 0: one ray per pixel everywhere.
        shadow_rays: Rays towards the key light from each pixel; 0: no shadows.
    """

    edge_rays: int = 2
    shadow_rays: int = 1

    def __post_init__(self) -> None:
        """Validate the numbers of rays."""
        check_whole_number("renderer.edge_rays", self.edge_rays, 0)
        check_whole_number("renderer.shadow_rays", self.shadow_rays, 0)


@dataclass(frozen=True, eq=False)
class Traced:
    """The result of tracing a picture.

    Attributes:
        light: (H, W, 3) linear RGB, on a black background.
        opacity: (H, W) share of each pixel that the mesh covers.
        triangle: (H, W) first triangle that hides more than half of what is behind it; -1: none.
        distance: (H, W) from the camera to that triangle, metres; infinite without one.
    """

    light: NDArray[np.float32]
    opacity: NDArray[np.float32]
    triangle: NDArray[np.int32]
    distance: NDArray[np.float32]


class Tracer:
    """Traces one mesh whose vertices change from scene to scene.

    Attributes:
        triangles: (m, 3) vertices.
        materials: (m,) numbers of `Material`.
        vertices: (n, 3) metres, of the scene that is loaded.

    Args:
        device: "cpu" or "cuda", as Warp names devices.
        triangles: (m, 3) vertices.
        materials: (m,) numbers of `Material`.
        rest: (n, 3) vertices on the average face, in which textures are defined.
        apart: (n, 3) vertices from which the tree of bounding boxes is built.
        constants: (n, 4) features that are the same in all scenes; of skin: rings under the eyes,
            shine, openness, inside of mouth and nostrils.
        corners: (m, 3, 3) of triangles in the texture of the skin; see `mesh.unwrapped`.
    """

    def __init__(
        self,
        device: str,
        *,
        triangles: NDArray[np.int32],
        materials: NDArray[np.int32],
        rest: NDArray[np.float32],
        apart: NDArray[np.float32],
        constants: NDArray[np.float32],
        corners: NDArray[np.float32],
    ) -> None:
        self._device = wp.get_device(device)
        self.triangles, self.materials, self.vertices = triangles, materials, apart
        indices = self._array(triangles.ravel(), wp.int32)
        self._points = self._array(apart, wp.vec3)
        self._tree = BoxTree(self._device, apart, triangles)
        self._stage = Stage()
        self._stage.tree, self._stage.triangles = self._tree.tree, indices
        self._stage.points = self._points
        self._stage.corners = self._array(corners.reshape(-1, 3), wp.vec3)
        self._stage.materials = self._array(materials, wp.int32)
        self._stage.rest = self._array(rest, wp.vec3)
        self._stage.constants = self._array(constants, wp.vec4)
        self._loaded = None
        thin = np.isin(materials, [m for m in Material if is_layer(int(m))])
        self._opaque = self._array(np.flatnonzero(~thin).astype(np.int32), wp.int32)
        self._thin = self._array(np.flatnonzero(thin).astype(np.int32), wp.int32)
        self._room = len(triangles)  # thin triangles that fit into the lists of a raster

    def load(
        self,
        vertices: NDArray[np.float32],
        normals: NDArray[np.float32],
        features: NDArray[np.float32],
        sky: NDArray[np.float32],
        look: SceneMaterials,
        brow: NDArray[np.floating],
        texture: NDArray[np.float32],
    ) -> None:
        """Load a scene.

        Args:
            vertices: (n, 3) metres.
            normals: (n, 3) unit vectors.
            features: (n, 4) of each block.
            sky: (9, 3) environment; see `Lighting`.
            look: Materials and lights.
            brow: (5, 2) x and z of the middle line of the right brow on the average face, metres.
            texture: (h, w, 4) of the skin; see `textures.load_texture`.
        """
        self.vertices = vertices
        self._points.assign(vertices)
        self._tree.update(self._points)
        self._stage.normals = self._array(normals, wp.vec3)
        self._stage.features = self._array(features, wp.vec4)
        self._stage.sky = self._array(sky, wp.vec3)
        self._stage.texture = self._array(texture, wp.vec4)
        self._stage.look = self._alone(look, SceneMaterials)
        self._stage.brow = self._array(brow.astype(np.float32), wp.vec2)
        self._loaded = self._alone(self._stage, Stage)

    def trace(self, camera: Camera, quality: Quality) -> Traced:
        """Render the loaded scene as seen by `camera`."""
        count, n = camera.size**2, camera.size
        film, lens = trace.Film(), as_lens(camera)
        for name, kind in trace.FILM.items():
            setattr(film, name, wp.empty(count, dtype=kind, device=self._device))
        light = wp.empty(count, dtype=wp.vec3, device=self._device)
        opacity = wp.empty(count, dtype=float, device=self._device)
        more, shadows = quality.edge_rays, quality.shadow_rays
        screen = wp.empty(len(self.vertices), dtype=wp.vec3, device=self._device)
        self._launch(trace.project, len(self.vertices), self._points, lens, screen)
        raster = self._raster(trace.rasterise, screen, count, n)
        self._launch(trace.expose, count, self._loaded, raster, lens, film)
        if shadows > 0:
            self._launch(trace.shadow, count, self._loaded, lens, shadows, film)
        self._launch(trace.develop, count, self._loaded, film, n, more, light, opacity)
        if more > 0:
            inputs = n, more, film.edge, film.shift
            raster = self._raster(trace.rasterise_edges, screen, count * more, *inputs)
            outputs = film, more, light, opacity
            self._launch(trace.refine, count, self._loaded, raster, lens, *outputs)
        distance = film.distance.numpy().reshape(n, n)
        return Traced(
            light=light.numpy().reshape(n, n, 3),
            opacity=opacity.numpy().reshape(n, n),
            triangle=film.triangle.numpy().reshape(n, n),
            distance=np.where(distance < FAR, distance, np.inf).astype(np.float32),
        )

    def visible(self, points: NDArray[np.floating], camera: Camera) -> NDArray[np.bool_]:
        """(N,) whether the camera sees each of (N, 3) points of the world."""
        seen = wp.zeros(len(points), dtype=wp.int32, device=self._device)
        places = self._array(points.astype(np.float32), wp.vec3)
        position = wp.vec3(*camera.position)
        self._launch(
            trace.see_points, len(points), self._loaded, position, places, HIDDEN_WITHIN, seen
        )
        return seen.numpy() > 0

    def _raster(self, kernel: wp.Kernel, screen: wp.array, places: int, *inputs: object) -> Raster:
        """Triangles at so many places, recorded by a kernel."""
        raster = Raster()
        raster.screen = screen
        while True:
            self._clear(raster, places)
            for triangles in (self._opaque, self._thin):
                self._launch(kernel, len(triangles), self._loaded, raster, triangles, *inputs)
            used = int(raster.used.numpy()[0])
            if used <= self._room:
                return raster
            self._room = 2 * used

    def _clear(self, raster: Raster, places: int) -> None:
        """Empty lists."""
        raster.opaque = wp.full(places, EMPTY, dtype=wp.int64, device=self._device)
        raster.first = wp.full(places, -1, dtype=wp.int32, device=self._device)
        raster.used = wp.zeros(1, dtype=wp.int32, device=self._device)
        raster.following = wp.empty(self._room, dtype=wp.int32, device=self._device)
        raster.triangle = wp.empty(self._room, dtype=wp.int32, device=self._device)
        raster.depth = wp.empty(self._room, dtype=float, device=self._device)

    def _alone(self, value: object, kind: type) -> wp.array:
        """An array of one structure; `wp.array` would take a millisecond to describe its type."""
        array = wp.empty(1, dtype=kind, device=self._device)
        array.fill_(value)
        return array

    def _array(self, values: object, kind: type) -> wp.array:
        return wp.array(values, dtype=kind, device=self._device)

    def _launch(self, kernel: wp.Kernel, count: int, *inputs: object) -> None:
        wp.launch(kernel, dim=count, inputs=list(inputs), device=self._device)


def openness(
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    triangles: NDArray[np.int32],
    reach: float = 0.12,
) -> NDArray[np.float32]:
    """(n,) share of the sky over each point that the mesh does not block within `reach` metres."""
    places = wp.array(points, dtype=wp.vec3, device="cpu")
    tree = BoxTree(wp.get_device("cpu"), points, triangles)
    tree.update(places)
    directions = np.random.default_rng(0).normal(size=(48, 3)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    out = wp.zeros(len(points), dtype=float, device="cpu")
    rest = [wp.array(values, dtype=wp.vec3, device="cpu") for values in (normals, directions)]
    inputs = [tree.tree, places, *rest, reach, out]
    wp.launch(trace.openness, dim=len(points), inputs=inputs, device="cpu")
    return out.numpy()


def as_lens(camera: Camera) -> Lens:
    """Convert a camera to the structure that the kernels read."""
    lens = Lens()
    lens.position = wp.vec3(*camera.position)
    lens.right, lens.down, lens.forward = (wp.vec3(*row) for row in camera.rotation)
    lens.focal, lens.size = camera.focal, camera.size
    lens.cx, lens.cy = camera.centre
    return lens
