"""Blocks for accessories: glasses, and objects held in front of the face."""

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.blocks import Array, Material, Posed, Triangles, plain, uniform
from landmarks.synthesis.mesh.surfaces import capsule, tube
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.wear import Glasses, Occluder

Points = NDArray[np.floating]

EAR = (0.105, 0.006)  # y and z of the temples' bend from between the eyes, metres
ON_SKIN = 0.0035  # metres between temples and the head
NEAREST = 12  # vertices by which the head is measured for them
BEHIND_EAR = np.array([0.0, 0.02, -0.02])  # from there to the end of the temple
AVERAGE_EYES = 0.0615  # metres between the eyes of the average face


class Spectacles:
    """Frame and lenses. Features: none."""

    RING = 28

    def __init__(self, eye_height: float) -> None:
        average = Glasses(
            width=0.024,
            height=0.019,
            squareness=3.0,
            rim=0.0014,
            drop=0.0,
            colour=(0, 0, 0),
            tint=0,
        )
        built = self._build(average, AVERAGE_EYES, (0.070, 0.074))
        vertices, self.triangles, self.materials = built
        self.rest = (vertices + np.array([0, -0.15, eye_height])).astype(np.float32)

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array] | None:
        """In front of the eyes, on the nose."""
        if scene.glasses is None:
            return None
        left, right = (posed.upright[eye].mean(axis=0) for eye in posed.head.eyes)
        middle, apart = (left + right) / 2, float(np.linalg.norm(left - right))
        nasion = (posed.landmarks[27] - posed.bent.shift) @ posed.bent.rotation
        forward = nasion[1] - middle[1] - 0.006
        seat = middle + np.array([0.0, forward, -scene.glasses.drop])
        ear = seat[1] + EAR[0] * apart / AVERAGE_EYES
        breadths = (
            _half_breadth(posed, (seat[1] + ear) / 2, seat[2]),
            _half_breadth(posed, ear, seat[2]),
        )
        vertices, _, _ = self._build(scene.glasses, apart, breadths)
        return plain(posed.turned(vertices + seat))

    def _build(
        self, glasses: Glasses, apart: float, breadths: tuple[float, float]
    ) -> tuple[Points, Triangles, NDArray[np.int32]]:
        """Vertices from between the eyes, triangles and materials.

        Args:
            glasses: Their measures.
            apart: Metres between the eyes.
            breadths: Half the head's breadth halfway to the ears, and before them.
        """
        rings = [self._ring(glasses, side, apart) for side in (1.0, -1.0)]
        parts = []
        for ring in rings:
            parts.append((*tube(ring, glasses.rim, closed=True), Material.FRAME))
            parts.append((*self._lens(ring), Material.LENS))
        inner = [ring[np.argmin(np.abs(ring[:, 0]))] for ring in rings]
        parts.append((*tube(self._bridge(*inner), glasses.rim), Material.FRAME))
        size = apart / AVERAGE_EYES
        for ring, side in zip(rings, (1.0, -1.0), strict=True):
            outer = ring[np.argmax(np.abs(ring[:, 0]) + 0.3 * ring[:, 2])]
            ear = np.array([side * breadths[1], *EAR]) * (1, size, size)
            halfway = (outer + ear) / 2
            halfway[0] = side * max(abs(halfway[0]), breadths[0])
            temple = (outer, 0.98 * outer + 0.02 * halfway, halfway, ear, ear + BEHIND_EAR)
            parts.append((*tube(np.array(temple), 0.9 * glasses.rim), Material.FRAME))
        starts = np.cumsum([0, *(len(vertices) for vertices, _, _ in parts)])
        return (
            np.concatenate([vertices for vertices, _, _ in parts]),
            np.concatenate([t + start for (_, t, _), start in zip(parts, starts, strict=False)]),
            np.concatenate([uniform(material, t) for _, t, material in parts]),
        )

    def _ring(self, glasses: Glasses, side: float, apart: float) -> Points:
        """(RING, 3) outline of a lens: a super-ellipse, bent around the face."""
        angle = np.linspace(0, 2 * np.pi, self.RING, endpoint=False)
        x, z = (
            np.sign(f) * np.abs(f) ** (2 / glasses.squareness) * half
            for f, half in (
                (np.cos(angle), glasses.width * apart / AVERAGE_EYES),
                (np.sin(angle), glasses.height),
            )
        )
        outwards = x * side
        y = 0.14 * outwards + 1.2 * outwards**2
        return np.stack([side * 0.52 * apart + x, y, z], axis=1)

    def _lens(self, ring: Points) -> tuple[Points, Triangles]:
        """A fan around the middle of the ring."""
        middle = ring.mean(axis=0) + np.array([0, -0.0015, 0])
        k = np.arange(self.RING)
        fan = np.stack([k, (k + 1) % self.RING, np.full(self.RING, self.RING)], axis=1)
        return np.vstack([ring, middle]), fan.astype(np.int32)

    @staticmethod
    def _bridge(left: Points, right: Points) -> Points:
        """An arc over the nose."""
        middle = (left + right) / 2 + (0, -0.003, 0.004)
        lift = np.array([0, 0, 0.0015])
        return np.array(
            [left, (left + middle) / 2 + lift, middle, (right + middle) / 2 + lift, right]
        )


def _half_breadth(posed: Posed, y: float, z: float) -> float:
    """Half breadth of the upright head without ears at a position, with room for a temple."""
    skin = posed.head.skin[posed.regions.ears[posed.head.skin] < 0.2]
    x, *beside = (posed.upright[skin] - np.array([0, y, z])).T
    nearest = np.argsort(np.hypot(*beside))[:NEAREST]
    return float(np.abs(x[nearest]).max()) + ON_SKIN


def held_at(posed: Posed, held: Occluder) -> tuple[Points, Points]:
    """Axes (3, 3) of a held object as rows (across, towards the camera, along) and its position."""
    towards = posed.bent.rotation @ np.array([0.0, -1.0, 0.0])
    right, up = posed.bent.rotation[:, 0], posed.bent.rotation[:, 2]
    along = np.cos(held.angle) * right + np.sin(held.angle) * up
    seat = posed.landmarks[held.landmark] + held.distance * towards
    return np.stack([np.cross(towards, along), towards, along]), seat


class Thing:
    """A stick or a slab. Features: none."""

    def __init__(self, eye_height: float) -> None:
        self._shape, self.triangles = capsule(rings=10, sides=12)
        self.rest = (0.02 * self._shape + (0, -0.2, eye_height)).astype(np.float32)
        self.materials = uniform(Material.THING, self.triangles)

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array] | None:
        """In front of the landmark it covers, across the face."""
        held = scene.occluder
        if held is None or held.kind == "hand":
            return None
        axes, seat = held_at(posed, held)
        thickness = {"stick": held.breadth, "slab": 0.004}[held.kind]
        half = np.array([held.breadth, thickness, held.length])
        return plain((self._shape * half) @ axes + seat)


class Hand:
    """A hand of rounded cylinders. Features: none."""

    FINGERS, JOINTS = 5, 3
    PIECES = FINGERS * JOINTS + 2  # and the palm and the arm

    def __init__(self, eye_height: float) -> None:
        self._shape, triangles = capsule()
        count = len(self._shape)
        along = np.arange(self.PIECES)[:, None, None] * (0, 0, 0.01) + (0, -0.2, eye_height)
        self.rest = (0.01 * self._shape + along).reshape(-1, 3).astype(np.float32)
        self.triangles = np.concatenate([triangles + k * count for k in range(self.PIECES)])
        self.materials = uniform(Material.HAND, self.triangles)

    def place(self, posed: Posed, scene: Scene) -> tuple[Array, Array] | None:
        """Its palm beside the landmark it covers, fingers bent over the face."""
        held = scene.occluder
        if held is None or held.kind != "hand":
            return None
        axes, seat = held_at(posed, held)
        pieces = [(self._shape * half) @ turn.T + at for half, turn, at in _hand(held)]
        return plain(np.concatenate(pieces) @ axes + seat)


HALF_ARM = 0.13  # metres
ARM_AWAY = 0.3  # radians by which the arm leaves the face
OVERLAP = 0.72  # fraction of the half length of a joint after which the next begins

# Half sizes (x across, y towards the camera, z along), rotation and middle of a rounded cylinder.
Piece = tuple[Points, Points, Points]


def _hand(held: Occluder) -> list[Piece]:
    """Fingers side by side, bent over the face, the palm they grow from, and an arm."""
    thick, reach = held.breadth, held.length
    palm = (np.array([2.6 * thick, 1.3 * thick, 0.9 * reach]), np.eye(3), np.zeros(3))
    away = _about_x(ARM_AWAY)
    arm = (
        np.array([2.0 * thick, 1.6 * thick, HALF_ARM]),
        away,
        away @ np.array([0, 0, -HALF_ARM - 0.2 * reach]),
    )
    pieces: list[Piece] = [palm, arm]
    for finger in range(Hand.FINGERS):
        is_thumb = finger == 0
        size = (0.72, 0.92, 1.0, 0.93, 0.75)[finger]
        spread = (-0.9, -0.12, -0.03, 0.06, 0.16)[finger]
        start = np.array([(finger - 2.5) * 2.05 * thick, 0.0, 0.0 if is_thumb else 0.85 * reach])
        if is_thumb:
            start[0] = -2.6 * thick
        at, bend = start, 0.15
        for joint in range(Hand.JOINTS):
            half = reach * size * (0.52, 0.38, 0.3)[joint]
            bend += held.curl
            turn = _about_y(spread) @ _about_x(bend)
            middle = at + turn @ np.array([0, 0, OVERLAP * half])
            radius = thick * (1.0, 0.92, 0.82)[joint] * (1.1 if is_thumb else 1.0)
            pieces.append((np.array([radius, radius, half]), turn, middle))
            at = at + turn @ np.array([0, 0, 2 * OVERLAP * half])
    return pieces


def _about_x(angle: float) -> Points:
    """Bends z towards -y, which is away from the camera."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _about_y(angle: float) -> Points:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
