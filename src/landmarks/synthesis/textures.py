"""Photographed skin: textures in the layout of MakeHuman's skins, in a folder of the user's."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.data.file_cache import FileValue, cached_values
from landmarks.data.files import expanded
from landmarks.data.images import read_image
from landmarks.errors import InputError
from landmarks.synthesis.colour import RGB, linear_light

FACE: Final = (41 / 64, 11 / 64, 1.0, 55 / 64)
"""Left, top, right and bottom of the head's part, as fractions of the texture's side."""

# Patches of bare skin, likewise: the forehead and both cheeks. The face lies on its side.
PATCHES = ((0.775, 0.48, 0.805, 0.55), (0.86, 0.42, 0.90, 0.445), (0.86, 0.585, 0.90, 0.61))

LEAST_SIDE = 512
SIDES: Final = (2048, 1024, 512, 256)  # of the whole texture, to which it is reduced
TEXELS: Final = 2300.0  # a metre of the average face, of a texture with the first of these sides
FINENESS = 1.25  # texels a pixel, about
SURROUNDINGS = 0.004  # metres, standard deviation: shades are relative to those this far away
NONE: Final = np.zeros((1, 1, 4), np.float32)
"""Instead of a texture, where there is none."""


def load_texture(file: str, pixels: float) -> NDArray[np.float32]:
    """The part `FACE` of a texture, reduced to what a picture can show.

    Args:
        file: The texture.
        pixels: Pixels of a picture for a metre of the face.

    Returns:
        (h, w, 4): linear RGB, and the logarithm of the shade relative to that of the surroundings.

    Raises:
        InputError: The file cannot be read, or is not in MakeHuman's layout.
    """
    level = round(float(np.log2(TEXELS / (FINENESS * pixels))))
    return _load(file, SIDES[min(max(level, 0), len(SIDES) - 1)])


@lru_cache(maxsize=64)
def _load(file: str, side: int) -> NDArray[np.float32]:
    light = _face(_read(Path(file)), side)
    shade = np.log(light.mean(axis=-1) + 0.01)
    spread = SURROUNDINGS * TEXELS * side / SIDES[0]
    relative = shade - cv2.GaussianBlur(shade, (0, 0), spread)
    texture = np.dstack([light, relative]).astype(np.float32)
    texture.setflags(write=False)
    return texture


def tones(folder: str, files: Sequence[str]) -> tuple[RGB, ...]:
    """Linear RGB of the bare skin of each of the `files` in `folder`; cached on disk.

    Raises:
        InputError: A file cannot be read, or is not in MakeHuman's layout.
    """
    root = expanded(folder)
    names = [Path(file).relative_to(root).as_posix() for file in files]
    found = cached_values(root, names, _TONE, "measuring skin textures")
    return tuple((float(r), float(g), float(b)) for r, g, b in found)


def _tone(path: Path) -> NDArray[np.float64]:
    image = _read(path)
    side = len(image)
    patches = [
        LINEAR[image[round(y * side) : round(v * side), round(x * side) : round(u * side)]]
        for x, y, u, v in PATCHES
    ]
    tone = np.mean([patch.reshape(-1, 3).mean(axis=0) for patch in patches], axis=0)
    if not tone[0] > tone[1] > 0.7 * tone[2] > 0:
        r, g, b = (255 * tone ** (1 / 2.2)).round().astype(int)
        raise InputError(
            f"{path}: forehead and cheeks have the colour ({r}, {g}, {b}), which is no skin; "
            "recipe.skin.textures must contain only skin textures in MakeHuman's layout"
        )
    return np.asarray(tone, np.float64)


def _read(path: Path) -> NDArray[np.uint8]:
    image = read_image(path)
    height, width = image.shape[:2]
    if height != width or height < LEAST_SIDE:
        raise InputError(
            f"{path}: is {width} x {height} pixels; a skin texture in MakeHuman's layout is square "
            f"and at least {LEAST_SIDE} x {LEAST_SIDE}"
        )
    return image


def _face(image: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """(h, w, 3) linear RGB of the head's part, of a texture reduced to `side`."""
    left, top, right, bottom = (round(edge * len(image)) for edge in FACE)
    size = round((FACE[2] - FACE[0]) * side), round((FACE[3] - FACE[1]) * side)
    smooth = cv2.INTER_AREA if side < len(image) else cv2.INTER_LINEAR
    light = LINEAR[image[top:bottom, left:right]]
    return np.asarray(cv2.resize(light, size, interpolation=smooth), np.float32)


LINEAR: Final = linear_light(np.arange(256) / 255).astype(np.float32)
"""(256,) linear light of sRGB levels."""

_TONE = FileValue(kind="skin_tones", version="1", shape=(3,), dtype=np.float64, compute=_tone)
