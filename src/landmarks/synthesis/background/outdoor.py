"""Outdoor scenes: streets, parks, walls, open land."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np

from landmarks.synthesis.background.canvas import (
    FOLIAGE,
    GROUND,
    LAMP,
    SKY,
    STONE,
    THINGS,
    WOOD,
    Canvas,
    Plane,
    Points,
    box,
    boxes,
    colour,
    noise,
    things,
)
from landmarks.synthesis.background.furnishings import writing


def outdoor(size: int, rng: np.random.Generator) -> Canvas:
    """Paint an outdoor scene."""
    return PLACES[rng.integers(len(PLACES))](size, rng)


def street(size: int, rng: np.random.Generator) -> Canvas:
    """Houses on both sides of a street that runs to a vanishing point."""
    vanishing = rng.uniform((0.15, 0.4), (0.85, 0.7))
    canvas = _sky(size, vanishing[1], rng)
    canvas.fill(box(-0.1, vanishing[1], 1.1, 1.1), colour(GROUND, rng))
    _kerbs(canvas, vanishing, rng)
    for outward in (-1, 1):
        if rng.random() < 0.85:
            _row_of_houses(canvas, vanishing, outward, rng)
    if rng.random() < 0.5:
        plants(canvas, rng, low=vanishing[1] + 0.05, high=vanishing[1] - 0.25)
    for _ in range(rng.integers(5)):
        _car(canvas, vanishing, rng)
    for _ in range(rng.integers(3)):
        _post(canvas, vanishing[1], rng)
    return canvas


def park(size: int, rng: np.random.Generator) -> Canvas:
    """Trees and hedges, light between the leaves, grass below."""
    horizon = rng.uniform(0.5, 0.9)
    canvas = _sky(size, horizon, rng)
    canvas.fill(box(-0.1, horizon, 1.1, 1.1), colour((FOLIAGE[1], FOLIAGE[3], *GROUND), rng))
    plants(canvas, rng, low=horizon + 0.03, high=rng.uniform(-0.5, 0.4))
    for _ in range(rng.integers(6)):
        _trunk(canvas, horizon, rng)
    plants(canvas, rng, low=horizon + rng.uniform(-0.05, 0.3), high=rng.uniform(0, 0.7))
    return canvas


def facade(size: int, rng: np.random.Generator) -> Canvas:
    """A wall of stone, brick or plaster close behind, with windows or doors."""
    tilt = rng.normal(0, 0.12, (4, 2))
    corners = box(-0.3, -0.4, 1.3, 1.4) + tilt
    wall = Plane(corners)
    canvas = Canvas(size, colour(STONE, rng))
    _courses(canvas, wall, rng)
    if rng.random() < 0.7:
        _windows(canvas, wall, (int(rng.integers(2, 5)), int(rng.integers(1, 4))), rng)
    if rng.random() < 0.35:
        sign, ink = things(2, rng)
        area = box(*rng.uniform((0.1, 0.1, 0.5, 0.3), (0.4, 0.3, 0.9, 0.45)))
        canvas.fill(wall(area), sign)
        canvas.fill_all(*writing(wall, area, ink, rng))
    if rng.random() < 0.4:
        plants(canvas, rng, low=1.3, high=rng.uniform(0.4, 0.9))
    return canvas


def open_land(size: int, rng: np.random.Generator) -> Canvas:
    """Sky, hills and bands of field, sand or water."""
    horizon = rng.uniform(0.3, 0.8)
    canvas = _sky(size, horizon, rng)
    for distance in np.sort(rng.uniform(0, 1, rng.integers(1, 4)))[::-1]:
        _hill(canvas, horizon, distance, rng)
    top = horizon
    while top < 1.05:
        canvas.fill(box(-0.1, top, 1.1, 1.1), colour((*GROUND, *FOLIAGE, *WATER), rng))
        top += rng.uniform(0.05, 0.35)
    if rng.random() < 0.5:
        plants(canvas, rng, low=horizon + 0.1, high=horizon - 0.12)
    for _ in range(rng.integers(4)):
        _post(canvas, horizon, rng)
    return canvas


def plants(canvas: Canvas, rng: np.random.Generator, *, low: float, high: float) -> None:
    """Leaves in clumps, from a full edge at height `low` up to a ragged one at `high`."""
    clumps = noise(canvas.size, rng, coarsest=3, slope=0.9)
    leaves = noise(canvas.size, rng, coarsest=8, slope=0.6)
    dark, light = colour(FOLIAGE, rng) * 0.6, colour(FOLIAGE, rng) * rng.uniform(1, 1.7)
    _, y = canvas.grid()
    inside = np.minimum(3 * (y - high) / (low - high), (low - y) / 0.02)
    share = np.clip(2.5 * (inside + 0.8 * clumps + 0.3 * leaves), 0, 1)
    lit = np.clip(0.4 + 0.25 * clumps + 0.35 * leaves, 0, 1)[..., None].astype(np.float32)
    paint = dark.astype(np.float32) + lit * (light - dark).astype(np.float32)
    canvas.blend(share.astype(np.float32), paint)


def _sky(size: int, horizon: float, rng: np.random.Generator) -> Canvas:
    """A sky that gets paler or overexposed towards the horizon, sometimes with clouds."""
    canvas = Canvas(size, colour(SKY, rng))
    _, y = canvas.grid()
    low = colour(SKY, rng) if rng.random() < 0.5 else np.array(LAMP, float)
    canvas.blend(np.broadcast_to(np.clip(y / horizon, 0, 1), (size, size)), low)
    if rng.random() < 0.5:
        clouds = noise(size, rng, coarsest=2, finest=64)
        canvas.blend(np.clip(0.6 * clouds, 0, 0.9), np.array(LAMP, float) * rng.uniform(0.8, 1))
    return canvas


def _kerbs(canvas: Canvas, vanishing: Points, rng: np.random.Generator) -> None:
    """Edges of pavements, lanes and shadows on the ground, all towards one point."""
    feet = np.sort(rng.uniform(-1, 2, (4, 2)), axis=1)
    for left, right in feet:
        lane = np.array([vanishing, (left, 1.1), (right, 1.1)])
        canvas.fill(lane, colour(GROUND, rng))
    edges = rng.uniform(-1, 2, 3)
    for x in edges:
        strip = np.array([vanishing, (x, 1.1), (x + 0.06, 1.1)])
        canvas.fill(strip, colour(STONE, rng) * 1.1)


def _row_of_houses(
    canvas: Canvas, vanishing: Points, outward: int, rng: np.random.Generator
) -> None:
    """Facades along the street, from far to near, higher and lower."""
    foot = vanishing + np.array([outward * rng.uniform(0.3, 0.8), rng.uniform(0.1, 0.45)])
    depths = np.concatenate([[0.12], np.sort(rng.uniform(0.2, 1.2, rng.integers(1, 4))), [2.5]])
    for far, near in pairwise(depths):
        height = np.array([0, -rng.uniform(0.5, 1.6)])
        ground = [vanishing + t * (foot - vanishing) for t in (far, near)]
        roof = [g + t * height for g, t in zip(ground, (far, near), strict=True)]
        house = Plane(np.stack([roof[0], roof[1], ground[1], ground[0]]))
        canvas.fill(house(box(0, 0, 1, 1)), colour(STONE, rng) * (0.7 if outward > 0 else 1))
        _windows(canvas, house, (int(rng.integers(2, 6)), int(rng.integers(2, 6))), rng)


def _windows(canvas: Canvas, wall: Plane, count: tuple[int, int], rng: np.random.Generator) -> None:
    """A grid of windows: dark rooms, or panes that mirror the sky."""
    columns, rows = count
    u, v = (part.ravel() for part in np.meshgrid(np.arange(columns), np.arange(rows)))
    wide, high = rng.uniform(0.3, 0.75, 2)
    x0, x1 = (u + 0.5 - wide / 2) / columns, (u + 0.5 + wide / 2) / columns
    y0, y1 = (v + 0.5 - high / 2) / rows, (v + 0.5 + high / 2) / rows
    frames = np.tile(colour(STONE, rng) * 1.1, (len(u), 1))
    edge = 0.04 / max(columns, rows)
    canvas.fill_all(wall(boxes(x0 - edge, y0 - edge, x1 + edge, y1 + edge)), frames)
    panes = np.where(
        rng.random((len(u), 1)) < rng.uniform(0, 0.4),
        colour(SKY, rng),
        colour(THINGS[:3], rng) * rng.uniform(0.6, 1.3, (len(u), 1)),
    )
    canvas.fill_all(wall(boxes(x0, y0, x1, y1)), panes)
    if rng.random() < 0.6:
        middle = (x0 + x1) / 2
        bars = boxes(middle - edge / 2, y0, middle + edge / 2, y1)
        canvas.fill_all(wall(bars), frames)


def _courses(canvas: Canvas, wall: Plane, rng: np.random.Generator) -> None:
    """Joints of stone or brick, and blocks of slightly different colour."""
    rows = int(rng.integers(4, 28))
    base, joint = colour(STONE, rng), colour(STONE, rng)
    canvas.fill(wall(box(0, 0, 1, 1)), base)
    v = rng.integers(rows, size=30) / rows
    u = rng.uniform(0, 1, 30)
    stones = boxes(u, v, u + rng.uniform(1, 2.5, 30) / rows, v + 1 / rows)
    canvas.fill_all(wall(stones), base * rng.uniform(0.75, 1.2, (30, 1)))
    for v_joint in np.arange(rows) / rows:
        canvas.line(wall(np.array([(0, v_joint), (1, v_joint)])), joint, 0.2 / rows / 2)


def _car(canvas: Canvas, vanishing: Points, rng: np.random.Generator) -> None:
    """A parked car: body, windows, wheels, lamps."""
    away = rng.uniform(0.15, 0.6)
    x, y = vanishing + away * np.array([rng.uniform(-1, 1), 0.5])
    length, paint = 0.7 * away, things(1, rng)[0]
    place = np.array([x, y])
    cabin = np.array([(0.15, -0.28), (0.3, -0.45), (0.7, -0.45), (0.88, -0.28)])
    canvas.fill(place + length * cabin, colour(THINGS[:2], rng))
    canvas.fill(place + length * box(0, -0.3, 1, -0.06), paint)
    for wheel in (0.2, 0.8):
        centre = place + length * np.array([wheel, -0.06])
        canvas.ellipse(centre, (0.08 * length, 0.08 * length), colour(THINGS[:1], rng))
    lamps = boxes(
        np.array([0.0, 0.93]), np.full(2, -0.25), np.array([0.07, 1.0]), np.full(2, -0.18)
    )
    canvas.fill_all(place + length * lamps, np.array([LAMP, (190, 40, 34)], float))


def _post(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    """A lamp post, a sign post or a fence post."""
    x, foot = rng.uniform(0, 1), horizon + rng.uniform(0, 0.4)
    head = foot - rng.uniform(0.2, 0.9)
    canvas.line(np.array([(x, head), (x, foot)]), colour((*THINGS[:3], *WOOD), rng), 0.012)
    if rng.random() < 0.5:
        wide, high = rng.uniform(0.03, 0.1, 2)
        canvas.fill(np.array([x, head]) + box(-wide, -high, wide, high), things(1, rng)[0])


def _trunk(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    x, wide = rng.uniform(0, 1), rng.uniform(0.008, 0.07)
    foot, lean = horizon + rng.uniform(-0.02, 0.2), rng.normal(0, 0.08)
    bark = colour(WOOD, rng) * 0.7
    trunk = np.array([(x - wide, foot), (x + wide, foot), (x + lean + 0.6 * wide, -0.1),
                      (x + lean - 0.6 * wide, -0.1)])  # fmt: skip
    canvas.fill(trunk, bark)
    canvas.fill(trunk + np.array([0.5 * wide, 0]), bark * 0.7)


def _hill(canvas: Canvas, horizon: float, distance: float, rng: np.random.Generator) -> None:
    """Distant hills, tinted by the haze."""
    x = np.linspace(-0.05, 1.05, 24)
    waves = sum(rng.uniform(0, 1) / k * np.sin(k * 3 * x + rng.uniform(0, 6)) for k in (1, 2, 4, 8))
    crest = horizon - 0.04 - 0.1 * distance - 0.06 * np.asarray(waves)
    outline = np.concatenate([np.stack([x, crest], axis=1), [(1.05, horizon), (-0.05, horizon)]])
    near, air = colour(FOLIAGE, rng), colour(SKY, rng)
    canvas.fill(outline, near + (0.3 + 0.6 * distance) * (air - near))


WATER: Final = ((92, 118, 134), (130, 150, 158))

PLACES: Final[tuple[Callable[[int, np.random.Generator], Canvas], ...]] = (
    street, park, park, facade, open_land,
)  # fmt: skip
