"""Version of the sources: what a scene's picture depends on besides the scene and packages."""

import hashlib
from functools import cache
from pathlib import Path

# Sources that draw scenes and make pictures of them, whatever the renderer; not those that store
# and read them. The shaders are every renderer's, for each asks them for colours.
SOURCES = (
    "background", "mesh", "photo", "scene", "shading", "colour.py", "recipe.py", "renderer.py",
    "studio.py",
)  # fmt: skip


@cache
def sources(*own: str) -> str:
    """A hash of sources and assets.

    Args:
        own: Folders of one renderer alone.
    """
    folder = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=6)
    for name in (*SOURCES, *own):
        files = (folder / name).rglob("*") if (folder / name).is_dir() else [folder / name]
        for path in sorted(files):
            if path.suffix in (".py", ".npz", ".json"):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()
