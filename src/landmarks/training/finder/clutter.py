"""Things that are no face, drawn into a scene: skin without features, text, shapes, fragments."""

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.colour import skin_tone
from landmarks.synthesis.mesh.classes import Class
from landmarks.training.finder.material import Faces

Image = NDArray[np.uint8]

LETTERS = "ABCDEFGHIKLMNOPRSTUVWXYZabcdefghiklmnoprstuvwxyz0123456789&%?!.:"
LARGEST_FRAGMENT = 0.2  # share of the face that a fragment may show


def add_clutter(canvas: Image, faces: Faces, rng: np.random.Generator) -> None:
    """Draw a few things that are no face into `canvas`, in place."""
    kinds = (_limb, _ball, _lines, _text, _rings, _dots, _texture)
    for _ in range(rng.integers(0, 6)):
        if rng.random() < 0.35:
            _fragment(canvas, faces, rng)
        else:
            kinds[rng.integers(len(kinds))](canvas, rng)


def _place(canvas: Image, rng: np.random.Generator) -> tuple[int, int]:
    x, y = (int(v) for v in rng.integers(0, canvas.shape[0], 2))
    return x, y


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Of skin, or any."""
    if rng.random() < 0.5:
        tone = np.array(skin_tone(rng.random(), rng.random())) ** (1 / 2.2)
        values = 255 * np.clip(tone * rng.uniform(0.5, 1.2), 0, 1)
    else:
        values = rng.uniform(0, 255, 3)
    r, g, b = (int(v) for v in values)
    return r, g, b


def _size(rng: np.random.Generator, least: float = 8, most: float = 160) -> int:
    return int(np.exp(rng.uniform(np.log(least), np.log(most))))


def _limb(canvas: Image, rng: np.random.Generator) -> None:
    """Thick strokes, darker at the edges, as of an arm, fingers or a neck."""
    colour = np.array(_colour(rng))
    x, y = _place(canvas, rng)
    width, angle = _size(rng, 4, 60), rng.uniform(0, 2 * np.pi)
    for _ in range(rng.integers(1, 6)):
        bend = angle + rng.normal(0, 0.5)
        length = width * rng.uniform(1, 5)
        end = int(x + length * np.cos(bend)), int(y + length * np.sin(bend))
        for share, light in ((1.0, 0.7), (0.75, 0.88), (0.45, 1.0)):
            shade = tuple(int(v) for v in np.clip(colour * light, 0, 255))
            cv2.line(canvas, (x, y), end, shade, max(1, int(width * share)), cv2.LINE_AA)
        x, y = x + int(rng.normal(0, width * 0.8)), y + int(rng.normal(0, width * 0.8))


def _ball(canvas: Image, rng: np.random.Generator) -> None:
    """An ellipse lit from one side: a ball, a balloon, a bald head from behind."""
    colour, centre, size = np.array(_colour(rng)), np.array(_place(canvas, rng)), _size(rng)
    axes = np.array([1.0, rng.uniform(0.6, 1.6)])
    towards, angle = rng.normal(0, 0.18, 2), rng.uniform(0, 180)
    steps = 6
    for step in range(steps):
        share = 1 - step / steps
        shade = tuple(int(v) for v in np.clip(colour * (0.55 + 0.6 * step / steps), 0, 255))
        middle = tuple(int(v) for v in centre + towards * size * (1 - share))
        half = tuple(max(1, int(v)) for v in axes * size * share / 2)
        cv2.ellipse(canvas, middle, half, angle, 0, 360, shade, -1, cv2.LINE_AA)


def _lines(canvas: Image, rng: np.random.Generator) -> None:
    """Parallel lines: a fence, blinds, a keyboard, a grid."""
    colour, (x, y) = _colour(rng), _place(canvas, rng)
    gap, thickness = _size(rng, 3, 20), int(rng.integers(1, 5))
    length = _size(rng, 20, 250)
    for i in range(rng.integers(2, 14)):
        cv2.line(canvas, (x + i * gap, y), (x + i * gap, y + length), colour, thickness)
        if rng.random() < 0.3:
            cv2.line(canvas, (x, y + i * gap), (x + length, y + i * gap), colour, thickness)


def _text(canvas: Image, rng: np.random.Generator) -> None:
    colour, (x, y) = _colour(rng), _place(canvas, rng)
    font, scale = int(rng.integers(0, 8)), float(rng.uniform(0.3, 2.5))
    for row in range(rng.integers(1, 5)):
        word = "".join(rng.choice(list(LETTERS), rng.integers(1, 12)))
        place = (x - 60, y + int(row * 30 * scale))
        cv2.putText(canvas, word, place, font, scale, colour, int(rng.integers(1, 4)), cv2.LINE_AA)


def _rings(canvas: Image, rng: np.random.Generator) -> None:
    """A wheel, a clock, a plate, a lamp."""
    centre, size = _place(canvas, rng), _size(rng)
    for share in sorted(rng.uniform(0.1, 1, rng.integers(1, 5)), reverse=True):
        filled = -1 if rng.random() < 0.6 else int(rng.integers(1, 5))
        radius = max(1, int(size * share / 2))
        cv2.circle(canvas, centre, radius, _colour(rng), filled, cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, rng.integers(1, 9)) + rng.random():
        end = np.array(centre) + size / 2 * np.array([np.cos(angle), np.sin(angle)])
        cv2.line(canvas, centre, (int(end[0]), int(end[1])), _colour(rng), 1, cv2.LINE_AA)


def _dots(canvas: Image, rng: np.random.Generator) -> None:
    """Scattered dots and short strokes: windows, fruit, pebbles, leaves."""
    (x, y), spread, size = _place(canvas, rng), _size(rng, 10, 120), _size(rng, 2, 16)
    colours = [_colour(rng) for _ in range(3)]
    for _ in range(rng.integers(3, 40)):
        place = int(x + rng.normal(0, spread)), int(y + rng.normal(0, spread))
        axes = (int(rng.integers(1, size + 1)), int(rng.integers(1, size + 1)))
        colour = colours[rng.integers(3)]
        cv2.ellipse(canvas, place, axes, rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)


def _texture(canvas: Image, rng: np.random.Generator) -> None:
    """A patch of noise of any coarseness: fur, foliage, stone, cloth."""
    (x, y), size = _place(canvas, rng), _size(rng, 24, 256)
    patch = canvas[y : y + size, x : x + size]
    height, width = patch.shape[:2]
    across, along = (max(2, int(v)) for v in size / np.exp(rng.uniform(0, 3, 2)))
    field = rng.normal(0, rng.uniform(8, 60), (along, across, 1 if rng.random() < 0.5 else 3))
    field = np.broadcast_to(field, (along, across, 3)).astype(np.float32)
    noise = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    base = np.array(_colour(rng)) if rng.random() < 0.5 else patch.astype(np.float32)
    patch[:] = np.clip(base + noise, 0, 255)


def _fragment(canvas: Image, faces: Faces, rng: np.random.Generator) -> None:
    """A part of a render that shows at most a fifth of its face: an eye, an ear, hair, cloth."""
    i = int(rng.integers(len(faces)))
    picture, full = faces.pictures[i], faces.pictures.shape[1]
    box = np.concatenate([faces.landmarks[i].min(axis=0), faces.landmarks[i].max(axis=0)])
    width, height = (int(v) for v in full * rng.uniform(0.12, 0.5, 2))
    left, top = int(rng.integers(0, full - width)), int(rng.integers(0, full - height))
    inner = np.minimum(box[2:], (left + width, top + height)) - np.maximum(box[:2], (left, top))
    if np.prod(np.maximum(inner, 0)) > LARGEST_FRAGMENT * np.prod(box[2:] - box[:2]):
        return
    part = picture[top : top + height, left : left + width]
    if rng.random() < 0.3:
        part = cv2.rotate(part, int(rng.integers(0, 3)))
    factor = rng.uniform(0.3, 3.0)
    size = (max(4, int(part.shape[1] * factor)), max(4, int(part.shape[0] * factor)))
    part = cv2.resize(part, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    x, y = _place(canvas, rng)
    target = canvas[y : y + size[1], x : x + size[0]]
    part = part[: target.shape[0], : target.shape[1]]
    shown = np.ones(part.shape[:2], bool) if rng.random() < 0.5 else part[..., 3] > 0
    target[shown] = part[shown][:, :3]


def without_face(picture: Image, rng: np.random.Generator) -> Image:
    """A head from behind, more or less: the face covered with the colour and grain of its hair.

    Args:
        picture: (H, W, 4) RGB and class.
        rng: Draws the colour where there is no hair, and the grain.
    """
    classes = picture[..., 3]
    covered = ((classes >= Class.SKIN) & (classes <= Class.BOTTOM_LIP)) | (
        (classes == Class.BEARD) | (classes == Class.GLASSES)
    )
    hair = picture[classes == Class.HAIR][:, :3]
    colour = hair.mean(axis=0) if len(hair) > 100 else np.array(_colour(rng), float)
    height, width = classes.shape
    stretch = int(rng.integers(1, 24))
    grain = rng.normal(0, 1, (height // stretch + 1, width // 2)).astype(np.float32)
    streaks = np.asarray(cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR))
    x = np.linspace(-1, 1, width)
    shade = 1 + 0.3 * rng.normal() * x - 0.35 * x**2
    filled = (colour * shade[:, None])[None] * (1 + rng.uniform(0.02, 0.25) * streaks[..., None])
    result = picture.copy()
    result[covered, :3] = np.clip(filled, 0, 255)[covered]
    return result
