"""Fit the head's shape, expression and pose to the 68 landmarks of a face in a photo.

Damped Gauss-Newton steps lower the sum of distances in the picture, in standard deviations of the
labels, and of squared coefficients of the prior. Distances count by Cauchy's loss, so that a wrong
label pulls little. In each step, the jaw's landmarks are where the outline of the face is visible.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from landmarks.scheme import IBUG68
from landmarks.synthesis.fitting.prior import HeadPrior
from landmarks.synthesis.mesh.labels import JAW, LandmarkPlaces, contour, pupils
from landmarks.synthesis.mesh.surfaces import VertexNormals
from landmarks.synthesis.scene.view import Camera

Array = NDArray[np.float64]

STEPS = 20  # most of them; about 6 are needed
SETTLED = 1e-3  # relative change of the cost at which a fit is finished
DAMPING = 1e-3  # at the start, as a share of the diagonal
FAR = 3.0  # standard deviations from which labels pull less

# Standard deviation of labels as a share of the inter-ocular distance: of the differences between
# annotators (Sagonas et al., 2016); along the jaw they are larger.
NOISE = 0.02
ALONG_JAW = 0.08

# Distance of the camera, log metres: mean and standard deviation.
DISTANCE, DISTANCES = float(np.log(1.06)), 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedHead:
    """A head as it is in a photo.

    Attributes:
        coefficients: (C,) of the prior's components.
        vertices: (V, 3) upright, metres.
        normals: (V, 3) of the skin.
        camera: The photo's, in the frame of the upright head.
        marks: (80, 2) pixels: the 68 landmarks as annotators place them, the lower edges of the
            brows, the pupils; as `landmarks.synthesis.mesh.places` counts them.
        interocular: Pixels between the outer corners of the eyes, if they were in one plane with
            the picture.
    """

    coefficients: Array
    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    camera: Camera
    marks: Array
    interocular: float

    @property
    def landmarks(self) -> Array:
        """(68, 2) pixels."""
        return self.marks[: IBUG68.num_landmarks]


@dataclass(frozen=True, eq=False)
class _State:
    """What a step changes.

    Attributes:
        coefficients: (C,) of the prior's components.
        rotation: (3, 3) from the upright head to the camera's axes.
        scale: Log of the pixels for a metre at the middle of the face.
        distance: Log of the metres from the camera to it.
        shift: (2,) where it is in the picture, pixels.
    """

    coefficients: Array
    rotation: Array
    scale: float
    distance: float
    shift: Array

    def moved(self, step: Array) -> "_State":
        """Add a step: a turn (3), scale, distance, shift (2), coefficients (C)."""
        return _State(
            coefficients=self.coefficients + step[7:],
            rotation=Rotation.from_rotvec(step[:3]).as_matrix() @ self.rotation,
            scale=self.scale + step[3],
            distance=self.distance + step[4],
            shift=self.shift + step[5:7],
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Neighbourhood:
    """A state with its head and cost, and what a step from it changes.

    Attributes:
        state: The state.
        head: Its head.
        cost: To be lowered.
        gradient: (P,) of the parameters that `_State.moved` takes, downwards.
        curvature: (P, P) second derivatives, approximately.
    """

    state: _State
    head: FittedHead
    cost: float
    gradient: Array
    curvature: Array

    def step(self, damping: float) -> Array:
        """(P,) a step downwards."""
        damped = self.curvature + damping * np.diag(np.diag(self.curvature))
        return np.asarray(np.linalg.solve(damped, self.gradient))


class HeadFitter:
    """Fits heads to landmarks.

    Args:
        prior: Which shapes are likely.
    """

    def __init__(self, prior: HeadPrior) -> None:
        self.prior = prior
        head, places = prior.head, prior.places
        self._normals = VertexNormals(head.triangles_of("body"), len(head.rest))
        moves = prior.components[:, places.corners]
        self._moves = np.einsum("kc,nkcd->nkd", places.weights, moves) + prior.brow_components
        self._middle = (places.of(prior.mean) + prior.brow_mean).mean(axis=0)

    def __call__(self, points: NDArray[np.floating], noise: float | Array = NOISE) -> FittedHead:
        """Fit a head to the landmarks of a face.

        Args:
            points: (68, 2) pixels.
            noise: Standard deviation of the landmarks, or of each, as a share of the inter-ocular
                distance.
        """
        target = points.astype(np.float64)
        each = np.broadcast_to(np.asarray(noise, np.float64), len(target))
        here, damping = self._near(self._start(target), target, each), DAMPING
        for _ in range(STEPS):
            there = self._near(here.state.moved(here.step(damping)), target, each)
            if not there.cost < here.cost:
                damping *= 10
                continue
            gained = here.cost - there.cost
            here, damping = there, damping / 10
            if gained < SETTLED * here.cost:
                break
        return here.head

    def _start(self, target: Array) -> _State:
        """The average head, turned and scaled as an affine map to the landmarks says."""
        prior = self.prior
        at = prior.places.of(prior.mean) + prior.brow_mean - self._middle
        affine, *_ = np.linalg.lstsq(np.column_stack([at, np.ones(len(at))]), target, rcond=None)
        u, sizes, v = np.linalg.svd(affine[:3].T)
        top = u @ np.eye(2, 3) @ v
        return _State(
            coefficients=np.zeros(len(prior.components)),
            rotation=np.stack([*top, np.cross(*top)]),
            scale=float(np.log(sizes.mean())),
            distance=DISTANCE,
            shift=affine[3],
        )

    def _at(self, state: _State) -> FittedHead:
        prior, far = self.prior, np.exp(state.distance)
        camera = Camera(
            rotation=state.rotation,
            position=self._middle - far * state.rotation[2],
            focal=float(np.exp(state.scale) * far),
            centre=(float(state.shift[0]), float(state.shift[1])),
            size=0,
        )
        vertices = prior.vertices(state.coefficients)
        normals = self._normals(vertices)
        places = self._places(state.coefficients)
        points = places.of(vertices)
        eyes = points[list(IBUG68.interocular)]
        others = np.concatenate([points[17:27] + prior.lower_brows, pupils(prior.head, vertices)])
        marks = [contour(places, vertices, normals, camera), camera.project(others)]
        return FittedHead(
            coefficients=state.coefficients,
            vertices=vertices,
            normals=normals,
            camera=camera,
            marks=np.concatenate(marks),
            interocular=float(np.linalg.norm(eyes[1] - eyes[0]) * np.exp(state.scale)),
        )

    def _places(self, coefficients: Array) -> "_BrowsMoved":
        places = self.prior.places
        return _BrowsMoved(
            corners=places.corners,
            weights=places.weights,
            candidates=places.candidates,
            outwards=places.outwards,
            lips=places.lips,
            moved=self.prior.brows(coefficients),
        )

    def _near(self, state: _State, target: Array, noise: Array) -> "_Neighbourhood":
        """The head of a state, and how its cost changes around it."""
        head = self._at(state)
        at, moves = self._anchors(head)
        whiten = _whitening(head.landmarks, head.interocular, noise)
        residual = np.einsum("kij,kj->ki", whiten, target - head.landmarks)
        far = (residual**2).sum(axis=1) / FAR**2
        pull = 1 / np.sqrt(1 + far)
        slopes = np.einsum("kij,kjp->kip", whiten, _slopes(at - self._middle, moves, state))
        jacobian = (pull[:, None, None] * slopes).reshape(residual.size, -1)
        off, stiff = np.zeros(jacobian.shape[1]), np.zeros(jacobian.shape[1])
        off[7:], stiff[7:] = state.coefficients, 1.0
        off[4], stiff[4] = state.distance - DISTANCE, 1 / DISTANCES**2
        return _Neighbourhood(
            state=state,
            head=head,
            cost=float(FAR**2 * np.log1p(far).sum() + stiff @ off**2),
            gradient=jacobian.T @ (pull[:, None] * residual).ravel() - stiff * off,
            curvature=jacobian.T @ jacobian + np.diag(stiff),
        )

    def _anchors(self, head: FittedHead) -> tuple[Array, Array]:
        """Points of the head under its landmarks, (68, 3), and how components move them.

        A jaw's landmark on the outline is at the vertex there.
        """
        at, moves = self._places(head.coefficients).of(head.vertices), self._moves.copy()
        own = np.linalg.norm(head.camera.project(at[:JAW]) - head.landmarks[:JAW], axis=1)
        for k, near in enumerate(self.prior.places.candidates):
            gaps = np.linalg.norm(
                head.camera.project(head.vertices[near]) - head.landmarks[k], axis=1
            )
            if len(near) and gaps.min() < own[k]:
                vertex = near[gaps.argmin()]
                at[k], moves[:, k] = head.vertices[vertex], self.prior.components[:, vertex]
        return at, moves


@dataclass(frozen=True, eq=False)
class _BrowsMoved(LandmarkPlaces):
    """Places with brows elsewhere: (68, 3) metres in `moved`, 0 but for the brows."""

    moved: Array

    def of(self, vertices: NDArray[np.floating]) -> Array:
        """Also of normals, which are not used of the brows."""
        return super().of(vertices) + self.moved


def _slopes(at: Array, moves: Array, state: _State) -> Array:
    """(68, 2, 7 + C) derivatives of points of the picture by what `_State.moved` takes.

    Args:
        at: (68, 3) points of the head from the middle of the face, metres.
        moves: (C, 68, 3) how components move them.
        state: The state.
    """
    x, y, z = (at @ state.rotation.T).T
    far = np.exp(state.distance)
    wide = 1 + z / far
    size = np.exp(state.scale) / wide
    flat = np.zeros((len(at), 2, 3))
    flat[:, 0, 0] = flat[:, 1, 1] = size
    flat[:, 0, 2], flat[:, 1, 2] = -x * size / wide / far, -y * size / wide / far
    turn = np.zeros((len(at), 3, 3))
    turn[:, 0, 1], turn[:, 0, 2], turn[:, 1, 2] = z, -y, x
    turn -= turn.swapaxes(1, 2)
    of_scale = np.stack([x, y], axis=1) * size[:, None]
    of_distance = of_scale * (z / wide / far)[:, None]
    of_shift = np.broadcast_to(np.eye(2), (len(at), 2, 2))
    of_shape = np.einsum("kij,jl,nkl->kin", flat, state.rotation, moves, optimize=True)
    camera = [flat @ turn, of_scale[..., None], of_distance[..., None], of_shift]
    return np.concatenate([*camera, of_shape], axis=2)


def _whitening(landmarks: Array, size: float, noise: Array) -> Array:
    """(68, 2, 2) that turns distances into standard deviations, fewer along the jaw than across."""
    whiten = np.eye(2) / (noise * size)[:, None, None]
    along = np.gradient(landmarks[:JAW], axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    less = 1 / np.maximum(noise[:JAW], ALONG_JAW) - 1 / noise[:JAW]
    whiten[:JAW] += np.einsum("k,ki,kj->kij", less / size, along, along)
    return whiten
