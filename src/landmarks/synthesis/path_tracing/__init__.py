"""The second renderer: paths of light traced by Mitsuba, through the same scenes."""

from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from math import isqrt

from landmarks.data.options import check_whole_number
from landmarks.errors import InputError
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.view import Camera
from landmarks.synthesis.shading.tracer import Quality, Traced, Tracer
from landmarks.synthesis.version import sources

ONE_RAY = Quality(edge_rays=0, shadow_rays=0)  # tells what each pixel shows; its light is not used


@dataclass(frozen=True, kw_only=True)
class PathTracer:
    """Mitsuba's path tracer (Jakob et al., "Mitsuba 3 renderer", 2022), on the CPU.

    The first picture sets Mitsuba's variant (`scalar_rgb`), its log level and one thread for the
    whole process.

    Attributes:
        samples: Paths through each pixel, a square number, for they are spread over a grid; more:
            less grain.
        depth: Longest path in segments, from camera to lamp; 2: direct light alone. Clear surfaces
            do not count.
    """

    samples: int = 36
    depth: int = 4

    def __post_init__(self) -> None:
        """Refuse what cannot be rendered, or not here."""
        check_whole_number("renderer.samples", self.samples, 1)
        if isqrt(self.samples) ** 2 != self.samples:
            raise InputError(
                f"renderer.samples is {self.samples}; it must be a square, as 16, 25, 36 or 64"
            )
        check_whole_number("renderer.depth", self.depth, 2)
        if find_spec("mitsuba") is None:
            raise InputError(
                "renderer=mitsuba needs a package that is not installed: "
                "pip install -e '.[mitsuba]'"
            )

    @property
    def version(self) -> str:
        """Names the packages, the sources that make pictures, and the quality."""
        return (
            f"mitsuba {version('mitsuba')}, {self.samples} samples, depth {self.depth}, "
            f"warp-lang {version('warp-lang')}, sources {sources('path_tracing')}"
        )

    def expose(self, tracer: Tracer, scene: Scene, camera: Camera) -> Traced:
        """Light by Mitsuba; what each pixel shows by the tracer."""
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
