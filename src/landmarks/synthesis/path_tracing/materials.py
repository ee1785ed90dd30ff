"""Map each material to a Mitsuba material model with parameters at the corners of pieces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.blocks import Material

# Reflectance at normal incidence is 0.08 times what the model calls specular. Skin's is 0.028, but
# its oily film has gaps, and a coarse mesh under it looks wet.
SKIN_SPECULAR = 0.18

# (N, 3) linear RGB of surfaces (N,), given unit vectors (N, 3) from there to the camera.
Colour = Callable[[NDArray[np.void], NDArray[np.float32]], NDArray[np.floating]]


def own_colour(found: NDArray[np.void], towards: NDArray[np.float32]) -> NDArray[np.floating]:
    """The colour computed by the shader."""
    return np.asarray(found["albedo"])


def mirrored_share(found: NDArray[np.void], towards: NDArray[np.float32]) -> NDArray[np.floating]:
    """The reflected share of the light that glass does not transmit, as in the ray caster."""
    facing = np.abs((found["normal"] * towards).sum(axis=1))
    mirror = 0.04 + 0.96 * (1 - np.minimum(facing, 1)) ** 5  # Schlick, 1994
    share = 0.55 * mirror / np.maximum(found["alpha"], 0.02)
    return np.repeat(share[:, None], 3, axis=1)


@dataclass(frozen=True)
class Kind:
    """Materials that share a Mitsuba model.

    Attributes:
        of: The materials.
        model: Numbers of Mitsuba's `principled` (Burley, "Physically based shading at Disney",
            2012).
        colour: Its base colour.
    """

    of: tuple[Material, ...]
    model: Mapping[str, float]
    colour: Colour = own_colour


KINDS = (
    Kind(
        (Material.SKIN, Material.HAND, Material.TONGUE),
        {"specular": SKIN_SPECULAR, "flatness": 0.3},
    ),
    Kind(  # the cornea is a coat over white and iris
        (Material.EYE,),
        {"specular": 0.5, "clearcoat": 1.0, "clearcoat_gloss": 0.97},
    ),
    Kind((Material.TEETH,), {"specular": 0.5, "flatness": 0.5}),
    Kind(
        (Material.SHELL, Material.LONG_HAIR, Material.KNOT, Material.LASH),
        {"specular": 0.5, "anisotropic": 0.8},
    ),
    Kind((Material.CLOTH, Material.HAT), {"specular": 0.2, "sheen": 0.3}),
    Kind((Material.FRAME, Material.THING), {"specular": 0.5}),
    Kind((Material.LENS,), {"metallic": 1.0}, mirrored_share),
)


def as_bsdf(kind: Kind, *, solid: bool) -> dict[str, Any]:
    """The material as Mitsuba loads it; one that is not solid lets some light through."""
    textures = {"base_color": _corner("colour"), "roughness": _corner("roughness")}
    seen = {"type": "twosided", "side": {"type": "principled", **textures, **kind.model}}
    return seen if solid else {"type": "mask", "opacity": _corner("opacity"), "surface": seen}


def _corner(name: str) -> dict[str, str]:
    """The texture that reads an attribute of the corners of pieces."""
    return {"type": "mesh_attribute", "name": f"vertex_{name}"}
