"""The panorama that lights a scene as its background."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.background import BRIGHTEST, DARKEST
from landmarks.synthesis.panoramas import view_of
from landmarks.synthesis.scene.lighting import Panorama
from landmarks.synthesis.scene.view import Camera

LEAST_FIELD: Final = 0.5
"""Radians of the panorama across the picture at least: a long lens would show a few of its pixels,
of which nothing can be recognised."""


def show(panorama: Panorama, camera: Camera) -> NDArray[np.float32]:
    """The part of a panorama behind the person.

    Returns:
        (size, size, 3) linear RGB within the limits of `background.paint`.
    """
    focal = min(camera.focal, camera.size / (2 * np.tan(LEAST_FIELD / 2)))
    pixels = np.arange(camera.size)
    right, down, forward = camera.rotation
    across = (pixels - camera.centre[0])[None, :, None] / focal * right
    along = (pixels - camera.centre[1])[:, None, None] / focal * down
    light = view_of(panorama.file, panorama.turn, forward + across + along)
    return np.asarray(np.clip(panorama.exposure * light, DARKEST, BRIGHTEST), np.float32)
