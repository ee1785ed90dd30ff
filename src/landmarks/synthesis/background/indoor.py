"""Rooms: walls in perspective with furniture."""

from itertools import pairwise

import numpy as np

from landmarks.synthesis.background.canvas import (
    GROUND,
    LAMP,
    WALLS,
    WOOD,
    Canvas,
    Colour,
    Plane,
    Points,
    box,
    boxes,
    colour,
    things,
)
from landmarks.synthesis.background.furnishings import FURNISHINGS


def indoor(size: int, rng: np.random.Generator) -> Canvas:
    """A room, seen along one of its walls."""
    vanishing = rng.uniform((0.1, 0.3), (0.9, 0.65))
    near = box(*rng.uniform((-0.5, -0.6, 1.0, 1.0), (0.0, 0.0, 1.5, 1.7)))
    far = vanishing + rng.uniform(0.3, 0.98) * (near - vanishing)
    wall = colour(WALLS, rng)
    lit = rng.uniform(0.55, 1.1, 4)[:, None] * wall
    canvas = Canvas(size, lit[0])
    canvas.fill(
        np.stack([near[0], near[1], far[1], far[0]]), 0.5 * lit[1] + 0.5 * colour(WALLS, rng)
    )
    canvas.fill(np.stack([near[3], near[2], far[2], far[3]]), colour((*WOOD, *GROUND), rng))
    sides = {
        "left": (np.stack([near[0], far[0], far[3], near[3]]), lit[2]),
        "right": (np.stack([far[1], near[1], near[2], far[2]]), lit[3]),
        "back": (far, lit[0]),
    }
    for corners, paint in sides.values():
        canvas.fill(corners, paint)
        _skirting(canvas, corners, paint)
    _ceiling_lights(canvas, Plane(np.stack([near[0], near[1], far[1], far[0]])), rng)
    for corners, _ in sides.values():
        _furnish(canvas, Plane(corners), rng)
    for _ in range(rng.integers(4)):
        _furniture(canvas, rng)
    return canvas


def _skirting(canvas: Canvas, corners: Points, paint: Colour) -> None:
    """The edges of a wall, which are darker because less light reaches corners."""
    canvas.line(corners[[3, 0, 1, 2]], 0.8 * paint, 0.004)
    canvas.line(corners[[3, 2]], 0.55 * paint, 0.01)


def _ceiling_lights(canvas: Canvas, ceiling: Plane, rng: np.random.Generator) -> None:
    if rng.random() < 0.5:
        return
    columns, rows = rng.integers(1, 4), rng.integers(1, 5)
    u, v = (part.ravel() for part in np.meshgrid(np.arange(columns), np.arange(rows)))
    wide, long = rng.uniform(0.15, 0.6, 2)
    panels = boxes(
        (u + 0.5 - wide / 2) / columns, (v + 0.5 - long / 2) / rows,
        (u + 0.5 + wide / 2) / columns, (v + 0.5 + long / 2) / rows,
    )  # fmt: skip
    canvas.fill_all(ceiling(panels), np.tile(LAMP, (len(panels), 1)).astype(float))


def _furnish(canvas: Canvas, wall: Plane, rng: np.random.Generator) -> None:
    """Place a few furnishings along a wall."""
    count = rng.integers(1, 5)
    edges = np.sort(rng.uniform(0, 1, count + 1))
    edges[[0, -1]] = 0.02, 0.98
    for start, end in pairwise(edges):
        if end - start > 0.06:
            gap = rng.uniform(0, 0.25) * (end - start)
            FURNISHINGS[rng.integers(len(FURNISHINGS))](canvas, wall, (start + gap, end - gap), rng)


def _furniture(canvas: Canvas, rng: np.random.Generator) -> None:
    """The back of a chair or a sofa, a table, a box: a block with a lit top."""
    x, y = rng.uniform((-0.2, 0.55), (1.0, 0.95))
    wide, deep = rng.uniform((0.15, 0.02), (0.6, 0.08))
    paint, slant = things(1, rng)[0], rng.uniform(-0.05, 0.05)
    top = np.array([(x, y), (x + wide, y + slant), (x + wide - deep, y + slant - deep),
                    (x + deep, y - deep)])  # fmt: skip
    front = np.array([(x, y), (x + wide, y + slant), (x + wide, 1.2), (x, 1.2)])
    canvas.fill(front, 0.75 * paint)
    canvas.fill(top, 1.15 * paint)
