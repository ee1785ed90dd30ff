"""The features of a drawn face, one function each, on a canvas."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from landmarks.data.toy.canvas import Array, Canvas, curve, ellipse
from landmarks.data.toy.shape import FaceShape

_WHITE: Final = np.array([246.0, 244.0, 240.0])
_BLACK: Final = np.array([22.0, 18.0, 20.0])
_IRISES: Final = np.array([(84, 58, 36), (58, 40, 28), (70, 98, 128), (84, 106, 74)], float)
_MOUTH: Final = np.array([70.0, 20.0, 24.0])
_FRAMES: Final = np.array([(30, 28, 30), (96, 62, 34), (120, 24, 30), (60, 64, 90)], float)

# Landmarks of the edges of the lips, around the mouth.
_LIP_TOP: Final = (48, 49, 50, 51, 52, 53, 54)
_LIP_BOTTOM: Final = (54, 55, 56, 57, 58, 59, 48)
_MOUTH_TOP: Final = (60, 61, 62, 63, 64)
_MOUTH_BOTTOM: Final = (64, 65, 66, 67, 60)


@dataclass(frozen=True, slots=True, eq=False)
class Sitter:
    """What stays the same all over one picture: the face, its colours and its light.

    Attributes:
        shape: Where everything is.
        skin: (3,) RGB, as the others.
        hair: Of head, brows and beard.
        lips: Of both lips.
        light: (3,) unit vector towards the light: right, down, towards the camera.
        strength: How strongly the light shades, 0 to 1.
    """

    shape: FaceShape
    skin: Array
    hair: Array
    lips: Array
    light: Array
    strength: float

    @property
    def unit(self) -> float:
        """Pixels of one model unit."""
        return self.shape.unit

    def points(self, *indices: int) -> Array:
        """Some of the 68 fixed points, source pixels."""
        return self.shape.points[list(indices)]

    def along(self, right: float, down: float) -> Array:
        """Offset in pixels of a step in model units, tilted with the head."""
        cos, sin = np.cos(self.shape.roll), np.sin(self.shape.roll)
        return np.array([right * cos - down * sin, right * sin + down * cos]) * self.unit


def draw_head(canvas: Canvas, sitter: Sitter) -> None:
    """Ears, then the skin of the head with its shading."""
    for ear in ("right_ear", "left_ear"):
        centre = sitter.shape.anchors[ear][0]
        radii = (0.11 * sitter.unit, 0.23 * sitter.unit)
        canvas.fill(ellipse(centre, radii, sitter.shape.roll), sitter.skin * 0.86)
        inner = (radii[0] * 0.5, radii[1] * 0.6)
        canvas.fill(ellipse(centre, inner, sitter.shape.roll), sitter.skin * 0.7)
    outline = curve(sitter.shape.head, closed=True)
    canvas.fill(outline, sitter.skin)
    canvas.line(curve(sitter.shape.outline), sitter.skin * 0.6, 0.018 * sitter.unit)
    canvas.within([outline], lambda layer: _shade(layer, sitter))


def _shade(layer: Canvas, sitter: Sitter) -> None:
    """Light a head as if it were an egg; its mask is the caller's."""
    head, size = sitter.shape.head, len(layer.image)
    grid = 24
    cells = (np.arange(grid) + 0.5) * size / grid - 0.5
    centre = (head.max(axis=0) + head.min(axis=0)) / 2
    radii = (head.max(axis=0) - head.min(axis=0)) / 2
    u, v = (cells[None, :] - centre[0]) / radii[0], (cells[:, None] - centre[1]) / radii[1]
    depth = np.sqrt(np.maximum(1.15 - u**2 - v**2, 0.05))
    x, y, z = sitter.light
    facing = (u * x + v * y + depth * z) / 1.07
    gain = np.clip(1 + sitter.strength * (facing - 0.75), 0.25, 1.35).astype(np.float32)
    gain = cv2.resize(gain, (size, size), interpolation=cv2.INTER_LINEAR)
    layer.image[:] = cv2.multiply(layer.image, cv2.merge([gain] * 3), dtype=cv2.CV_8U)


def draw_beard(canvas: Canvas, sitter: Sitter, rng: np.random.Generator) -> None:
    """Hair between the jaw and a line over the cheeks, the corners of the mouth and the lip."""
    jaw = sitter.shape.outline[1:16]
    cheeks = 0.5 * sitter.shape.outline[[13, 3]] + 0.5 * sitter.points(54, 48)
    lip = sitter.points(35, 33, 31) + sitter.along(0, 0.06)
    upper = np.concatenate([jaw[-1:], cheeks[:1], lip, cheeks[1:], jaw[:1]])
    region = np.concatenate([curve(jaw), curve(upper)])
    colour, density = sitter.hair * 0.85 + sitter.skin * 0.1, rng.uniform(0.35, 0.85)
    head = curve(sitter.shape.head, closed=True)
    canvas.within([head], lambda layer: layer.fill(region, colour, density))


def draw_nose(canvas: Canvas, sitter: Sitter) -> None:
    """A lit and a dark flank, the wings, and the nostrils."""
    towards_right = sitter.light[0] - 0.5 * np.sin(sitter.shape.yaw)
    for wing, base, sign in ((31, 32, -1), (35, 34, 1)):
        flank = sitter.points(27, 28, 29, 30, base, wing)
        factor, alpha = (1.12, 0.35) if sign * towards_right > 0 else (0.72, 0.45)
        canvas.fill(flank, np.minimum(sitter.skin * factor, 255), alpha)
    tip = sitter.points(30)[0]
    canvas.disc(tip, 0.06 * sitter.unit, np.minimum(sitter.skin * 1.2 + 10, 255), 0.45)
    canvas.line(curve(sitter.points(31, 32, 33, 34, 35)), sitter.skin * 0.55, 0.03 * sitter.unit)
    for wing, base in ((31, 32), (35, 34)):
        side, hole = sitter.points(wing, base)
        wing_curve = np.array([side + sitter.along(0, -0.12), side + (side - hole) * 0.25, side])
        canvas.line(curve(wing_curve), sitter.skin * 0.6, 0.025 * sitter.unit, alpha=0.8)
        radii = (0.04 * sitter.unit, 0.022 * sitter.unit)
        middle = (side + hole) / 2 - sitter.along(0, 0.02)
        canvas.fill(ellipse(middle, radii, sitter.shape.roll), sitter.skin * 0.3)


def draw_mouth(canvas: Canvas, sitter: Sitter) -> None:
    """Lips, and what an open mouth shows."""
    outer_up, outer_down = (curve(sitter.points(*k)) for k in (_LIP_TOP, _LIP_BOTTOM))
    inner_up, inner_down = (curve(sitter.points(*k)) for k in (_MOUTH_TOP, _MOUTH_BOTTOM))
    canvas.fill(np.concatenate([outer_up, outer_down]), sitter.lips)
    canvas.fill(np.concatenate([outer_up, inner_up[::-1]]), sitter.lips * 0.84)
    canvas.fill(np.concatenate([outer_down, inner_down[::-1]]), np.minimum(sitter.lips * 1.06, 255))
    upper, lower = sitter.points(62, 66)
    if np.linalg.norm(upper - lower) > 0.03 * sitter.unit:
        inside = np.concatenate([inner_up, inner_down])
        canvas.within([inside], lambda layer: _teeth(layer, sitter, inner_up))
    canvas.line(inner_up, sitter.lips * 0.42, 0.02 * sitter.unit)


def _teeth(layer: Canvas, sitter: Sitter, edge: Array) -> None:
    """The inside of an open mouth; its mask is the caller's."""
    layer.cover(_MOUTH)
    layer.fill(np.concatenate([edge, (edge + sitter.along(0, 0.07))[::-1]]), _WHITE * 0.92)


def draw_eyes(canvas: Canvas, sitter: Sitter, rng: np.random.Generator) -> None:
    """Lids, and eyeballs that look about where the face does."""
    gaze = sitter.along(*rng.normal(0, (0.025, 0.008)))
    iris = _IRISES[rng.integers(len(_IRISES))] * rng.uniform(0.8, 1.2)
    narrow = np.cos(sitter.shape.yaw)
    for first in (36, 42):
        points = sitter.shape.points[first : first + 6]
        over, under = curve(points[:4]), curve(points[[3, 4, 5, 0]])
        middle = points.mean(axis=0) + gaze
        shadow = np.concatenate([over + sitter.along(0, -0.05), under + sitter.along(0, 0.045)])
        canvas.fill(shadow, sitter.skin * 0.72, 0.5)

        def ball(layer: Canvas, middle: Array = middle) -> None:
            layer.cover(_WHITE)
            for radius, colour in ((0.078, iris * 0.6), (0.066, iris), (0.034, _BLACK)):
                radii = (radius * sitter.unit * narrow, radius * sitter.unit)
                layer.fill(ellipse(middle, radii, sitter.shape.roll), colour)
            layer.disc(middle + sitter.along(0.025, -0.025), 0.013 * sitter.unit, _WHITE)

        canvas.within([np.concatenate([over, under])], ball)
        canvas.line(over, sitter.skin * 0.2, 0.028 * sitter.unit)
        canvas.line(under, sitter.skin * 0.5, 0.015 * sitter.unit)


def draw_brows(canvas: Canvas, sitter: Sitter, rng: np.random.Generator) -> None:
    """Bands along the brow points, thicker towards the nose."""
    thickness = rng.uniform(0.03, 0.05)
    colour = sitter.hair * 0.7
    for first, last in ((17, 21), (26, 22)):
        step = 1 if last > first else -1
        middle = curve(sitter.shape.points[[*range(first, last + step, step)]])
        half = np.linspace(0.35, 1.0, len(middle))[:, None] * thickness
        up = sitter.along(0, 1)
        canvas.fill(np.concatenate([middle - up * half, (middle + up * half)[::-1]]), colour, 0.9)


def draw_fringe(canvas: Canvas, sitter: Sitter, rng: np.random.Generator) -> None:
    """Hair in front of the forehead."""
    hairline = curve(sitter.shape.anchors["hairline"])
    drop = rng.uniform(-0.06, 0.14) + rng.normal(0, 0.03, 7)
    waves = np.interp(np.linspace(0, 1, len(hairline)), np.linspace(0, 1, 7), drop)
    hairline = hairline + waves[:, None] * sitter.along(0, 1)
    crown = _crown(sitter, rng.uniform(0.06, 0.2))
    canvas.fill(np.concatenate([hairline, crown[::-1]]), sitter.hair)
    for share in rng.random(6):  # strands
        ends = np.stack([line[int(share * len(line))] for line in (crown, hairline)])
        colour = np.minimum(sitter.hair * rng.uniform(0.7, 1.35), 255)
        canvas.line(ends, colour, 0.03 * sitter.unit, alpha=0.6)


def draw_hat(canvas: Canvas, sitter: Sitter, rng: np.random.Generator) -> None:
    """A cap that hides the hair."""
    brim = curve(sitter.shape.anchors["hairline"] + sitter.along(0, rng.uniform(-0.05, 0.12)))
    colour = rng.uniform(15, 220, 3)
    crown = _crown(sitter, rng.uniform(0.12, 0.35))
    canvas.fill(np.concatenate([brim, crown[::-1]]), colour)
    canvas.line(brim, colour * 0.6, 0.09 * sitter.unit)


def _crown(sitter: Sitter, thickness: float) -> Array:
    """The top of the head from its right to its left, made larger by a share."""
    hairline, head = sitter.shape.anchors["hairline"], sitter.shape.head
    down = sitter.along(0, 1) / sitter.unit
    sides = []
    for side, end in ((head[:5], hairline[0]), (head[:-6:-1], hairline[-1])):
        # On the side that is turned away, hair ends where it goes behind the forehead.
        above = side @ down <= end @ down + 0.05 * sitter.unit
        sides.append(side[above] if above.any() else side[:1])
    top = np.concatenate([sides[0][::-1], sides[1]])
    return curve(top + (top - hairline.mean(axis=0)) * thickness)


def draw_glasses(canvas: Canvas, sitter: Sitter, rng: np.random.Generator) -> None:
    """Two rims, a bridge, and the arms that are to be seen."""
    colour, width = _FRAMES[rng.integers(len(_FRAMES))], rng.uniform(0.025, 0.05) * sitter.unit
    radii = np.array([rng.uniform(0.25, 0.29) * np.cos(sitter.shape.yaw), rng.uniform(0.17, 0.22)])
    rims = []
    for first in (36, 42):
        middle = sitter.shape.points[first : first + 6].mean(axis=0) + sitter.along(0, 0.03)
        rim = ellipse(middle, (radii[0] * sitter.unit, radii[1] * sitter.unit), sitter.shape.roll)
        canvas.fill(rim, _WHITE, 0.10)
        canvas.line(np.concatenate([rim, rim[:1]]), colour, width)
        rims.append(rim)
    canvas.line(np.stack([rims[0][0], rims[1][12]]), colour, width)
    for rim, side, ear in ((rims[0][12], -1, "right_ear"), (rims[1][0], 1, "left_ear")):
        if side * np.sin(sitter.shape.yaw) > -0.12:  # the other arm is behind the face
            end = sitter.shape.anchors[ear][0] - sitter.along(0, 0.12)
            canvas.line(np.stack([rim, end]), colour, width)


def draw_hand(canvas: Canvas, sitter: Sitter, rng: np.random.Generator) -> None:
    """Fingers that reach over the lower face."""
    side = rng.choice([-1.0, 1.0])
    chin = sitter.shape.points[8] + sitter.along(side * rng.uniform(0.4, 0.7), rng.uniform(0, 0.4))
    reach = sitter.along(-side * rng.uniform(0.1, 0.4), -rng.uniform(0.6, 1.0))
    for k in range(4):
        start = chin + sitter.along(side * 0.13 * k, 0.05 * k)
        ends = np.stack([start, start + reach * (1 - 0.08 * abs(k - 1.5))])
        canvas.line(ends, sitter.skin * 0.6, 0.16 * sitter.unit)
        canvas.line(ends, sitter.skin * 0.95, 0.125 * sitter.unit)
