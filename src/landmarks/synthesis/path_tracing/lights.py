"""The lights of a scene as one environment map: the sky and two round lamps.

A single map allows Mitsuba to sample paths towards the brightest directions.
"""

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.colour import RGB
from landmarks.synthesis.scene.lighting import Lighting

# The ray caster leaves the 1 / pi out of what a white surface sends back, so that a lamp of 1
# makes it 1; here lamps and sky are as much stronger.
AS_CAST = np.pi

ROWS = 256  # of the picture: 0.7 degrees each
FILL_RADIUS = 0.35  # radians; the ray caster's fill light has no size and no shadow
SMALLEST, LARGEST = 0.02, 1.2  # radians of a lamp; a smaller one would fall between the rows


def surroundings(light: Lighting) -> NDArray[np.float32]:
    """(ROWS, 2 * ROWS, 3) radiance by latitude and longitude, linear RGB.

    The first row is straight up; columns go around from behind the head, as Mitsuba's `envmap`
    has them once it is turned by a quarter about x, since its own up is y.
    """
    directions, solid_angle = _directions()
    radiance = np.maximum(_sky(light.environment, directions) * AS_CAST, 0.0)
    # The ray caster moves the key's direction by up to half the softness along each axis; a disc
    # of this radius has the same variance.
    for towards, colour, radius in (
        (light.key, light.key_colour, light.softness / np.sqrt(3)),
        (light.fill, light.fill_colour, FILL_RADIUS),
    ):
        radiance += _lamp(directions, solid_angle, towards, colour, radius)
    return radiance.astype(np.float32)


def _directions() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(ROWS, 2 * ROWS, 3) unit vectors of the world, and the solid angle (ROWS, 1) of each."""
    v, u = np.mgrid[0:ROWS, 0 : 2 * ROWS] + 0.5
    polar, around = np.pi * v / ROWS, np.pi * u / ROWS
    x, y, z = np.sin(polar) * np.sin(around), np.sin(polar) * np.cos(around), np.cos(polar)
    return np.stack([x, y, z], axis=-1), np.sin(polar[:, :1]) * (np.pi / ROWS) ** 2


def _lamp(
    directions: NDArray[np.float64],
    solid_angle: NDArray[np.float64],
    towards: tuple[float, float, float],
    colour: RGB,
    radius: float,
) -> NDArray[np.float64]:
    """A disc of `radius` radians that gives a white surface that faces it as much as `colour`."""
    cosine = directions @ np.array(towards)
    angle = np.arccos(np.clip(cosine, -1, 1))
    edge = np.pi / ROWS
    shape = np.clip((np.clip(radius, SMALLEST, LARGEST) - angle) / edge + 0.5, 0, 1)
    received = (shape * solid_angle * np.maximum(cosine, 0)).sum()
    return np.asarray(shape[..., None] / received * np.array(colour) * AS_CAST)


def _sky(environment: tuple[RGB, ...], directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radiance of real spherical harmonics (Ramamoorthi and Hanrahan, 2001, equation 3)."""
    x, y, z = np.moveaxis(directions, -1, 0)
    basis = (
        np.full_like(x, 0.282095), 0.488603 * y, 0.488603 * z, 0.488603 * x, 1.092548 * x * y,
        1.092548 * y * z, 0.315392 * (3 * z**2 - 1), 1.092548 * x * z, 0.546274 * (x**2 - y**2),
    )  # fmt: skip
    return np.asarray(np.einsum("kvu,kc->vuc", np.array(basis), np.array(environment)))
