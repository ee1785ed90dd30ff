"""Furnishings of rooms, one function each: what hangs on or stands against a wall."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np

from landmarks.synthesis.background.canvas import (
    FOLIAGE,
    LAMP,
    SKY,
    STONE,
    THINGS,
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

Furnishing = Callable[[Canvas, Plane, tuple[float, float], np.random.Generator], None]
"""Paints a thing on a wall, between two places along it; 0 is the ceiling, 1 the floor."""


def _bare(canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator) -> None:
    """Only a light switch or a socket."""
    u, v = rng.uniform(*span), rng.uniform(0.4, 0.9)
    canvas.fill(wall(box(u, v, u + 0.03, v + 0.03)), colour(WALLS, rng))


def _window(
    canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator
) -> None:
    top, bottom = rng.uniform(0.05, 0.25), rng.uniform(0.6, 0.95)
    frame = colour((WALLS[0], WALLS[1], WALLS[10], *WOOD), rng)
    canvas.fill(wall(box(span[0], top, span[1], bottom)), frame)
    edge = 0.06 * (span[1] - span[0])
    left, right, high, low = span[0] + edge, span[1] - edge, top + 0.02, bottom - 0.02
    day = rng.random() < 0.8
    # An exposure for the room burns the sky out; at night a window is a dark mirror.
    glass = np.array(LAMP, float) * rng.uniform(0.9, 1) if day else colour((THINGS[0],), rng)
    canvas.fill(wall(box(left, high, right, low)), glass)
    if day and rng.random() < 0.6:
        rise = low - rng.uniform(0.1, 0.6, 5) * (low - high)
        skyline = np.stack([np.linspace(left, right, 5), rise], axis=1)
        outside = np.concatenate([skyline, [(right, low), (left, low)]])
        canvas.fill(wall(outside), 0.6 * colour((*FOLIAGE, *SKY, *WALLS), rng) + 90)
    for u in np.linspace(left, right, rng.integers(2, 5))[1:-1]:
        canvas.line(wall(np.array([(u, high), (u, low)])), frame, 0.01)
    for v in np.linspace(high, low, rng.integers(2, 4))[1:-1]:
        canvas.line(wall(np.array([(left, v), (right, v)])), frame, 0.01)
    if rng.random() < 0.3:
        _blinds(canvas, wall, (left, right, high, low), rng)


def _blinds(
    canvas: Canvas, wall: Plane, glass: tuple[float, float, float, float], rng: np.random.Generator
) -> None:
    left, right, high, low = glass
    v = np.arange(high, high + rng.uniform(0.3, 1) * (low - high), 0.025)
    slats = boxes(np.full_like(v, left), v, np.full_like(v, right), v + 0.014)
    canvas.fill_all(wall(slats), np.tile(colour(WALLS, rng), (len(v), 1)))


def _door(canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator) -> None:
    top, end = rng.uniform(0.1, 0.35), min(span[1], span[0] + 0.45)
    paint = colour((*WOOD, *WALLS[:6]), rng)
    canvas.fill(wall(box(span[0], top, end, 1)), 0.7 * paint)
    edge = 0.07 * (end - span[0])
    canvas.fill(wall(box(span[0] + edge, top + 0.02, end - edge, 1)), paint)
    rows = np.linspace(top + 0.06, 0.95, rng.integers(2, 5))
    for high, low in pairwise(rows):
        panel = box(span[0] + 3 * edge, high + 0.02, end - 3 * edge, low - 0.02)
        canvas.line(wall(panel[[3, 0, 1, 2, 3]]), 0.75 * paint, 0.004)
    canvas.ellipse(wall(np.array([end - 2.2 * edge, 0.68])), (0.008, 0.008), 0.4 * paint + 60)


def _shelf(
    canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator
) -> None:
    """Rows of books and boxes."""
    top, paint = rng.uniform(0.05, 0.3), colour((*WOOD, *WALLS), rng)
    canvas.fill(wall(box(span[0], top, span[1], 1)), 0.4 * paint)
    floors = np.linspace(top, 1, rng.integers(3, 7))
    height = floors[1] - floors[0]
    for floor in floors[1:]:
        edges = span[0] + np.cumsum(rng.uniform(0.008, 0.05, 16)) * rng.uniform(0.7, 1.3)
        edges = edges[edges < span[1]]
        if len(edges) < 2:
            continue
        left, right = edges[:-1], edges[1:] - 0.004
        rise = height * rng.uniform(0.45, 0.9, len(left))
        books = boxes(left, floor - rise, right, np.full_like(left, floor))
        kept = rng.random(len(left)) < 0.9
        canvas.fill_all(wall(books[kept]), things(int(kept.sum()), rng) * 0.85)
    for floor in floors:
        canvas.line(wall(np.array([(span[0], floor), (span[1], floor)])), paint, 0.012)
    for u in span:
        canvas.line(wall(np.array([(u, top), (u, 1)])), paint, 0.012)


def _picture(
    canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator
) -> None:
    """A framed picture of patches."""
    top, bottom = rng.uniform(0.15, 0.35), rng.uniform(0.45, 0.7)
    canvas.fill(wall(box(span[0], top, span[1], bottom)), colour((*WOOD, *THINGS[:5]), rng))
    edge = 0.08 * (span[1] - span[0])
    inside = box(span[0] + edge, top + 0.02, span[1] - edge, bottom - 0.02)
    canvas.fill(wall(inside), colour((*WALLS, *THINGS), rng))
    low, high = rng.uniform(inside[0], inside[2], (2, 6, 2))
    patches = boxes(*np.minimum(low, high).T, *np.maximum(low, high).T)
    canvas.fill_all(wall(patches), things(6, rng))


def _poster(
    canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator
) -> None:
    """A sheet with lines of writing."""
    top, bottom = rng.uniform(0.1, 0.35), rng.uniform(0.5, 0.85)
    sheet, ink = things(2, rng)
    canvas.fill(wall(box(span[0], top, span[1], bottom)), sheet)
    canvas.fill_all(*writing(wall, box(span[0], top, span[1], bottom), ink, rng))


def writing(
    plane: Plane, area: Points, ink: Colour, rng: np.random.Generator
) -> tuple[np.ndarray[tuple[int, int, int], np.dtype[np.float64]], Colour]:
    """Words as strokes: polygons (N, 4, 2) in the picture, and their colours (N, 3)."""
    (left, top), (right, bottom) = area[0], area[2]
    rows, words = rng.integers(1, 10), 6
    step, width = (bottom - top) / (rows + 1) * rng.uniform(0.5, 1), right - left
    ends = left + width * (0.05 + np.cumsum(rng.uniform(0.06, 0.25, (rows, words)), axis=1))
    starts = np.concatenate([np.full((rows, 1), left + 0.05 * width), ends[:, :-1]], axis=1)
    baselines = np.broadcast_to(top + step * np.arange(1, rows + 1)[:, None], starts.shape)
    kept = (ends < right - 0.05 * width).ravel()
    strokes = boxes(
        starts.ravel(), baselines.ravel() - step * rng.uniform(0.15, 0.3),
        ends.ravel() - 0.025 * width, baselines.ravel() + step * 0.2,
    )[kept]  # fmt: skip
    return plane(strokes), np.tile(ink, (len(strokes), 1))


def _cabinet(
    canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator
) -> None:
    """Drawers with things on top."""
    top, paint = rng.uniform(0.45, 0.75), colour((*WOOD, *WALLS), rng)
    left = rng.uniform(span[0], span[1], 5)
    right = left + rng.uniform(0.02, 0.12, 5)
    standing = boxes(left, top - rng.uniform(0.03, 0.2, 5), right, np.full(5, top))
    canvas.fill_all(wall(standing), things(5, rng))
    canvas.fill(wall(box(span[0], top, span[1], 1)), paint)
    canvas.line(wall(np.array([(span[0], top), (span[1], top)])), 1.15 * paint, 0.012)
    for u in np.linspace(*span, rng.integers(2, 6)):
        canvas.line(wall(np.array([(u, top), (u, 1)])), 0.6 * paint, 0.005)
    for v in np.linspace(top, 1, rng.integers(2, 5)):
        canvas.line(wall(np.array([(span[0], v), (span[1], v)])), 0.6 * paint, 0.005)


def _curtain(
    canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator
) -> None:
    edges = np.linspace(*span, 25)
    folds = 1 + 0.25 * np.sin(np.cumsum(rng.uniform(0.4, 1.6, 24)))
    strips = boxes(edges[:-1], np.zeros(24), edges[1:] + 0.002, np.ones(24))
    canvas.fill_all(wall(strips), folds[:, None] * colour((*WALLS, *THINGS), rng))


def _tiles(
    canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator
) -> None:
    """Tiles, panels or bricks: a regular grid of joints."""
    paint, count = colour(WALLS, rng), rng.integers(3, 12)
    canvas.fill(wall(box(span[0], 0, span[1], 1)), paint)
    for u in np.linspace(*span, count):
        canvas.line(wall(np.array([(u, 0), (u, 1)])), 0.8 * paint, 0.003)
    for v in np.linspace(0, 1, count * rng.integers(1, 3)):
        canvas.line(wall(np.array([(span[0], v), (span[1], v)])), 0.8 * paint, 0.003)


def _plant(
    canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator
) -> None:
    foot = wall(np.array([np.mean(span), rng.uniform(0.6, 0.95)]))
    green = colour(FOLIAGE, rng)
    for _ in range(14):
        tip = foot + rng.normal((0, -0.14), (0.08, 0.07))
        side = 0.15 * (tip - foot)[::-1] * (1, -1)
        leaf = np.stack([foot, (foot + tip) / 2 + side, tip, (foot + tip) / 2 - side])
        canvas.fill(leaf, green * rng.uniform(0.5, 1.4))
    canvas.fill(foot + box(-0.04, 0, 0.04, 0.1), colour((*WALLS, *STONE), rng))


def _lamp(canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator) -> None:
    """A lamp that lights the wall around it."""
    centre = wall(np.array([np.mean(span), rng.uniform(0.15, 0.6)]))
    warm = np.array([255.0, rng.uniform(205, 250), rng.uniform(140, 235)])
    x, y = canvas.grid()
    squared = (x - centre[0]) ** 2 + (y - centre[1]) ** 2
    canvas.blend(0.5 * np.exp(-squared / 0.16**2), warm)
    wide, high = rng.uniform(0.03, 0.08, 2)
    shade = np.array([(-0.6 * wide, -high), (0.6 * wide, -high), (wide, high), (-wide, high)])
    canvas.line(np.stack([centre, centre + np.array([0, 0.6])]), colour(THINGS, rng), 0.008)
    canvas.fill(centre + shade, warm)


def _screen(
    canvas: Canvas, wall: Plane, span: tuple[float, float], rng: np.random.Generator
) -> None:
    """A television, a monitor or a board."""
    top, bottom = rng.uniform(0.2, 0.4), rng.uniform(0.55, 0.75)
    canvas.fill(wall(box(span[0], top, span[1], bottom)), colour((THINGS[0],), rng))
    inside = box(span[0] + 0.01, top + 0.012, span[1] - 0.01, bottom - 0.012)
    ground, ink = (colour(p, rng) for p in ((THINGS[0], THINGS[5], SKY[1]), WALLS))
    canvas.fill(wall(inside), ground)
    canvas.fill_all(*writing(wall, inside, ink, rng))


FURNISHINGS: Final[tuple[Furnishing, ...]] = (
    _bare, _window, _window, _door, _shelf, _picture, _poster, _cabinet, _curtain, _tiles, _plant,
    _lamp, _screen,
)  # fmt: skip
