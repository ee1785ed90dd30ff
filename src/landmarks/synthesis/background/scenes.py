"""The kinds of backgrounds, one function each; `SCENES` maps recipe names to functions."""

from collections.abc import Callable
from typing import Final

import numpy as np

from landmarks.synthesis.background.canvas import (
    FOLIAGE,
    HAIR,
    LAMP,
    SKIN,
    STONE,
    THINGS,
    WALLS,
    WOOD,
    Canvas,
    box,
    colour,
    noise,
    things,
)
from landmarks.synthesis.background.indoor import indoor
from landmarks.synthesis.background.outdoor import outdoor

Scene = Callable[[int, np.random.Generator], Canvas]


def plain(size: int, rng: np.random.Generator) -> Canvas:
    """A bare wall, or a roll of paper."""
    return Canvas(size, colour(WALLS, rng))


def gradient(size: int, rng: np.random.Generator) -> Canvas:
    """A studio's backdrop: mottled cloth with a pool of light behind the sitter."""
    dark = colour((*WALLS, *STONE, *WOOD, *THINGS[:10]), rng)
    light = dark + rng.uniform(0.2, 0.7) * (np.array(LAMP, float) - dark)
    canvas = Canvas(size, dark)
    x, y = canvas.grid()
    centre, spread = rng.uniform((0, 0), (1, 1.2)), rng.uniform(0.3, 1.0)
    pool = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / spread**2)
    mottles = rng.uniform(0, 0.08) * noise(size, rng, coarsest=3, slope=1.4, finest=48)
    canvas.blend(np.clip(pool + mottles, 0, 1).astype(np.float32), light)
    return canvas


def clutter(size: int, rng: np.random.Generator) -> Canvas:
    """Piles of overlapping shapes, like a market, a workshop or a wall of posters.

    Occluding shapes whose sizes follow a power law have the statistics of
    photographs: edges, flat parts and a 1/f spectrum (Lee, Mumford and Huang 2001, "Occlusion
    models for natural images").
    """
    count = 190
    smallest, largest = 0.022, 0.6
    # Inverse of the cumulative distribution of r^-3 between the two.
    u = rng.random(count)
    radii = 1 / np.sqrt(u / smallest**2 + (1 - u) / largest**2)
    centres = rng.uniform(-0.1, 1.1, (count, 2))
    angles = rng.normal(0, rng.uniform(0.01, 0.25), count)  # most things stand upright
    paints = things(count, rng)
    paints += rng.uniform(0, 0.6) * (colour((*WALLS, *WOOD, *STONE), rng) - paints)  # one light
    canvas = Canvas(size, colour((*WALLS, *WOOD), rng))
    along = np.exp(rng.normal(0.2, 0.8, count))
    cos, sin = np.cos(angles), np.sin(angles)
    turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], axis=1)  # (N, 2, 2)
    quads = box(-1, -1, 1, 1) * np.stack([radii, radii * along], -1)[:, None]  # (N, 4, 2)
    quads = quads @ turn + centres[:, None]
    for k, is_round in enumerate(rng.random(count) < 0.25):
        if is_round:
            axes = (float(radii[k]), float(radii[k] * along[k]))
            canvas.ellipse(centres[k], axes, paints[k], turn=float(np.degrees(angles[k])))
        else:
            canvas.fill(quads[k], paints[k])
    return canvas


def bokeh(size: int, rng: np.random.Generator) -> Canvas:
    """Lights or sunny leaves far out of focus: discs of one size over something dim."""
    night = rng.random() < 0.6
    grounds, shade = ((*THINGS, *WOOD), 0.45) if night else ((*FOLIAGE, *STONE), 0.9)
    canvas = Canvas(size, colour(grounds, rng) * shade)
    for _ in range(3):
        share = np.clip(0.3 + 0.4 * noise(size, rng, coarsest=2, slope=1.8, finest=16), 0, 1)
        canvas.blend(share, colour(grounds, rng) * shade)
    radius, count = rng.uniform(0.02, 0.07), rng.integers(8, 60)
    hues = NIGHT_LIGHTS if night else (LAMP, FOLIAGE[3], FOLIAGE[1], (220, 224, 190))
    rows = rng.uniform(0, 1, 4)  # street lamps and shop windows stand in rows
    for _ in range(count):
        y = rng.choice(rows) + rng.normal(0, 0.03) if night else rng.uniform(0, 1)
        centre = np.array([rng.uniform(-0.05, 1.05), y])
        paint = np.array(hues[rng.integers(len(hues))], float)
        canvas.veil(centre, radius * rng.uniform(0.8, 1.1), paint, rng.beta(1.2, 2))
    canvas.soften(0.08 * radius + 0.002)
    return canvas


def crowd(size: int, rng: np.random.Generator) -> Canvas:
    """People in the background: hair, skin and clothes, but no face to label."""
    scenes = (indoor, outdoor, gradient, clutter)
    canvas = scenes[rng.integers(len(scenes))](size, rng)
    radius = rng.uniform(0.03, 0.09)
    eye_level = rng.uniform(0.2, 0.7)
    feet = np.sort(rng.uniform(0, 1, rng.integers(3, 16)))
    for nearness in feet:  # from far to near
        head = np.array([rng.uniform(-0.05, 1.05), eye_level + 0.35 * (nearness - 0.5)])
        _person(canvas, head, radius * (0.6 + nearness), rng)
    canvas.soften(rng.uniform(0.2, 0.4) * radius)
    return canvas


def _person(
    canvas: Canvas,
    head: np.ndarray[tuple[int], np.dtype[np.float64]],
    radius: float,
    rng: np.random.Generator,
) -> None:
    """Shoulders, neck, hair and skin; some turn their backs."""
    skin, hair = colour(SKIN, rng), colour(HAIR, rng)
    cloth = things(1, rng)[0]
    canvas.ellipse(head + np.array([0, 3.9 * radius]), (2.1 * radius, 2.7 * radius), cloth)
    canvas.fill(head + radius * box(-0.5, 0.4, 0.5, 1.6), 0.75 * skin)
    canvas.ellipse(head - np.array([0, 0.15 * radius]), (0.95 * radius, 1.2 * radius), hair)
    if rng.random() < 0.25:
        return
    aside = rng.normal(0, 0.15) * radius
    face = head + np.array([aside, 0.2 * radius])
    canvas.ellipse(face, (0.76 * radius, 0.95 * radius), skin)
    canvas.ellipse(face + np.array([0.3 * radius, 0]), (0.42 * radius, 0.8 * radius), 0.85 * skin)
    for x, y in ((-0.3, -0.2), (0.3, -0.2), (0, 0.5)):
        canvas.ellipse(face + radius * np.array([x, y]), (0.17 * radius, 0.09 * radius), 0.5 * skin)


NIGHT_LIGHTS: Final = (
    LAMP, (255, 214, 150), (255, 190, 110), (250, 236, 206), (170, 200, 255), (236, 84, 60),
    (120, 220, 150),
)  # fmt: skip

SCENES: Final[dict[str, Scene]] = {
    "plain": plain,
    "gradient": gradient,
    "indoor": indoor,
    "outdoor": outdoor,
    "clutter": clutter,
    "bokeh": bokeh,
    "crowd": crowd,
}
"""By the name of the share in `BackgroundRecipe`."""
