"""Attribution: how much of the gap to real labels is label convention, and how much appearance.

Label adaptation moves the output of a model that saw synthetic faces alone, and changes nothing
else. So what it gains over synthetic only is at most the convention's part: an adapter also takes
away what the network gets wrong in the same way on every photo. The same is true of where it moves
a landmark, which is drawn on a mean face.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

LEVEL = 0.95
UNADAPTED, ADAPTED = "synthetic_only", "label_adaptation"

# Lines of a face in the scheme of 300-W: first and last landmark, and whether the line is closed.
LINES = (
    (0, 16, False),  # jaw
    (17, 21, False),  # brows
    (22, 26, False),
    (27, 30, False),  # nose: bridge, nostrils
    (31, 35, False),
    (36, 41, True),  # eyes
    (42, 47, True),
    (48, 59, True),  # lips: outer, inner
    (60, 67, True),
)

# Moves are small beside a face; drawn so many times as long, the longest is still an arrow.
MAGNIFICATIONS = (1, 2, 3, 5, 10)
LONGEST = 0.25  # inter-ocular distances


@dataclass(frozen=True, kw_only=True)
class RegionPart:
    """One region's errors on the way from synthetic to real labels.

    Attributes:
        region: Name; "all" is the whole face.
        unadapted: Error of synthetic only, a fraction.
        adapted: Error of label adaptation.
        baseline: Error of real only.
        share: Part of the way from `unadapted` to `baseline` that adaptation closes, over the seeds
            of all three; above 1: it goes further. None with fewer than two such seeds, or where
            real only is not clearly better than synthetic only.
    """

    region: str
    unadapted: float
    adapted: float
    baseline: float
    share: Interval | None


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """What label convention explains at most.

    Attributes:
        n_real: Real faces that fitted the adapter, and that trained the baseline.
        mean_face: (K, 2) mean of the true landmarks, as fractions of the inter-ocular distance,
            origin between the outer eye corners, x from the right eye to the left.
        moved: (K, 2) mean move of each landmark by the adapter, same frame.
        parts: One for each region.
    """

    n_real: int
    mean_face: NDArray[np.float64]
    moved: NDArray[np.float64]
    parts: tuple[RegionPart, ...]

    @property
    def longest(self) -> float:
        """The longest move, inter-ocular distances."""
        return float(np.linalg.norm(self.moved, axis=-1).max())

    @property
    def magnification(self) -> int:
        """How many times as long the moves are drawn."""
        return max(
            (times for times in MAGNIFICATIONS if times * self.longest <= LONGEST), default=1
        )


def attribution(study: Study) -> Attribution | None:
    """None without synthetic only, label adaptation and real only, the last two at one size.

    Nor where no test face shows some landmark.
    """
    sizes = [
        n
        for n in study.sizes(ADAPTED)
        if (BASELINE, n) in study.by_cell and study.seeds([(ADAPTED, n), (UNADAPTED, 0)])
    ]
    if not sizes:
        return None
    if not _shown(read_predictions(study.runs[0].directory)).any(axis=0).all():
        return None
    n = max(sizes, key=lambda size: (len(study.seeds(_cells(size))), size))
    mean_face, moved = _moves(study, n)
    return Attribution(
        n_real=n,
        mean_face=mean_face,
        moved=moved,
        parts=tuple(_part(study, n, region) for region in study.runs[0].errors),
    )


def _moves(study: Study, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean face and mean move of each landmark, over the test faces that show it and seeds."""
    faces, moves = [], []
    for seed in study.seeds([(ADAPTED, n), (UNADAPTED, 0)]):
        before, after = (
            read_predictions(study.by_cell[cell][seed].directory)
            for cell in ((UNADAPTED, 0), (ADAPTED, n))
        )
        shown = _shown(before)[..., None]
        face = _in_face_frame(before.target, before, centred=True)
        moved = _in_face_frame(after.predicted - before.predicted, before, centred=False)
        faces.append(face.mean(axis=0, where=shown))
        moves.append(moved.mean(axis=0, where=shown))
    return np.mean(faces, axis=0), np.mean(moves, axis=0)


def _shown(predictions: Predictions) -> NDArray[np.bool_]:
    """(N, K) landmarks that are seen on a face whose outer eye corners are seen too."""
    right, left = (predictions.visible[:, k] for k in predictions.scheme.interocular)
    return predictions.visible & (right & left)[:, None]


def _in_face_frame(
    points: NDArray[np.float32], predictions: Predictions, *, centred: bool
) -> NDArray[np.float64]:
    """Turned and scaled, (N, K, 2), so that the outer eye corners lie at (-1/2, 0) and (1/2, 0).

    Args:
        points: (N, K, 2) source pixels, or moves in them.
        predictions: Their target gives the eye corners.
        centred: False for moves, which are turned and scaled only.
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
    """The way: where it starts, where adaptation gets, where it ends."""
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
    """The part of the way, with an interval over seeds and photos (the delta method)."""
    start, _, end = cells = _cells(n)
    seeds = study.seeds(cells)
    way = relative(study, end, start, LEVEL, region)
    if len(seeds) < MIN_SEEDS or way is None or not way.low > 0:
        return None
    errors = log_errors(study, cells, seeds, region)
    u, a, b = np.exp(errors.values.mean(axis=0))
    share = float((u - a) / (u - b))
    # Its derivatives by the three log errors.
    slopes = np.array([[u * (a - b), -a * (u - b), b * (u - a)]]) / (u - b) ** 2
    half = float(contrast(errors, slopes).half_width(LEVEL)[0])
    return Interval(value=share, low=share - half, high=share + half, level=LEVEL, seeds=len(seeds))
