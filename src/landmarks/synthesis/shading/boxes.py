"""A tree of bounding boxes: the first triangle on a ray, eight boxes or triangles at a time.

Nodes have up to eight children and leaves up to eight triangles. Numbers of eight are side by side,
so that one vector instruction tests them all: on a CPU a ray takes a third of the time that it
takes in `warp.Mesh`. `tree` builds it.
"""

import warp as wp

WIDE = wp.constant(8)  # children of a node, triangles of a leaf; also in the code below

NOBODY = wp.constant(-(2**31))


@wp.struct
class Tree:
    """Flat arrays; "x, y, z" below are eight x, then eight y, then eight z."""

    children: wp.array(dtype=wp.int32)  # of each node: nodes, or -1 - a leaf, or NOBODY
    boxes: wp.array(dtype=float)  # of each node: lower x, y, z and upper x, y, z of its children
    triangles: wp.array(dtype=wp.int32)  # of each leaf; -1: none
    corners: wp.array(dtype=float)  # of each leaf: x, y, z of corners, then of two edges from there


_NEAREST = """
    const float ox = origin[0], oy = origin[1], oz = origin[2];
    const float dx = ray[0], dy = ray[1], dz = ray[2];
    const float rx = 1.0f / (fabsf(dx) > 1.0e-12f ? dx : 1.0e-12f);
    const float ry = 1.0f / (fabsf(dy) > 1.0e-12f ? dy : 1.0e-12f);
    const float rz = 1.0f / (fabsf(dz) > 1.0e-12f ? dz : 1.0e-12f);
    const int nobody = -2147483647 - 1;
    int found = -1;
    float best = reach, best_u = 0.0f, best_v = 0.0f;
    int nodes[128];
    float entries[128];
    int count = 1;
    nodes[0] = 0;
    entries[0] = 0.0f;
    while (count > 0) {
        const int node = nodes[--count];
        if (entries[count] >= best) continue;
        if (node < 0) {
            const float* p = tree.corners.data + (-1 - node) * 72;
            float t[8], u[8], v[8];
            int ok[8];
            for (int k = 0; k < 8; ++k) {
                const float ex = p[24 + k], ey = p[32 + k], ez = p[40 + k];
                const float fx = p[48 + k], fy = p[56 + k], fz = p[64 + k];
                const float px = dy * fz - dz * fy, py = dz * fx - dx * fz, pz = dx * fy - dy * fx;
                const float det = ex * px + ey * py + ez * pz;
                const float inverse = 1.0f / (fabsf(det) > 1.0e-20f ? det : 1.0e-20f);
                const float sx = ox - p[k], sy = oy - p[8 + k], sz = oz - p[16 + k];
                const float qx = sy * ez - sz * ey, qy = sz * ex - sx * ez, qz = sx * ey - sy * ex;
                u[k] = (sx * px + sy * py + sz * pz) * inverse;
                v[k] = (dx * qx + dy * qy + dz * qz) * inverse;
                t[k] = (fx * qx + fy * qy + fz * qz) * inverse;
                ok[k] = (fabsf(det) > 1.0e-20f) & (u[k] >= -1.0e-6f) & (v[k] >= -1.0e-6f)
                    & (u[k] + v[k] <= 1.000001f) & (t[k] >= 0.0f) & (t[k] < best);
            }
            for (int k = 0; k < 8; ++k) {
                if (ok[k] && t[k] < best) {
                    best = t[k];
                    best_u = u[k];
                    best_v = v[k];
                    found = tree.triangles.data[(-1 - node) * 8 + k];
                }
            }
            continue;
        }
        const float* b = tree.boxes.data + node * 48;
        const int* children = tree.children.data + node * 8;
        float enter[8];
        int ok[8];
        for (int k = 0; k < 8; ++k) {
            const float x0 = (b[k] - ox) * rx, x1 = (b[24 + k] - ox) * rx;
            const float y0 = (b[8 + k] - oy) * ry, y1 = (b[32 + k] - oy) * ry;
            const float z0 = (b[16 + k] - oz) * rz, z1 = (b[40 + k] - oz) * rz;
            const float nx = x0 < x1 ? x0 : x1, ny = y0 < y1 ? y0 : y1, nz = z0 < z1 ? z0 : z1;
            const float mx = x0 > x1 ? x0 : x1, my = y0 > y1 ? y0 : y1, mz = z0 > z1 ? z0 : z1;
            float in = nx > ny ? nx : ny, out = mx < my ? mx : my;
            in = in > nz ? in : nz;
            out = out < mz ? out : mz;
            in = in > 0.0f ? in : 0.0f;
            enter[k] = in;
            ok[k] = (children[k] != nobody) & (in <= out * 1.000001f) & (in < best);
        }
        for (int k = 0; k < 8; ++k) {
            if (!ok[k]) continue;
            int at = count++;
            while (at > 0 && entries[at - 1] < enter[k]) {
                nodes[at] = nodes[at - 1];
                entries[at] = entries[at - 1];
                --at;
            }
            nodes[at] = children[k];
            entries[at] = enter[k];
        }
    }
    return wp::vec4(best, best_u, best_v, (float)found);
"""


@wp.func_native(_NEAREST)
def nearest(tree: Tree, origin: wp.vec3, ray: wp.vec3, reach: float) -> wp.vec4:
    """The first triangle on a ray within `reach`: distance, weights of its last corners, number.

    The number is -1 without one, and exact below 2^24. Triangles are tested as by Moller and
    Trumbore (1997).
    """
    ...


@wp.kernel
def update_leaves(
    tree: Tree,
    points: wp.array(dtype=wp.vec3),
    corners: wp.array(dtype=wp.int32),
    parents: wp.array(dtype=wp.int32),
):
    """Copy the triangles of each leaf, and their box to its parent's slot."""
    leaf = wp.tid()
    low = wp.vec3(1.0e9, 1.0e9, 1.0e9)
    high = wp.vec3(-1.0e9, -1.0e9, -1.0e9)
    for k in range(WIDE):
        triangle = tree.triangles[leaf * WIDE + k]
        if triangle >= 0:
            a = points[corners[3 * triangle]]
            b = points[corners[3 * triangle + 1]]
            c = points[corners[3 * triangle + 2]]
            low = wp.min(low, wp.min(a, wp.min(b, c)))
            high = wp.max(high, wp.max(a, wp.max(b, c)))
            for axis in range(3):
                at = leaf * 9 * WIDE + axis * WIDE + k
                tree.corners[at] = a[axis]
                tree.corners[at + 3 * WIDE] = b[axis] - a[axis]
                tree.corners[at + 6 * WIDE] = c[axis] - a[axis]
    put_box(tree, parents[leaf], low, high)


@wp.kernel
def update_nodes(tree: Tree, start: int, parents: wp.array(dtype=wp.int32)):
    """The boxes of nodes in their parents' slots, from those of their children."""
    node = start + wp.tid()
    low = wp.vec3(1.0e9, 1.0e9, 1.0e9)
    high = wp.vec3(-1.0e9, -1.0e9, -1.0e9)
    for k in range(WIDE):
        if tree.children[node * WIDE + k] != NOBODY:
            for axis in range(3):
                at = node * 6 * WIDE + axis * WIDE + k
                low[axis] = wp.min(low[axis], tree.boxes[at])
                high[axis] = wp.max(high[axis], tree.boxes[at + 3 * WIDE])
    put_box(tree, parents[node], low, high)


@wp.func
def put_box(tree: Tree, slot: int, low: wp.vec3, high: wp.vec3):
    """Store the box of a child; slots count the children of all nodes."""
    node = slot // WIDE
    for axis in range(3):
        at = node * 6 * WIDE + axis * WIDE + slot % WIDE
        tree.boxes[at] = low[axis]
        tree.boxes[at + 3 * WIDE] = high[axis]
