"""Positions of the brows of a person, for both rendering and labels."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.front import Front
from landmarks.synthesis.mesh.labels import LandmarkPlaces
from landmarks.synthesis.scene.skin import Eyes

RIGHT, BOTH = slice(17, 22), slice(17, 27)  # landmarks
ARCHED = (0.02, 0.045)  # metres from the middle of the face: from none to all of an arch

# Annotators follow the upper edge of a brow; its hair is this far below, in metres and widths.
BELOW = 0.0010
BELOW_IN_WIDTHS = 0.4


@dataclass(frozen=True, eq=False)
class Brows:
    """Brow shapes of the head.

    Attributes:
        average: (5, 2) x and z of the right brow's landmarks on the average face, outer end first.
        front: Finds the skin under them.
    """

    average: NDArray[np.float64]
    front: Front

    def edge(self, eyes: Eyes) -> NDArray[np.float64]:
        """(5, 2) x and z of the right brow's landmarks on the average face, metres."""
        line = self.average.copy()
        inner = np.linspace(0, 1, len(line))
        line[:, 0] -= eyes.brow_start * inner + eyes.brow_end * (1 - inner)
        raised = np.clip((np.abs(line[:, 0]) - ARCHED[0]) / (ARCHED[1] - ARCHED[0]), 0, 1)
        line[:, 1] += eyes.brow_height + eyes.brow_arch * raised**2 * (3 - 2 * raised)
        return line

    def hairs(self, eyes: Eyes) -> NDArray[np.float64]:
        """(5, 2) x and z of the middle of the right brow's hair on the average face, metres."""
        return self.edge(eyes) - (0, BELOW + BELOW_IN_WIDTHS * eyes.brow_width)

    def lower(self, eyes: Eyes, vertices: NDArray[np.floating]) -> NDArray[np.float64]:
        """(10, 3) lower edges of the right and the left brow on a head with (V, 3) vertices.

        Each point is as far below the middle of the hair as a landmark is above it.
        """
        corners, weights = self._both(2 * self.hairs(eyes) - self.edge(eyes))
        return np.asarray(np.einsum("kc,kcd->kd", weights, vertices[corners]))

    def on(self, places: LandmarkPlaces, eyes: Eyes) -> LandmarkPlaces:
        """Move the brow landmarks to these brows."""
        corners, weights = self._both(self.edge(eyes))
        found = replace(places, corners=places.corners.copy(), weights=places.weights.copy())
        found.corners[BOTH], found.weights[BOTH] = corners, weights
        return found

    def _both(self, right: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
        """Skin under (5, 2) points of the right brow and of the left one, inner end first."""
        return self.front.find(np.concatenate([right, right[::-1] * (-1, 1)]))


def find_brows(places: LandmarkPlaces, front: Front, rest: NDArray[np.floating]) -> Brows:
    """Find the brows of the average face, `rest`, from which all others are derived."""
    return Brows(places.of(rest)[RIGHT][:, [0, 2]], front)
