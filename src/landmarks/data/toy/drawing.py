"""Pictures of drawn faces: background, body, features, and what a camera adds."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from landmarks.data.toy.canvas import Array, Canvas, Image, curve, ellipse
from landmarks.data.toy.features import (
    Sitter,
    draw_beard,
    draw_brows,
    draw_eyes,
    draw_fringe,
    draw_glasses,
    draw_hand,
    draw_hat,
    draw_head,
    draw_mouth,
    draw_nose,
)
from landmarks.data.toy.shape import FaceShape

DRAWING_VERSION: Final = 1
"""Changes with every change of this package that moves a pixel: artifacts depend on it."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the images of a domain look.

    Attributes:
        skins: Colours between whose neighbours the skin is drawn, RGB.
        hairs: The same for hair.
        clutter: Smallest and largest number of shapes in the background.
        light: How strongly light from a side shades the face, 0 to 1.
        cast: Standard deviation of the channels' gains.
        grain: Standard deviation of the pixels' noise, grey levels.
        texture: Amplitude of coarse patches of light and dark, grey levels.
        blur: Largest standard deviation of the blur, as a share of the frame.
        jpeg: Lowest and highest quality at which images are compressed; None leaves them as drawn.
        extras: Chance of each of glasses, hat, beard and hand.
    """

    skins: tuple[tuple[int, int, int], ...]
    hairs: tuple[tuple[int, int, int], ...]
    clutter: tuple[int, int] = (0, 3)
    light: float = 0.35
    cast: float = 0.0
    grain: float = 0.0
    texture: float = 0.0
    blur: float = 0.0
    jpeg: tuple[int, int] | None = None
    extras: float = 0.12


def paint(shape: FaceShape, look: Look, rng: np.random.Generator, size: int) -> Image:
    """Draw a face.

    Args:
        shape: Where everything is, in pixels of the frame.
        look: What pictures of the domain look like.
        rng: Source of what the look leaves open.
        size: Pixels of a side of the square frame.

    Returns:
        (size, size, 3) uint8 RGB.
    """
    direction = np.array([rng.normal(0, 0.7), rng.normal(-0.5, 0.4), 1.0])
    skin = _between(look.skins, rng)
    sitter = Sitter(
        shape=shape,
        skin=skin,
        hair=_between(look.hairs, rng),
        lips=skin * (0.82, 0.58, 0.58) + np.array([24.0, 4.0, 8.0]) * rng.uniform(0, 1.2),
        light=direction / np.linalg.norm(direction),
        strength=look.light * rng.uniform(0.5, 1.5),
    )
    glasses, hat, beard, hand = rng.random(4) < look.extras
    canvas = Canvas(_background(rng, look, size))
    _body(canvas, sitter, rng)
    draw_head(canvas, sitter)
    if beard:
        draw_beard(canvas, sitter, rng)
    draw_nose(canvas, sitter)
    draw_mouth(canvas, sitter)
    draw_eyes(canvas, sitter, rng)
    draw_brows(canvas, sitter, rng)
    (draw_hat if hat else draw_fringe)(canvas, sitter, rng)
    if glasses:
        draw_glasses(canvas, sitter, rng)
    if hand:
        draw_hand(canvas, sitter, rng)
    return _photographed(canvas.image, look, rng)


def _between(palette: tuple[tuple[int, int, int], ...], rng: np.random.Generator) -> Array:
    """A colour on the line through a palette."""
    colours = np.array(palette, float)
    place = rng.uniform(0, len(colours) - 1)
    k = min(int(place), len(colours) - 2)
    mixed = colours[k] + (colours[k + 1] - colours[k]) * (place - k)
    return np.asarray(np.clip(mixed + rng.normal(0, 4, 3), 8, 250))


def _muted(rng: np.random.Generator) -> Array:
    """Any colour but the loudest."""
    grey = rng.uniform(25, 230)
    return np.asarray(np.clip(grey + rng.normal(0, 35, 3), 5, 250))


def _background(rng: np.random.Generator, look: Look, size: int) -> Image:
    corners = np.clip(_muted(rng) + rng.normal(0, 25, (2, 2, 3)), 0, 255)
    image = cv2.resize(corners.astype(np.uint8), (size, size), interpolation=cv2.INTER_LINEAR)
    canvas = Canvas(np.ascontiguousarray(image, dtype=np.uint8))
    for _ in range(rng.integers(look.clutter[0], look.clutter[1] + 1)):
        centre, extent = rng.uniform(0, size, 2), rng.uniform(0.04, 0.3) * size
        colour, kind = _muted(rng), rng.integers(3)
        if kind == 0:
            radii = (extent, extent * rng.uniform(0.3, 1))
            canvas.fill(ellipse(centre, radii, rng.uniform(0, np.pi)), colour, 0.8)
        elif kind == 1:
            corner = ellipse(centre, (extent, extent * rng.uniform(0.2, 1)), rng.uniform(0, np.pi))
            canvas.fill(corner[::6], colour, 0.8)
        else:
            end = centre + rng.normal(0, extent, 2)
            canvas.line(np.stack([centre, end]), colour, rng.uniform(1, 5) * size / 160)
    return canvas.image


def _body(canvas: Canvas, sitter: Sitter, rng: np.random.Generator) -> None:
    """Back of the hair, shoulders and neck."""
    unit, size = sitter.unit, len(canvas.image)
    right, left, base = sitter.shape.anchors["neck"]
    skull = sitter.shape.anchors["skull"][0]
    if rng.random() < 0.35:  # long hair falls behind the shoulders
        width = rng.uniform(0.95, 1.2)
        fall = [(-width, 0), (-width, 1.6), (width, 1.6), (width, 0)]
        canvas.fill(curve(np.array([skull + sitter.along(*p) for p in fall])), sitter.hair * 0.8)
    canvas.fill(ellipse(skull, (0.98 * unit, 1.0 * unit), sitter.shape.roll), sitter.hair * 0.9)
    cloth, bottom = rng.uniform(20, 230, 3), size + unit
    shoulder = max(base[1], right[1], left[1]) + rng.uniform(0.1, 0.3) * unit
    half = rng.uniform(1.4, 1.8) * unit
    x = base[0]
    neck = np.array([right, left, (x + 0.5 * unit, shoulder + 0.4 * unit),
                     (x - 0.5 * unit, shoulder + 0.4 * unit)])  # fmt: skip
    torso = np.array([(x - half, bottom), (x - half, shoulder + 0.45 * unit),
                      (x - 0.55 * unit, shoulder), (x, shoulder + 0.35 * unit),
                      (x + 0.55 * unit, shoulder), (x + half, shoulder + 0.45 * unit),
                      (x + half, bottom)])  # fmt: skip
    canvas.fill(neck, sitter.skin * 0.74)
    canvas.fill(torso, cloth)


def _photographed(image: Image, look: Look, rng: np.random.Generator) -> Image:
    """What a camera adds: patches of light, colour cast, blur, noise, compression."""
    size = len(image)
    gains = np.exp(rng.normal(0, 1, 3) * look.cast + rng.normal(0, 1) * look.cast)
    blur = rng.uniform(0, look.blur) * size
    patches = rng.standard_normal((7, 7)).astype(np.float32) * look.texture
    noise = rng.standard_normal((size, size), dtype=np.float32) * (look.grain * rng.uniform(0, 2))
    quality = None if look.jpeg is None else int(rng.integers(look.jpeg[0], look.jpeg[1] + 1))
    if blur > 0.3:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8)
    levels = np.clip(np.rint(np.arange(256)[:, None] * gains), 0, 255).astype(np.uint8)
    image = np.asarray(cv2.LUT(image, levels[:, None]), np.uint8)
    noise += cv2.resize(patches, (size, size), interpolation=cv2.INTER_CUBIC)
    image = np.asarray(cv2.add(image, cv2.merge([noise] * 3), dtype=cv2.CV_8U), np.uint8)
    if quality is not None:
        _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return image
