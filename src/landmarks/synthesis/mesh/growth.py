"""Blocks that follow the skin: hair in shells, a knot of hair, clothes, hats."""

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.blocks import (
    Array,
    Material,
    Posed,
    Triangles,
    hat_edge,
    plain,
    uniform,
)
from landmarks.synthesis.mesh.head import Head
from landmarks.synthesis.mesh.regions import SKULL, Regions
from landmarks.synthesis.mesh.surfaces import capsule, grid
from landmarks.synthesis.scene import Scene

SHELLS = 5
SHORTEST = 0.0007  # metres; shorter hair is only a colour of the skin
DROOP = np.array([0.0, 0.25, -0.35])  # how far hair hangs down, as a fraction of its length
LAYERS_APART, LAYERS_TURNED = 0.005, 0.07  # metres, radians: two layers of long hair
OTHER_STRANDS = 0.37  # of the inner layer, from the outer ones
CLOSING = 0.03  # metres over a hat's edge from where it closes in on the skin
WAVES = np.array([[60, 0, 0], [0, 50, 0], [0, 0, 55], [140, 0, 120]], np.float64)  # 1/m


def patch(head: Head, chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int32], Triangles]:
    """Skin vertices that `chosen` (V,) marks, and the skin triangles among them, renumbered."""
    skin = head.triangles_of("body")
    inside = skin[chosen[skin].all(axis=1)]
    vertices, renumbered = np.unique(inside, return_inverse=True)
    return vertices, renumbered.reshape(-1, 3).astype(np.int32)


class Shells:
    """Hair of head and beard: copies of the skin, one above the other.

    Features: (height among the shells, radians over the hairline, beard, hair length in metres).
    """

    def __init__(self, head: Head, regions: Regions) -> None:
        face = (regions.depth > -0.10) | (regions.height > 0.03)
        hairy = (regions.scalp > 0) & (regions.height > -0.07) & face
        self._skin, triangles = patch(head, hairy | (regions.beard > 0.03))
        self._levels = (np.arange(SHELLS) + 1.0) / SHELLS
        count = len(self._skin)
        self.rest = np.tile(head.rest[self._skin], (SHELLS, 1))
        self.triangles = np.concatenate([triangles + k * count for k in range(SHELLS)])
        self.materials = uniform(Material.SHELL, self.triangles)

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array]:
        """Shells at the local hair length; below the skin where there is no hair."""
        hair, beard, skin = scene.hair, scene.beard, self._skin
        over = posed.regions.over_hairline(hair)[skin]
        grows = np.clip((over + 0.02) / 0.30, 0, 1) ** 0.5
        if scene.headwear:
            edge = hat_edge(posed.regions, scene.headwear.edge, scene.headwear.back)[skin]
            grows = grows * (posed.regions.height[skin] < edge - 0.004)
        length = np.maximum(hair.length * grows, beard.length * posed.regions.beard[skin])
        length = length * self._unevenness(scene.grain, posed.head.rest[skin], hair.curl)
        base, normals = posed.bent.vertices[skin], posed.normals[skin]
        rise = np.where(length < SHORTEST, -0.004, np.outer(self._levels, length))
        hang = np.outer(self._levels**2, length) * 0.7 * (1 - hair.curl)
        vertices = base + normals * rise[..., None] + DROOP * hang[..., None]
        features = np.empty((*rise.shape, 4))
        features[..., 0] = self._levels[:, None]
        features[..., 1], features[..., 2] = over, posed.regions.beard[skin]
        features[..., 3] = length
        flat = vertices.reshape(-1, 3), features.reshape(-1, 4)
        return flat[0].astype(np.float32), flat[1].astype(np.float32)

    @staticmethod
    def _unevenness(seed: int, rest: Array, curl: float) -> NDArray[np.float64]:
        """(n,) factors around 1 that form locks."""
        phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 4)
        a, b, c, d = (rest @ WAVES.T + phases).T
        return np.asarray(
            1 + 0.22 * np.sin(a) * np.sin(b) * np.sin(c) + (0.12 + 0.15 * curl) * np.sin(d)
        )


class Cards:
    """Long hair: two layers of cards around the head, because a single layer has gaps.

    Features: (azimuth / pi, share of the length from the top, strand, 0 below a hat and 1 else).
    """

    def __init__(self, head: Head, regions: Regions) -> None:
        triangles = head.triangles_of("helper-hair")
        # Cards in front of the face would cover the eyes.
        middle = head.rest[triangles].mean(axis=1)
        before = (np.abs(middle[:, 0]) < 0.045) & (middle[:, 1] < -0.075)
        before &= middle[:, 2] < regions.eye_height + 0.02
        self._cards, renumbered = np.unique(triangles[~before], return_inverse=True)
        layer = renumbered.reshape(-1, 3).astype(np.int32)
        self.triangles = np.concatenate([layer, layer + len(self._cards)])
        self.materials = uniform(Material.LONG_HAIR, self.triangles)
        rest = head.rest[self._cards]
        self.rest = np.concatenate([rest, _within(rest)]).astype(np.float32)
        x, y, z = rest.T
        down = np.clip((z.max() - z) / 0.65, 0, 1)
        columns = (
            np.arctan2(x, -(y + 0.05)) / np.pi,
            down,
            head.uv[self._cards, 0],
            np.ones(len(x)),
        )
        own = np.stack(columns, axis=1)
        other = own + np.array([0, 0, OTHER_STRANDS, 0])
        self._features = np.concatenate([own, other]).astype(np.float32)

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array] | None:
        """Cards that follow the head, hidden under a hat."""
        if not scene.hair.long:
            return None
        features = self._features.copy()
        if scene.headwear:
            edge = hat_edge(posed.regions, scene.headwear.edge, scene.headwear.back)
            over = (posed.regions.height - edge)[self._cards]
            features[:, 3] = np.tile(np.clip(1 - over / 0.01, 0, 1), 2)
        outer = posed.bent.vertices[self._cards]
        upright = posed.upright[self._cards]
        inner = outer + (_within(upright) - upright) @ posed.bent.rotation.T
        return np.concatenate([outer, inner]).astype(np.float32), features


def _within(cards: NDArray[np.floating]) -> NDArray[np.floating]:
    """(n, 3) the same cards closer to the head, visible between the outer ones.

    They are rotated towards the back on each side, so that they do not cover the face.
    """
    x, y = cards[:, 0], cards[:, 1] - SKULL[0]
    radius = np.hypot(x, y)
    closer = np.maximum(radius - LAYERS_APART, 0) / np.maximum(radius, LAYERS_APART)
    c, s = np.cos(LAYERS_TURNED), np.sin(LAYERS_TURNED) * np.sign(x)
    turned = np.stack([c * x - s * y, s * x + c * y], axis=1) * closer[:, None]
    return np.column_stack([turned + np.array([0, SKULL[0]]), cards[:, 2]])


class Knot:
    """Tied hair: a knot at the back of the head. Features: none."""

    def __init__(self, regions: Regions) -> None:
        self._shape, self.triangles = capsule(rings=10, sides=14)
        self.rest = (self._shape * 0.03 + (0, 0.08, regions.eye_height + 0.05)).astype(np.float32)
        self.materials = uniform(Material.KNOT, self.triangles)

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array] | None:
        """A ball that touches the scalp."""
        hair = scene.hair
        if not hair.bun or scene.headwear:
            return None
        direction = np.array([0.0, np.cos(hair.bun_height), np.sin(hair.bun_height)])
        eyes = np.concatenate(posed.head.eyes)
        moved = posed.upright[eyes].mean(axis=0) - posed.head.rest[eyes].mean(axis=0)
        middle = np.array([0.0, SKULL[0], posed.regions.eye_height + SKULL[1]]) + moved
        seen = posed.upright[posed.head.skin] - middle
        aligned = seen @ direction / np.linalg.norm(seen, axis=1)
        near = aligned >= min(0.97, aligned.max())
        reach = (seen[near] @ direction).max() + 0.55 * hair.bun
        return plain(posed.turned(middle + direction * reach + self._shape * hair.bun))


class Clothes:
    """The body below the neck, pushed outwards. Features: none; the shader cuts the neckline."""

    def __init__(self, head: Head, regions: Regions) -> None:
        low = regions.height < np.where(regions.depth > -0.10, -0.125, -0.15)
        self._skin, self.triangles = patch(head, low)
        self.rest = head.rest[self._skin]
        self.materials = uniform(Material.CLOTH, self.triangles)

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array]:
        """The skin of the body, moved outwards by six millimetres."""
        skin = self._skin
        return plain(posed.bent.vertices[skin] + 0.006 * posed.normals[skin])


class Hat:
    """A cap or beanie: the scalp pushed outwards. Features: (metres over the edge, 0, 0, 0)."""

    def __init__(self, head: Head, regions: Regions) -> None:
        # Nothing in front of the face, where rays would have to pass through its transparent part.
        around = (regions.height > 0.01) | (regions.azimuth > 0.9)
        around &= (regions.height > -0.06) & (regions.ears < 0.1)
        self._skin, self.triangles = patch(head, around)
        self.rest = head.rest[self._skin]
        self.materials = uniform(Material.HAT, self.triangles)

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array] | None:
        """Above the hair, down to its edge, which is close to the skin and cut by the shader."""
        hat = scene.headwear
        if hat is None:
            return None
        skin = self._skin
        over = (posed.regions.height - hat_edge(posed.regions, hat.edge, hat.back))[skin]
        rise = hat.thickness * np.clip(over / CLOSING, 0.2, 1)
        vertices = posed.bent.vertices[skin] + rise[:, None] * posed.normals[skin]
        features = np.zeros((len(skin), 4), np.float32)
        features[:, 0] = over
        return vertices.astype(np.float32), features


class Brim:
    """The brim of a cap. Features: (1, 0, 0, 0), as above a hat's edge."""

    ROWS, COLUMNS = 4, 15
    WIDEST = 1.05  # azimuth of its ends, radians

    def __init__(self, regions: Regions) -> None:
        self._azimuth = np.linspace(-self.WIDEST, self.WIDEST, self.COLUMNS)
        self._outwards = np.linspace(0, 1, self.ROWS)
        average = self._shape(0.08, 0.09, 0.06, regions.eye_height + 0.05, 0.0)
        self.rest = average.astype(np.float32)
        self.triangles = grid(self.ROWS, self.COLUMNS)
        self.materials = uniform(Material.HAT, self.triangles)

    def _shape(
        self, width: float, depth: float, length: float, height: float, back: float
    ) -> Array:
        """(rows * columns, 3) from inside the hat outwards, bent to the sides.

        Args:
            width: Half that of the head at the hat's edge, metres.
            depth: From the skull's middle to the forehead there.
            length: Length of the brim in front.
            height: Height of the edge in front.
            back: How much lower the edge is at the back.
        """
        taper = np.cos(self._azimuth / self.WIDEST * np.pi / 2) ** 0.5
        out = 0.9 + np.outer(self._outwards, 0.1 + taper * length / depth)
        x = out * width * np.sin(self._azimuth)
        y = SKULL[0] - out * depth * np.cos(self._azimuth)
        edge = height + 0.004 - back * (1 - np.cos(self._azimuth)) / 2
        z = edge - self._outwards[:, None] * (0.3 * x**2 / width + 0.25 * length * taper)
        return np.asarray(np.stack([x, y, np.broadcast_to(z, x.shape)], -1).reshape(-1, 3))

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array] | None:
        """At the hat's edge over the forehead."""
        hat = scene.headwear
        if hat is None or not hat.brim:
            return None
        skin = posed.head.skin
        at_edge = skin[np.abs(posed.regions.height[skin] - hat.edge) < 0.012]
        x, y, _ = posed.upright[at_edge].T
        forehead = at_edge[posed.regions.azimuth[at_edge] < 0.5]
        shape = self._shape(
            np.abs(x).max() + hat.thickness,
            SKULL[0] - y.min() + hat.thickness,
            hat.brim,
            float(posed.upright[forehead, 2].mean()),
            hat.back,
        )
        vertices, features = plain(posed.turned(shape))
        features[:, 0] = 1.0
        return vertices, features
