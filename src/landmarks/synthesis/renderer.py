"""Renderers: compute the light that reaches the camera from a scene loaded in the tracer.

Camera positions, labels and segmentation come from the studio and are the same for every renderer.
"""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

from landmarks.synthesis.mesh.assets import assets_hash
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.view import Camera
from landmarks.synthesis.shading.tracer import Quality, Traced, Tracer

# Raise it with any change of the pictures or labels that the same recipe, seed and assets lead to,
# here or in background, camera, mesh, path_tracing, scene, shading, recipe.py or studio.py; faces
# are rendered again.
RENDERER_VERSION = 1


def common_version() -> str:
    """The part of a renderer's version that all renderers share: our code, assets and Warp."""
    warp = version("warp-lang")
    return f"renderer {RENDERER_VERSION}, assets {assets_hash()}, warp-lang {warp}"


class Renderer(Protocol):
    """Computes the light of a scene. Can be pickled."""

    @property
    def version(self) -> str:
        """Text that changes whenever the same scene would give another picture."""
        ...

    def expose(self, tracer: Tracer, scene: Scene, camera: Camera) -> Traced:
        """Render `scene`, which the tracer has loaded, as seen by `camera`."""
        ...


@dataclass(frozen=True)
class RayCaster(Quality):
    """Ray casting in Warp with the shaders of this package: fast, on CPU and GPU."""

    @property
    def version(self) -> str:
        """The common version and the quality."""
        return f"{common_version()}, {self.edge_rays} edge rays, {self.shadow_rays} shadow rays"

    def expose(self, tracer: Tracer, scene: Scene, camera: Camera) -> Traced:
        """Cast one ray per pixel, and more on edges."""
        return tracer.trace(camera, self)
