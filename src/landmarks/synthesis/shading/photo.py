"""Photographed skin: look a texture up, with the slope of the relief that its shades suggest."""

import warp as wp

from landmarks.synthesis.shading.structs import SceneMaterials

RELIEF = wp.constant(0.0005)  # metres by which skin is lower where it is darker by a factor of e


@wp.struct
class Photo:
    """Photographed skin at a hit.

    `colour` is linear RGB, `slope` the gradient of the relief, `share` how much of the skin's
    colour is photographed: 0 where the texture has a seam or hair.
    """

    colour: wp.vec3
    slope: wp.vec3
    share: float


@wp.func
def texel(texture: wp.array2d(dtype=wp.vec4), x: int, y: int):
    """Colour and log shade at a pixel; beyond the edge, the nearest."""
    return texture[wp.clamp(y, 0, texture.shape[0] - 1), wp.clamp(x, 0, texture.shape[1] - 1)]


@wp.func
def photographed(
    texture: wp.array2d(dtype=wp.vec4),
    look: wp.array(dtype=SceneMaterials),
    weights: wp.vec3,
    points: wp.mat33,
    corners: wp.mat33,
):
    """The texture at a place of a triangle.

    Args:
        texture: Linear RGB and the logarithm of the shade relative to that of the surroundings.
        look: Materials.
        weights: Barycentric coordinates of the place.
        points: A corner of the triangle in each row, in the scene, metres.
        corners: The same in the texture: x and y as fractions of its size, and the share.
    """
    photo = Photo()
    photo.colour = wp.vec3(0.0, 0.0, 0.0)
    photo.slope = wp.vec3(0.0, 0.0, 0.0)
    photo.share = float(0.0)
    if look[0].photographed == 0.0:
        return photo
    at = weights * corners
    photo.share = at[2]
    if at[2] <= 0.0:
        return photo
    width = float(texture.shape[1])
    height = float(texture.shape[0])
    x = at[0] * width - 0.5
    y = at[1] * height - 0.5
    i = int(wp.floor(x))
    j = int(wp.floor(y))
    fx = x - float(i)
    fy = y - float(j)
    t00 = texel(texture, i, j)
    t10 = texel(texture, i + 1, j)
    t01 = texel(texture, i, j + 1)
    t11 = texel(texture, i + 1, j + 1)
    top = t00 * (1.0 - fx) + t10 * fx
    low = t01 * (1.0 - fx) + t11 * fx
    t = top * (1.0 - fy) + low * fy
    photo.colour = wp.cw_mul(wp.vec3(t[0], t[1], t[2]), look[0].gain)
    # gradients of the barycentric coordinates along the triangle
    a, b, c = points[0], points[1], points[2]
    n = wp.cross(b - a, c - a)
    n = n / wp.max(wp.dot(n, n), 1.0e-20)
    of_b = wp.cross(n, a - c)
    of_c = wp.cross(n, b - a)
    to_b, to_c = corners[1] - corners[0], corners[2] - corners[0]
    across = of_b * to_b[0] + of_c * to_c[0]
    down = of_b * to_b[1] + of_c * to_c[1]
    by_x = (t10[3] - t00[3]) * (1.0 - fy) + (t11[3] - t01[3]) * fy
    by_y = low[3] - top[3]
    photo.slope = (across * (by_x * width) + down * (by_y * height)) * RELIEF
    return photo
