"""The renderer: computes the light that reaches the camera from a scene loaded in the tracer."""

from dataclasses import dataclass
from importlib.metadata import version

from landmarks.synthesis.mesh.assets import assets_hash
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.view import Camera
from landmarks.synthesis.shading.tracer import Quality, Traced, Tracer

# Raise it with any change of the pictures or labels that the same recipe, seed and assets lead to,
# here or in background, camera, mesh, scene, shading, recipe.py or studio.py; faces are rendered
# again.
RENDERER_VERSION = 2


@dataclass(frozen=True)
class RayCaster(Quality):
    """Ray casting in Warp with the shaders of this package, on CPU and GPU. Can be pickled."""

    @property
    def version(self) -> str:
        """Text that changes whenever the same scene would give another picture."""
        return (
            f"renderer {RENDERER_VERSION}, assets {assets_hash()}, "
            f"warp-lang {version('warp-lang')}, "
            f"{self.edge_rays} edge rays, {self.shadow_rays} shadow rays"
        )

    def expose(self, tracer: Tracer, scene: Scene, camera: Camera) -> Traced:
        """Render `scene`, which the tracer has loaded, as seen by `camera`."""
        return tracer.trace(camera, self)
