"""Measured light: what surrounds a place, from panoramas in linear light.

A panorama is split into its two brightest lamps, or windows, or the sun, and the rest. The rest is
described by spherical harmonics of order 2 (Ramamoorthi and Hanrahan, "An Efficient Representation
for Irradiance Environment Maps", 2001), which bright lamps would make negative elsewhere.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.data.file_cache import FileValue, cached_values
from landmarks.data.files import expanded
from landmarks.synthesis.colour import RGB
from landmarks.synthesis.panoramas import WEIGHTS, balanced, mean_light, read_panorama, sphere

WIDTH = 512  # pixels, to which panoramas are reduced for measuring

PEAK = 0.12  # radians, standard deviation of the blur before the brightest place is looked for
REACH = 0.5  # radians from there up to which light belongs to a lamp
ABOVE = 2.0  # times the mean luminance: what is brighter belongs to lamps


@dataclass(frozen=True)
class Lamp:
    """A source of light.

    Attributes:
        azimuth: From +y, behind the head, towards +x, radians.
        elevation: Radians.
        colour: Linear RGB; 1: a white sheet that faces it is white.
        size: Width, radians.
    """

    azimuth: float
    elevation: float
    colour: RGB
    size: float

    def towards(self, turn: float) -> tuple[float, float, float]:
        """Direction towards it, a unit vector of the world, after a `turn` about the vertical."""
        across = np.cos(self.elevation)
        x, y = across * np.sin(self.azimuth + turn), across * np.cos(self.azimuth + turn)
        return float(x), float(y), float(np.sin(self.elevation))


@dataclass(frozen=True)
class MeasuredLight:
    """The light at one place; the mean over all directions is 1.

    Attributes:
        environment: (9, 3) coefficients of all light apart from the lamps; see `Lighting`.
        key: The brightest lamp.
        fill: The next.
    """

    environment: NDArray[np.float64]
    key: Lamp
    fill: Lamp

    def turned(self, turn: float) -> NDArray[np.float64]:
        """(9, 3) the environment after a `turn` about the vertical, radians."""
        c = self.environment.copy()
        # Pairs that vary with the cosine and the sine of one and two times the azimuth from +x,
        # which decreases by the turn.
        for times, cosine, sine in ((1, 3, 1), (1, 7, 5), (2, 8, 4)):
            a, b = np.cos(times * turn), np.sin(times * turn)
            c[cosine] = a * self.environment[cosine] + b * self.environment[sine]
            c[sine] = a * self.environment[sine] - b * self.environment[cosine]
        return c

    @classmethod
    def from_numbers(cls, numbers: Sequence[float]) -> "MeasuredLight":
        """The light of `COUNT` numbers, from `measure`."""
        values = np.asarray(numbers, np.float64)
        key, fill = (_lamp(part) for part in values[27:].reshape(2, 6))
        return cls(environment=values[:27].reshape(9, 3), key=key, fill=fill)


COUNT: Final = 39

_BAKED: Final = resources.files("landmarks.synthesis") / "lights.json"


@cache
def baked_lights() -> tuple[MeasuredLight, ...]:
    """The light of the places that are part of this package; see scripts/bake_light.py."""
    table = json.loads(_BAKED.read_text(encoding="utf-8"))
    return tuple(MeasuredLight.from_numbers(row) for row in table["lights"].values())


@cache
def baked_content() -> str:
    """A hash of the file of these places."""
    return hashlib.blake2b(_BAKED.read_bytes(), digest_size=8).hexdigest()


def measured_lights(folder: str, files: Sequence[str]) -> tuple[MeasuredLight, ...]:
    """The light of each of the panoramas `files` in `folder`; cached on disk.

    Raises:
        InputError: A file is no panorama.
    """
    root = expanded(folder)
    names = [Path(file).relative_to(root).as_posix() for file in files]
    found = cached_values(root, names, _LIGHT, "measuring light")
    return tuple(MeasuredLight.from_numbers(row) for row in found)


def measure(path: Path) -> NDArray[np.float64]:
    """Measure the light of a panorama.

    Returns:
        (39,): environment (9, 3), and of key and fill azimuth, elevation, RGB and size.
    """
    light = balanced(read_panorama(path, WIDTH)).astype(np.float64)
    directions, areas = sphere(len(light))
    light = light / mean_light(light, areas)
    lamps = []
    for _ in range(2):
        lamp, numbers = _brightest(light, directions, areas)
        light = light - lamp
        lamps.append(numbers)
    basis = _harmonics(directions) * areas[..., None]
    environment = np.einsum("hwk,hwc->kc", basis, light) / np.pi
    return np.concatenate([environment.ravel(), *lamps])


def _brightest(
    light: NDArray[np.float64], directions: NDArray[np.float64], areas: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The brightest lamp: its part (H, W, 3) of the light, and its numbers (6,)."""
    shade = light @ WEIGHTS
    excess = np.clip(1 - ABOVE / np.maximum(shade, 1e-9), 0, 1) * shade
    # Blurred on a small panorama, by a matrix, because a filter would not be even on the sphere.
    step = max(1, len(light) // 32)
    small = cv2.resize(excess * areas, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    places = directions[step // 2 :: step, step // 2 :: step].reshape(-1, 3)
    near = np.exp((places @ places.T - 1) / PEAK**2)
    peak = places[int((near @ small.ravel()).argmax())]
    share = np.where(directions @ peak > np.cos(REACH), excess / np.maximum(shade, 1e-9), 0)
    lamp = np.asarray(light * share[..., None])
    weight = share * shade * areas
    total = weight.sum()
    if total < 1e-6:
        return np.zeros_like(lamp), np.array([np.pi, 0.5, 0, 0, 0, 0.5])
    middle = np.einsum("hw,hwc->c", weight, directions) / total
    x, y, z = middle / np.linalg.norm(middle)
    apart = np.arccos(np.clip(directions @ (x, y, z), -1, 1))
    # The width of an even square with the same spread, as the ray tracer samples it.
    size = np.sqrt(6 * (weight * apart**2).sum() / total)
    colour = (lamp * areas[..., None]).sum(axis=(0, 1)) / np.pi
    return lamp, np.array([np.arctan2(x, y), np.arcsin(z), *colour, size])


def _lamp(numbers: NDArray[np.float64]) -> Lamp:
    azimuth, elevation, red, green, blue, size = numbers.tolist()
    return Lamp(azimuth, elevation, (red, green, blue), size)


def _harmonics(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 9) real spherical harmonics of order 2, as in `shading.light.environment`."""
    x, y, z = np.moveaxis(directions, -1, 0)
    one, first, second = 0.282095, 0.488603, 1.092548
    terms = [np.full_like(x, one), first * y, first * z, first * x, second * x * y, second * y * z]
    terms += [0.315392 * (3 * z * z - 1), second * x * z, 0.546274 * (x * x - y * y)]
    return np.stack(terms, axis=-1)


_LIGHT = FileValue(kind="light", version="1", shape=(COUNT,), dtype=np.float64, compute=measure)
