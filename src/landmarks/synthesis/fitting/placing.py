"""From labelled faces to the places of their landmarks on the head."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import LandmarkScheme, OnLine, Place
from landmarks.synthesis.fitting.fit import FittedHead, HeadFitter
from landmarks.synthesis.fitting.prior import learn_prior
from landmarks.synthesis.fitting.search import PlaceFinder
from landmarks.synthesis.mesh.head import Head, load_head
from landmarks.synthesis.mesh.places import LINES, find_places
from landmarks.synthesis.mesh.regions import Regions, find_regions
from landmarks.synthesis.recipe import Recipe

# Standard deviation of landmarks, as a share of the inter-ocular distance: of a detector that was
# trained on rendered faces, and of labels.
DETECTED, LABELLED = 0.04, 0.02


@dataclass(frozen=True, eq=False, kw_only=True)
class Placed:
    """The landmarks of a scheme on the head.

    Attributes:
        scheme: With a place for every landmark.
        errors: (N, K) distance between a label and its place on the fitted head, as a share of the
            inter-ocular distance; NaN where a face is not labelled.
    """

    scheme: LandmarkScheme
    errors: NDArray[np.float64]

    @property
    def spread(self) -> NDArray[np.float64]:
        """(K,) root mean square of the errors."""
        return np.asarray(np.sqrt(np.nanmean(self.errors**2, axis=0)))

    @property
    def faces(self) -> NDArray[np.intp]:
        """(K,) number of faces on which a landmark is labelled."""
        return np.asarray(np.isfinite(self.errors).sum(axis=0))

    @property
    def uncertainty(self) -> NDArray[np.float64]:
        """(K,) standard error of the places: the spread over the root of the number of faces."""
        return np.asarray(self.spread / np.sqrt(self.faces))


def place_landmarks(
    scheme: LandmarkScheme, points: NDArray[np.floating], detected: NDArray[np.floating]
) -> Placed:
    """Find the places of the landmarks that have none.

    Landmarks that are among the 68, because the scheme has them at whole numbers on their lines,
    are taken from the labels when the heads are fitted, the rest of the 68 from the detector.

    Args:
        scheme: May have the places of some landmarks, which are kept.
        points: (N, K, 2) labels, pixels; NaN where a face is not labelled. Each landmark is
            labelled at least once.
        detected: (N, 68, 2) the 68 landmarks of the same faces, pixels.
    """
    head, regions, fitter = default_fitter()
    heads = [
        fitter(*_known(scheme, own, found)) for own, found in zip(points, detected, strict=True)
    ]
    found = _missing(scheme, points, PlaceFinder(head, regions, heads))
    placed = replace(scheme, places=dict(sorted({**scheme.places, **found}.items())))
    on_head = find_places(placed, head)
    seen = np.array(
        [on_head.of(one.marks, _seen(one, on_head.skin(one.vertices))) for one in heads]
    )
    sizes = np.array([one.interocular for one in heads])
    errors = np.linalg.norm(seen - points, axis=2) / sizes[:, None]
    return Placed(scheme=placed, errors=errors)


@cache
def default_fitter() -> tuple[Head, Regions, HeadFitter]:
    """The head, and what fits it, as the default recipe draws people."""
    head = load_head()
    regions = find_regions(head)
    return head, regions, HeadFitter(learn_prior(head, regions, Recipe(name="synthetic")))


def _missing(
    scheme: LandmarkScheme, points: NDArray[np.floating], finder: PlaceFinder
) -> dict[int, Place]:
    """Places of the landmarks that the scheme has none of."""
    found: dict[int, Place] = {}
    sought = [k for k in range(scheme.num_landmarks) if k not in scheme.places]
    for k in sought:
        other = scheme.mirror[k]
        if other == k:
            found[k] = finder.middle(points[:, k])
        elif other not in sought:
            found[k] = finder.one(points[:, k])
        elif k < other:
            found[k], found[other] = finder.pair((points[:, k], points[:, other]))
    return found


def _known(
    scheme: LandmarkScheme, points: NDArray[np.floating], detected: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 68 landmarks of a face, (68, 2) pixels, and their standard deviations (68,)."""
    known, noise = detected.astype(np.float64), np.full(len(detected), DETECTED)
    for k, place in scheme.places.items():
        if isinstance(place, OnLine) and place.at.is_integer() and np.isfinite(points[k]).all():
            mark = LINES[place.line][int(place.at)]
            if mark < len(known):  # others are lower edges of the brows
                known[mark], noise[mark] = points[k], LABELLED
    return known, noise


def _seen(head: FittedHead, skin: NDArray[np.float64]) -> NDArray[np.float64]:
    return head.camera.project(skin) if len(skin) else np.empty((0, 2))


def outliers(errors: NDArray[np.float64], most: int, least: float) -> Sequence[tuple[int, int]]:
    """Face and landmark of the labels that are furthest from their places, furthest first.

    Args:
        errors: As in `Placed`.
        most: How many at most.
        least: Only those with a larger error.
    """
    far = np.argsort(-np.nan_to_num(errors).ravel(), kind="stable")[:most]
    pairs = [divmod(int(i), errors.shape[1]) for i in far]
    return [(face, k) for face, k in pairs if errors[face, k] > least]
