"""A renderer: what turns a scene that the tracer has loaded into the light that reaches the film.

Cameras, labels and what each pixel shows are the studio's, and the same for every renderer.
"""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.view import Camera
from landmarks.synthesis.shading.tracer import Quality, Traced, Tracer
from landmarks.synthesis.version import sources


class Renderer(Protocol):
    """Makes light of a scene. Can be sent to a process."""

    @property
    def version(self) -> str:
        """Changes when the same scene would give another picture."""
        ...

    def expose(self, tracer: Tracer, scene: Scene, camera: Camera) -> Traced:
        """What the camera sees of `scene`, which the tracer has loaded."""
        ...


@dataclass(frozen=True)
class RayCaster(Quality):
    """Warp's rays, and shaders of our own: fast, on CPU and GPU."""

    @property
    def version(self) -> str:
        """Names the package, the sources that make pictures, and the quality."""
        return (
            f"warp-lang {version('warp-lang')}, sources {sources()}, "
            f"{self.edge_rays} edge rays, {self.shadow_rays} shadow rays"
        )

    def expose(self, tracer: Tracer, scene: Scene, camera: Camera) -> Traced:
        """One ray a pixel, more on edges."""
        return tracer.trace(camera, self)
