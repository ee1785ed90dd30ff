"""Primary visibility: which triangles each pixel shows, by rasterising.

Every triangle visits the pixels that its bounding box covers. Pixels keep the nearest opaque
triangle and a list of all thin ones in front of it, in any order; readers take them by depth.
"""

import warp as wp

from landmarks.synthesis.shading.stage import Stage

NEAREST = wp.constant(0.01)  # metres; triangles that come closer to the camera are not drawn
FARTHEST = wp.constant(5.0)
EMPTY = wp.constant(wp.int64(2**63 - 1))
STEPS = wp.constant(1.0e8)  # of depth in a metre
PAST = wp.constant(2.0e-5)  # metres behind a thin surface at which the next one may begin
ROUNDING = wp.constant(-1.0e-5)  # barycentric; triangles overlap by it, so that no gap remains


@wp.struct
class Lens:
    """The camera; see `landmarks.synthesis.scene.view.Camera`."""

    position: wp.vec3
    right: wp.vec3
    down: wp.vec3
    forward: wp.vec3
    focal: float
    cx: float
    cy: float
    size: wp.int32


@wp.struct
class Raster:
    """Triangles at some places in each pixel.

    `opaque` and `first` are over places, all of a pixel beside each other; `following`, `triangle`
    and `depth` are over the entries of the lists.
    """

    screen: wp.array(dtype=wp.vec3)  # of each vertex: x and y, pixels, and 1 / depth; 0: not drawn
    opaque: wp.array(dtype=wp.int64)  # depth in `STEPS`, then the triangle in the lower 32 bits
    first: wp.array(dtype=wp.int32)  # an entry for a thin triangle; -1: none
    used: wp.array(dtype=wp.int32)  # one number: entries
    following: wp.array(dtype=wp.int32)  # the next entry of the same place; -1: none
    triangle: wp.array(dtype=wp.int32)
    depth: wp.array(dtype=float)


@wp.struct
class Outline:
    """A triangle on the picture, with what its barycentric coordinates are linear in.

    They are 1 - v - w, v and w at a place whose offset from the first corner is (x, y):
    v = x * v_x + y * v_y, w = x * w_x + y * w_y.
    """

    a: wp.vec3  # `Raster.screen` of the first corner
    left: float
    right: float
    top: float
    bottom: float
    v_x: float
    v_y: float
    w_x: float
    w_y: float
    at_b: float  # 1 / depth of the other corners
    at_c: float
    drawn: bool


@wp.func
def projected(lens: Lens, point: wp.vec3):
    """See `Raster.screen`."""
    q = point - lens.position
    depth = wp.dot(q, lens.forward)
    if depth < NEAREST:
        return wp.vec3(0.0, 0.0, 0.0)
    scale = lens.focal / depth
    return wp.vec3(
        lens.cx + scale * wp.dot(q, lens.right), lens.cy + scale * wp.dot(q, lens.down), 1.0 / depth
    )


@wp.func
def centre_of(i: int, size: int):
    """The centre of a pixel."""
    return wp.vec2(float(i % size), float(i // size))


@wp.func
def place_in(i: int, size: int, shift: wp.vec2, k: int):
    """A further place in a pixel: a rank-1 lattice, shifted in each pixel (Roberts, 2018)."""
    x = wp.frac(0.7548777 * float(k + 1) + shift[0]) - 0.5
    y = wp.frac(0.5698403 * float(k + 1) + shift[1]) - 0.5
    return centre_of(i, size) + wp.vec2(x, y)


@wp.func
def outline(stage: wp.array(dtype=Stage), screen: wp.array(dtype=wp.vec3), triangle: int):
    """Prepare a triangle for `meets`."""
    a = screen[stage[0].triangles[3 * triangle]]
    b = screen[stage[0].triangles[3 * triangle + 1]]
    c = screen[stage[0].triangles[3 * triangle + 2]]
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    t = Outline()
    t.drawn = area != 0.0 and a[2] > 0.0 and b[2] > 0.0 and c[2] > 0.0
    if not t.drawn:
        return t
    t.a = a
    t.left = wp.min(wp.min(a[0], b[0]), c[0])
    t.right = wp.max(wp.max(a[0], b[0]), c[0])
    t.top = wp.min(wp.min(a[1], b[1]), c[1])
    t.bottom = wp.max(wp.max(a[1], b[1]), c[1])
    t.v_x = (c[1] - a[1]) / area
    t.v_y = (a[0] - c[0]) / area
    t.w_x = (a[1] - b[1]) / area
    t.w_y = (b[0] - a[0]) / area
    t.at_b = b[2]
    t.at_c = c[2]
    return t


@wp.func
def meets(t: Outline, place: wp.vec2):
    """Barycentric v and w in space, and the depth, metres; -1 if the place is outside."""
    x = place[0] - t.a[0]
    y = place[1] - t.a[1]
    v = x * t.v_x + y * t.v_y
    w = x * t.w_x + y * t.w_y
    if v < ROUNDING or w < ROUNDING or v + w > 1.0 - ROUNDING:
        return wp.vec3(0.0, 0.0, -1.0)
    depth = 1.0 / ((1.0 - v - w) * t.a[2] + v * t.at_b + w * t.at_c)
    return wp.vec3(v * t.at_b * depth, w * t.at_c * depth, depth)


@wp.func
def keep(raster: Raster, place: int, triangle: int, depth: float, thin: bool):
    """Record a triangle at a place, unless an opaque one is in front of it."""
    key = wp.int64(depth * STEPS) * wp.int64(4294967296) + wp.int64(triangle)
    if key >= raster.opaque[place]:
        return
    if not thin:
        wp.atomic_min(raster.opaque, place, key)
        return
    entry = wp.atomic_add(raster.used, 0, 1)
    if entry < raster.triangle.shape[0]:  # otherwise the caller makes room and repeats
        raster.triangle[entry] = triangle
        raster.depth[entry] = depth
        raster.following[entry] = wp.atomic_exch(raster.first, place, entry)


@wp.func
def next_triangle(raster: Raster, place: int, behind: float):
    """The nearest triangle at a place that is more than `behind` metres away; -1: none."""
    best = int(-1)
    at = float(FARTHEST)
    key = raster.opaque[place]
    if key != EMPTY:
        depth = float(key // wp.int64(4294967296)) / STEPS
        if depth > behind:
            at = depth
            best = int(key % wp.int64(4294967296))
    entry = raster.first[place]
    while entry >= 0:
        depth = raster.depth[entry]
        triangle = raster.triangle[entry]
        if depth > behind and (depth < at or (depth == at and triangle < best)):
            at = depth
            best = triangle
        entry = raster.following[entry]
    return best
