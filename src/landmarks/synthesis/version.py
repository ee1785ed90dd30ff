"""Version of the renderer: what a scene's picture depends on besides the scene."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from landmarks.synthesis.shading.tracer import Quality

# Sources that draw scenes and make pictures of them; not those that store and read them.
SOURCES = ("background", "mesh", "photo", "scene", "shading", "colour.py", "recipe.py", "studio.py")


def renderer_version(quality: Quality | None = None) -> str:
    """Names the ray tracer, the sources that make pictures, and the quality."""
    q = quality or Quality()
    return (
        f"warp-lang {version('warp-lang')}, sources {_sources()}, "
        f"{q.edge_rays} edge rays, {q.shadow_rays} shadow rays"
    )


@cache
def _sources() -> str:
    """A hash of sources and assets."""
    folder = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=6)
    for name in SOURCES:
        files = (folder / name).rglob("*") if (folder / name).is_dir() else [folder / name]
        for path in sorted(files):
            if path.suffix in (".py", ".npz", ".json"):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()
