"""Find the usual mistakes in predictions: in how pixels are counted, and in the order of landmarks.

Nothing is repaired: a check says what it found, what that costs, and what to do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.geometry import mirror_order
from landmarks.metrics import BOOTSTRAP_DRAWS, nme, point_errors
from landmarks.scheme import LandmarkScheme
from landmarks.scheme.units import all_normalisers, unit

# An order or a mirror image is a mistake if without it the error is at most this share; between
# detectors that see the same landmarks the share is 0.5 and more.
MUCH_LOWER = 0.5
MOSTLY = 0.9  # share of whole numbers from which coordinates count as rounded
OFFSETS = (-1.0, -0.5, 0.5, 1.0)  # pixels, in x and in y
NEAR = 0.25  # pixels between an estimated offset and one of those
SURE = 0.25  # pixels: an interval that is wider on either side says nothing
KEPT = 0.8  # share of the faces, those whose shape is best, that an offset is estimated from
SAME = 0.02  # relative difference between a claimed and a recomputed error that are the same
FEWEST = 20  # photos that an offset is estimated from


@dataclass(frozen=True, eq=False, kw_only=True)
class Scored:
    """Faces with a prediction.

    Attributes:
        predicted: (N, K, 2) source pixels.
        target: (N, K, 2) source pixels.
        visible: (N, K).
        groups: (N,) photo of each.
        widths: (N,) of the images, pixels; NaN where unknown.
        scheme: What the indices mean.
    """

    predicted: NDArray[np.float64]
    target: NDArray[np.float32]
    visible: NDArray[np.bool_]
    groups: NDArray[np.str_]
    widths: NDArray[np.float64]
    scheme: LandmarkScheme

    def error(self, predicted: NDArray[np.float64]) -> float:
        """Mean NME of other predictions for the same faces."""
        return float(np.nanmean(self.errors(predicted, self.scheme.normaliser)))

    def errors(self, predicted: NDArray[np.float64], normaliser: str) -> NDArray[np.float64]:
        """(N,) NME of each face."""
        length = all_normalisers(self.scheme)[normaliser]
        points = point_errors(predicted.astype(np.float32), self.target, self.visible)
        return nme(
            points,
            length(self.target, self.visible, self.scheme),
            tuple(range(self.scheme.num_landmarks)),
        )


@dataclass(frozen=True)
class Offset:
    """A displacement that is the same for faces of every size.

    Attributes:
        value: (2,) x and y, pixels; positive where predictions are too far right or down.
        low: (2,) 2.5 % quantile over photos.
        high: (2,) 97.5 % quantile.
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __str__(self) -> str:
        """E.g. "x +0.98 [+0.90 to +1.06], y ..."."""
        parts = zip("xy", self.value, self.low, self.high, strict=True)
        return ", ".join(f"{a} {v:+.2f} [{lo:+.2f} to {hi:+.2f}]" for a, v, lo, hi in parts)


def constant_offset(scored: Scored, seed: int = 0) -> Offset | None:
    """The offset in pixels, with an interval over photos; None for too few photos.

    What a system gets wrong about faces grows with their size; what it gets wrong about pixels does
    not. So the mean displacement of each face is explained by a constant and by its size, both
    weighted by the inverse square of the size, by least squares; without the worst faces, which
    no pixel explains.
    """
    size = unit(scored.target, scored.visible, scored.scheme)
    moved = np.where(scored.visible[..., None], scored.predicted - scored.target, np.nan)
    middle = np.nanmedian(moved, axis=1)
    # A displacement of the whole face must not decide whether it counts.
    spread = np.nanmean(np.abs(moved - middle[:, None]), axis=(1, 2)) / size
    kept = spread <= np.quantile(spread, KEPT)
    photos, photo = np.unique(scored.groups[kept], return_inverse=True)
    size, middle = size[kept], middle[kept]
    if len(photos) < FEWEST or np.ptp(size) < 0.2 * size.mean():
        return None
    # Divided by its size, a face says: constant / size + share.
    design = np.stack([1 / size, np.ones_like(size)], axis=1)
    wanted = middle / size[:, None]
    products = design[:, :, None] * np.concatenate([design, wanted], axis=1)[:, None]  # (N, 2, 4)
    sums = np.zeros((len(photos), 2, 4))
    np.add.at(sums, photo, products)
    counts = np.random.default_rng(seed).multinomial(
        len(photos), np.full(len(photos), 1 / len(photos)), size=BOOTSTRAP_DRAWS
    )
    drawn = np.tensordot(counts, sums, axes=1)
    values = np.linalg.solve(drawn[..., :2], drawn[..., 2:])[:, 0]
    total = sums.sum(axis=0)
    value = np.linalg.solve(total[:, :2], total[:, 2:])[0]
    low, high = np.quantile(values, [0.025, 0.975], axis=0)
    return Offset(value, low, high)


def warnings_about(scored: Scored, claimed: float | None = None) -> list[str]:
    """What seems to be wrong, a sentence each.

    Args:
        scored: Predictions of one system.
        claimed: Its NME as published, a fraction, if it is known.
    """
    found = list(_order(scored))
    if not found:  # else the displacements mean nothing
        found += [*_rounding(scored), *_counting(scored)]
    if claimed is not None:
        found += _normaliser(scored, claimed)
    return found


def _order(scored: Scored) -> Iterator[str]:
    order = mirror_order(scored.scheme)
    reflected = (
        scored.predicted * [-1, 1] + np.stack([scored.widths - 1, 0 * scored.widths], 1)[:, None]
    )
    ways: dict[str, Callable[[], NDArray[np.float64]]] = {
        "the indices of left and right landmarks are exchanged; landmark 0 is at the ear on the "
        "left of the image, 36 the outer eye corner on the left": lambda: scored.predicted[
            :, order
        ],
        "the landmarks are those of the mirrored images; reflect x to width - 1 - x and exchange "
        "left and right indices": lambda: reflected[:, order],
        "the images were mirrored before prediction, and x was not reflected back to width - 1 - "
        "x": lambda: reflected,
        "x and y are exchanged; write x first": lambda: scored.predicted[..., ::-1],
    }
    now = scored.error(scored.predicted)
    for what, undone in ways.items():
        predicted = undone()
        known = ~np.isnan(predicted).any(axis=(1, 2))
        if not known.any():
            continue
        before = float(np.nanmean(scored.errors(scored.predicted, scored.scheme.normaliser)[known]))
        then = float(np.nanmean(scored.errors(predicted, scored.scheme.normaliser)[known]))
        if then < MUCH_LOWER * before:
            yield f"{what} (NME {100 * now:.2f} %, without this mistake {100 * then:.2f} %)"


def _rounding(scored: Scored) -> Iterator[str]:
    whole = float((scored.predicted == np.rint(scored.predicted)).mean())
    if whole < MOSTLY:
        return
    now = scored.error(scored.predicted)
    # The error that rounding adds, as its variance: a twelfth of a square pixel in x and in y.
    size = unit(scored.target, scored.visible, scored.scheme)
    half = float(np.nanmean(np.sqrt(2 / 12) / size))
    then = scored.error(scored.predicted + 0.5)
    cut = (
        f"; they were cut off rather than rounded: half a pixel more gives {100 * then:.2f} %"
        if then < now
        else ""
    )
    yield (
        f"{whole:.0%} of the coordinates are whole numbers, which moves a landmark by about "
        f"{100 * half:.2f} % of the distance between the eyes{cut}; write decimals"
    )


def _counting(scored: Scored) -> Iterator[str]:
    offset = constant_offset(scored)
    if offset is None or ((offset.high - offset.low) / 2 > SURE).any():
        return
    for amount in OFFSETS:
        near = (np.abs(offset.value - amount) < NEAR).all()
        if near and (offset.low * offset.high > 0).all():
            now, then = scored.error(scored.predicted), scored.error(scored.predicted - amount)
            yield (
                f"predictions are about {amount:+g} pixels off in x and in y for faces of every "
                f"size ({offset}): {_REASONS[abs(amount)]} (NME {100 * now:.2f} %, without this "
                f"offset {100 * then:.2f} %)"
            )


_REASONS = {
    1.0: "pixels are counted from 1 in one of the two files and from 0 in the other; --first-pixel "
    "says what the predictions count from",
    0.5: "one of the two files counts from the corner of the top-left pixel, the other from its "
    "centre; --first-pixel 0.5 or -0.5 says so of the predictions",
}


def _normaliser(scored: Scored, claimed: float) -> Iterator[str]:
    by_name = {
        name: float(np.nanmean(scored.errors(scored.predicted, name)))
        for name in all_normalisers(scored.scheme)
    }
    own = by_name[scored.scheme.normaliser]
    ratio = claimed / own
    if abs(ratio - 1) <= SAME:
        return
    same = [name for name, error in by_name.items() if abs(claimed / error - 1) <= SAME]
    what = (
        f"it is the error by another normaliser: {' or '.join(same)}"
        if same
        else "no normaliser gives it: "
        + ", ".join(f"{name} {100 * error:.2f} %" for name, error in by_name.items())
    )
    yield (
        f"the claimed NME of {100 * claimed:.2f} % is {ratio:.2f} times the "
        f"{scored.scheme.normaliser} one of {100 * own:.2f} %; {what}"
    )
