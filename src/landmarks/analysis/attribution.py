"""How much of the gap between synthetic and real training is due to the labelling convention.

Label adaptation moves the predictions of a model trained on synthetic faces, and changes nothing
else. Its gain over `synthetic_only` is therefore an upper bound for the share of the convention: an
adapter also corrects errors that the network makes in the same way on every photo. The same holds
for the direction in which it moves each landmark, which is drawn on a mean face.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.analysis.comparisons import LEVEL
from landmarks.analysis.contrasts import (
    MIN_SEEDS,
    Interval,
    contrast,
    log_errors,
    mean_error,
    relative,
)
from landmarks.analysis.study import BASELINE, Cell, Study
from landmarks.inference.predictions import Predictions, read_predictions
from landmarks.scheme import LandmarkScheme

UNADAPTED, ADAPTED = "synthetic_only", "label_adaptation"

# Moves are small compared with a face, so they are drawn longer, up to `LONGEST`.
MAGNIFICATIONS = (1, 2, 3, 5, 10)
LONGEST = 0.25  # inter-ocular distances


@dataclass(frozen=True, kw_only=True)
class RegionPart:
    """The errors of one region before and after adaptation, and with real training.

    Attributes:
        region: Name; "all" is the whole face.
        unadapted: Error of `synthetic_only`, a fraction.
        adapted: Error of `label_adaptation`.
        baseline: Error of `real_only`.
        share: Share of the gap between `unadapted` and `baseline` that adaptation closes, over the
            seeds of all three; above 1 if it overshoots. None with fewer than two such seeds, or
            where `real_only` is not significantly better than `synthetic_only`.
    """

    region: str
    unadapted: float
    adapted: float
    baseline: float
    share: Interval | None


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Upper bound for the share of the labelling convention.

    Attributes:
        n_real: Real faces that fitted the adapter, and that trained `real_only`.
        scheme: Of the landmarks.
        mean_face: (K, 2) mean of the labelled landmarks, in inter-ocular distances, with the origin
            between the outer eye corners and x from the right eye to the left.
        moved: (K, 2) mean displacement of each landmark by the adapter, in the same frame.
        parts: One per region.
    """

    n_real: int
    scheme: LandmarkScheme
    mean_face: NDArray[np.float64]
    moved: NDArray[np.float64]
    parts: tuple[RegionPart, ...]

    @property
    def longest(self) -> float:
        """Length of the longest displacement, inter-ocular distances."""
        return float(np.linalg.norm(self.moved, axis=-1).max())

    @property
    def magnification(self) -> int:
        """Factor by which displacements are drawn longer."""
        return max(
            (times for times in MAGNIFICATIONS if times * self.longest <= LONGEST), default=1
        )


def attribution(study: Study) -> Attribution | None:
    """Attribute the gap between synthetic and real training, at the size with the most seeds.

    None unless `synthetic_only`, `label_adaptation` and `real_only` were run, the last two at a
    common size, every landmark is visible on some test face, and the scheme has eye corners.
    """
    sizes = [
        n
        for n in study.sizes(ADAPTED)
        if (BASELINE, n) in study.by_cell and study.seeds([(ADAPTED, n), (UNADAPTED, 0)])
    ]
    if not sizes:
        return None
    first = read_predictions(study.runs[0].directory)
    if not first.scheme.interocular or not _visible(first).any(axis=0).all():
        return None
    n = max(sizes, key=lambda size: (len(study.seeds(_cells(size))), size))
    mean_face, moved = _moves(study, n)
    return Attribution(
        n_real=n,
        scheme=first.scheme,
        mean_face=mean_face,
        moved=moved,
        parts=tuple(_part(study, n, region) for region in study.runs[0].errors),
    )


def _moves(study: Study, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean face and mean displacement of each landmark, over seeds and where it is visible."""
    faces, moves = [], []
    for seed in study.seeds([(ADAPTED, n), (UNADAPTED, 0)]):
        before, after = (
            read_predictions(study.by_cell[cell][seed].directory)
            for cell in ((UNADAPTED, 0), (ADAPTED, n))
        )
        visible = _visible(before)[..., None]
        face = _in_face_frame(before.target, before, centred=True)
        moved = _in_face_frame(after.predicted - before.predicted, before, centred=False)
        faces.append(face.mean(axis=0, where=visible))
        moves.append(moved.mean(axis=0, where=visible))
    return np.mean(faces, axis=0), np.mean(moves, axis=0)


def _visible(predictions: Predictions) -> NDArray[np.bool_]:
    """(N, K) visible landmarks of faces whose outer eye corners are visible too."""
    right, left = (predictions.visible[:, k] for k in predictions.scheme.interocular)
    return predictions.visible & (right & left)[:, None]


def _in_face_frame(
    points: NDArray[np.float32], predictions: Predictions, *, centred: bool
) -> NDArray[np.float64]:
    """(N, K, 2) rotated and scaled so that the outer eye corners are at (-1/2, 0) and (1/2, 0).

    Args:
        points: (N, K, 2) positions or displacements in source pixels.
        predictions: Their target gives the eye corners.
        centred: True for positions; displacements are rotated and scaled only.
    """
    scheme: LandmarkScheme = predictions.scheme
    right, left = (predictions.target[:, k].astype(np.float64) for k in scheme.interocular)
    axis = left - right
    length = np.linalg.norm(axis, axis=-1)
    cos, sin = (axis / length[:, None]).T
    turn = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)  # x @ turn
    origin = ((right + left) / 2)[:, None] if centred else 0.0
    return np.asarray((points - origin) @ turn / length[:, None, None])


def _cells(n: int) -> tuple[Cell, Cell, Cell]:
    """Before and after adaptation, and with real training."""
    return (UNADAPTED, 0), (ADAPTED, n), (BASELINE, n)


def _part(study: Study, n: int, region: str) -> RegionPart:
    unadapted, adapted, baseline = (
        mean_error(study, cell, LEVEL, region).value for cell in _cells(n)
    )
    return RegionPart(
        region=region,
        unadapted=unadapted,
        adapted=adapted,
        baseline=baseline,
        share=_share(study, n, region),
    )


def _share(study: Study, n: int, region: str) -> Interval | None:
    """Share of the gap closed, with an interval over seeds and photos (delta method)."""
    start, _, end = cells = _cells(n)
    seeds = study.seeds(cells)
    gap = relative(study, end, start, LEVEL, region)
    if len(seeds) < MIN_SEEDS or gap is None or not gap.low > 0:
        return None
    errors = log_errors(study, cells, seeds, region)
    u, a, b = np.exp(errors.values.mean(axis=0))
    share = float((u - a) / (u - b))
    # Derivatives of the share by the three log errors.
    slopes = np.array([[u * (a - b), -a * (u - b), b * (u - a)]]) / (u - b) ** 2
    half = float(contrast(errors, slopes).half_width(LEVEL)[0])
    return Interval(value=share, low=share - half, high=share + half, level=LEVEL, seeds=len(seeds))
