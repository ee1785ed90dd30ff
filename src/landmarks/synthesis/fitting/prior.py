"""How heads of a recipe vary: a linear model whose coefficients are normally distributed.

The recipe draws people with expressions; the principal components of their shapes describe the
face in a photo, and their spread says which shapes are likely.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.brows import BOTH, find_brows
from landmarks.synthesis.mesh.front import find_front
from landmarks.synthesis.mesh.head import Head
from landmarks.synthesis.mesh.labels import LandmarkPlaces, find_landmarks
from landmarks.synthesis.mesh.regions import Regions
from landmarks.synthesis.recipe import Recipe

Array = NDArray[np.float64]

DRAWS, BROW_DRAWS = 2000, 200
SHAPES = 120  # components; they leave 0.5 mm of a face's shape
BROWS = 4  # components: brows' start, end, height and arch


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadPrior:
    """Shapes of heads: a mean plus components, weighted by independent standard normal numbers.

    Attributes:
        head: The head model.
        places: The 68 landmarks on the average face.
        mean: (V, 3) upright vertices, metres.
        components: (C, V, 3) metres at one standard deviation.
        brow_mean: (68, 3) metres from `places` to the landmarks of average brows; 0 elsewhere.
        brow_components: (C, 68, 3) of the same.
        lower_brows: (10, 3) metres from the brows' landmarks to their lower edges.
    """

    head: Head
    places: LandmarkPlaces
    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    brow_mean: Array
    brow_components: Array
    lower_brows: Array

    def vertices(self, coefficients: Array) -> NDArray[np.float32]:
        """(V, 3) upright vertices of a head with (C,) coefficients, metres."""
        moved = coefficients.astype(np.float32) @ self.components.reshape(len(coefficients), -1)
        return np.asarray(self.mean + moved.reshape(self.mean.shape))

    def brows(self, coefficients: Array) -> Array:
        """(68, 3) metres that brows' landmarks are from their places on the average face."""
        return np.asarray(self.brow_mean + np.tensordot(coefficients, self.brow_components, 1))


def learn_prior(head: Head, regions: Regions, recipe: Recipe) -> HeadPrior:
    """Learn how the heads of `recipe` vary from random ones (3 s)."""
    rng = np.random.default_rng(0)
    weights = [
        head.weights(recipe.person.draw(rng), recipe.expression.draw(rng)) for _ in range(DRAWS)
    ]
    mean, shapes = _components(
        np.array(weights, np.float64), head.displacements[:, : head.template.size]
    )
    places = find_landmarks(head, regions)
    upper, lower = _brows(head, regions, places, recipe, rng)
    brow_mean, brow_shapes = _brow_components(upper.reshape(BROW_DRAWS, -1))
    still = np.zeros((BROWS, shapes.shape[1]), np.float32)
    no_brows = np.zeros((SHAPES, brow_shapes.shape[1]))
    return HeadPrior(
        head=head,
        places=places,
        mean=head.template + mean.reshape(-1, 3),
        components=np.concatenate([shapes, still]).reshape(-1, *head.template.shape),
        brow_mean=brow_mean.reshape(-1, 3),
        brow_components=np.concatenate([no_brows, brow_shapes]).reshape(-1, *upper.shape[1:]),
        lower_brows=lower.mean(axis=0),
    )


def _brows(
    head: Head, regions: Regions, places: LandmarkPlaces, recipe: Recipe, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Random brows on the average face, metres.

    Returns:
        (n, 68, 3) from `places` to their landmarks, and (n, 10, 3) from there to the lower edges.
    """
    brows, at_rest = find_brows(places, find_front(head, regions), head.rest), places.of(head.rest)
    upper, lower = [], []
    for _ in range(BROW_DRAWS):
        eyes = recipe.skin.draw_eyes(rng, recipe.person.draw(rng))
        edges = brows.on(places, eyes).of(head.rest)
        upper.append(edges - at_rest)
        lower.append(brows.lower(eyes, head.rest) - edges[BOTH])
    return np.array(upper), np.array(lower)


def _components(
    weights: Array, displacements: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean (3V,) and principal components (SHAPES, 3V) of `weights` @ `displacements`.

    Args:
        weights: (n, N) of the displacements.
        displacements: (N, 3V).
    """
    values, axes = np.linalg.eigh(np.cov(weights, rowvar=False))
    half = axes * np.sqrt(np.clip(values, 0, None))  # half @ half.T is the covariance
    gram = half.T @ (displacements @ displacements.T).astype(np.float64) @ half
    _, rotation = np.linalg.eigh(gram)
    mixed = half @ rotation[:, : -SHAPES - 1 : -1]
    mean = weights.mean(axis=0).astype(np.float32)
    return mean @ displacements, mixed.T.astype(np.float32) @ displacements


def _brow_components(moved: Array) -> tuple[Array, Array]:
    """Mean (204,) and principal components (BROWS, 204) of (n, 204)."""
    mean = moved.mean(axis=0)
    _, sizes, axes = np.linalg.svd(moved - mean, full_matrices=False)
    return mean, axes[:BROWS] * sizes[:BROWS, None] / np.sqrt(len(moved))
