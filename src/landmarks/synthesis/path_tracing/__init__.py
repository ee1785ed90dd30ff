"""The second renderer: path tracing of the same scenes with Mitsuba."""

from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from math import isqrt

from landmarks.data.options import check_whole_number
from landmarks.errors import InputError
from landmarks.synthesis.renderer import common_version
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.view import Camera
from landmarks.synthesis.shading.tracer import Quality, Traced, Tracer

ONE_RAY = Quality(edge_rays=0, shadow_rays=0)  # for depth and segmentation; its light is not used


@dataclass(frozen=True, kw_only=True)
class PathTracer:
    """Mitsuba's path tracer (Jakob et al., "Mitsuba 3 renderer", 2022), on the CPU.

    The first picture sets Mitsuba's variant (`scalar_rgb`), its log level and one thread for the
    whole process.

    Attributes:
        samples: Paths through each pixel, a square number because they form a grid. More
            samples give less noise.
        depth: Longest path in segments, from camera to lamp; 2: direct light only. Transparent
            surfaces do not count.
    """

    samples: int = 36
    depth: int = 4

    def __post_init__(self) -> None:
        """Validate the settings and check that Mitsuba is installed."""
        check_whole_number("renderer.samples", self.samples, 1)
        if isqrt(self.samples) ** 2 != self.samples:
            raise InputError(
                f"renderer.samples is {self.samples}; "
                "it must be a square number such as 16, 25, 36 or 64"
            )
        check_whole_number("renderer.depth", self.depth, 2)
        if find_spec("mitsuba") is None:
            raise InputError(
                "renderer=mitsuba needs a package that is not installed: "
                "pip install 'landmarks[mitsuba]'"
            )

    @property
    def version(self) -> str:
        """The version of Mitsuba, the common version and the quality."""
        return (
            f"mitsuba {version('mitsuba')}, {self.samples} samples, depth {self.depth}, "
            f"{common_version()}"
        )

    def expose(self, tracer: Tracer, scene: Scene, camera: Camera) -> Traced:
        """Light from Mitsuba; depth and segmentation from the tracer."""
        from landmarks.synthesis.path_tracing.film import photograph  # needs Mitsuba

        light, opacity = photograph(
            tracer,
            scene.lighting,
            camera,
            samples=self.samples,
            depth=self.depth,
            seed=scene.grain,
        )
        return replace(tracer.trace(camera, ONE_RAY), light=light, opacity=opacity)
