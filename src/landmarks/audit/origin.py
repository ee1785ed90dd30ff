"""Pixel origin: a constant offset of a dataset's labels, against the bundled detector."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.finding import Finding
from landmarks.audit.label_cost import label_cost
from landmarks.audit.material import Material, Predicted
from landmarks.audit.shapes import Complex, Frames, as_complex, mean_shape, reflected
from landmarks.data.dataset import FaceDataset

Values = NDArray[np.float64]

# What a coordinate slip shifts labels by, pixels to the right and down.
SLIPS = {
    1.0: "1-based coordinates read as 0-based",
    0.5: "coordinates from the corner of the first pixel read as from its centre",
    -0.5: "half a pixel subtracted without need",
    -1.0: "0-based coordinates read as 1-based",
}
_TRUNCATED = "coordinates truncated to whole numbers"

_MODES = 2  # odd and even ways in which faces differ (turn, nod, open mouth), as covariates
_ROUNDS = 30  # of the robust fit
_SIGMAS = 1.96  # of a 95 % interval


@dataclass(frozen=True, kw_only=True)
class Offset:
    """How far labels lie from where a symmetric detector sees them; + is right and down.

    Attributes:
        slip: Part that is the same in pixels for faces of any size, and in x and y.
        deviation: Standard deviation of `slip`.
        across: Part of x that is proportional to the size: a habit of the annotators, as a share
            of the root mean square size of a face.
        x: Offset in x of a face of median size, whatever its cause, pixels.
        x_deviation: Its standard deviation.
        apart: Offset in y minus that in x, of what is the same for all sizes, pixels.
        apart_deviation: Its standard deviation.
        faces: Number of faces.
        size: Their median root mean square size, pixels.
    """

    slip: float
    deviation: float
    across: float
    x: float
    x_deviation: float
    apart: float
    apart_deviation: float
    faces: int
    size: float

    def __str__(self) -> str:
        """The numbers, and what they cannot tell."""
        text = (
            f"{self.faces} faces: labels lie {_interval(self.x, self.x_deviation)} px to the right "
            f"of where a symmetric detector sees them; the part that is the same for faces of all "
            f"sizes is {_interval(self.slip, self.deviation)} px"
        )
        if self.deviation > 0.12:
            text += (
                ", so half a pixel cannot be told from a habit of the annotators: that takes more "
                "faces, or faces of more different sizes"
            )
        return text


@dataclass(frozen=True)
class OriginCheck:
    """Finds labels that are off by one or half a pixel, by the bundled detector.

    The detector averages a crop and its mirror image, so it has no bias to the left or right; a
    labelling convention is symmetric too. What is left of the offset in x, after turned and tilted
    faces are allowed for, is a slip or a habit of the annotators. A slip is the same for faces of
    all sizes and in x and y; a habit, like a convention (which may differ in y), grows
    with the face. Both are fitted together, robustly; for photos, a habit of 2 % of the size is
    expected (measured: 1.2 % on HELEN, 2 % on AFW), for rendered faces of 0.1 %.

    Measured in `docs/audit-labels.md`.

    Attributes:
        faces: Least number of faces.
        least: Smallest slip that is reported, pixels.
        sure: Standard deviations by which it must differ from 0.
        habit: Expected size of a habit on photos, share of the root mean square size of a face.
        rendered_habit: The same on rendered faces.
        near: A face counts if its error is below this, a share of the inter-ocular distance.
    """

    faces: int = 30
    least: float = 0.25
    sure: float = 4.0
    habit: float = 0.02
    rendered_habit: float = 0.001
    near: float = 0.15

    name: str = "pixel origin"
    method: str = (
        "Labels minus predictions of the bundled detector, split into a part that is constant in "
        "pixels and parts that grow with the face."
    )

    def looked_at(self, material: Material) -> str:
        """See `Check`; with the precision that the faces allow."""
        parts = [
            f"{offset.faces} {role} faces, to within {_SIGMAS * offset.deviation:.2f} px"
            for role, _, offset in self._offsets(material)
        ]
        return " and ".join(parts)

    def __call__(self, material: Material) -> list[Finding]:
        """See `Check`."""
        offsets = self._offsets(material)
        found = (self._finding(role, predicted, material, one) for role, predicted, one in offsets)
        return [finding for finding in found if finding is not None]

    def _offsets(self, material: Material) -> list[tuple[str, Predicted, Offset]]:
        found = []
        for role, dataset in material.sets.items():
            predicted = material.predictions(role)
            if predicted is not None:
                offset = self.offset(predicted, rendered=dataset.rendered)
                found += [] if offset is None else [(role, predicted, offset)]
        return found

    def offset(self, predicted: Predicted, *, rendered: bool) -> Offset | None:
        """The offset of the labels; None if too few faces can be compared."""
        good = (predicted.errors < self.near) & predicted.visible.all(axis=1)
        if good.sum() < self.faces:
            return None
        points, labels = as_complex(predicted.points[good]), as_complex(predicted.labels[good])
        table = np.array(predicted.scheme.mirror)
        frames, odd, even = _covariates(points, table)
        shares = (labels - points) / frames.size[:, None]
        per_face = shares @ _weights(shares, table)
        habit = self.rendered_habit if rendered else self.habit
        return _fit(per_face, frames, odd, even, habit)

    def slip(self, predicted: Predicted, dataset: FaceDataset) -> float:
        """Pixels that labels are off by for a known reason; 0 if there is none."""
        offset = self.offset(predicted, rendered=dataset.rendered)
        named = offset is not None and self._slipped(offset) and _name(offset, dataset)
        return offset.slip if offset is not None and named else 0.0

    def _slipped(self, offset: Offset) -> bool:
        return abs(offset.slip) > max(self.least, self.sure * offset.deviation)

    def _finding(
        self, role: str, predicted: Predicted, material: Material, offset: Offset
    ) -> Finding | None:
        slipped = self._slipped(offset)
        # A habit takes more to be reported: it is no fault of a file.
        habitual = abs(offset.x) > max(2 * self.least, self.sure * offset.x_deviation)
        if not slipped and not habitual:
            return None
        fault = _name(offset, material.sets[role]) if slipped else None
        xy = (offset.x, 0.0) if fault is None else (offset.slip, offset.slip)
        shift = np.array(xy, np.float32)
        price = label_cost(role, predicted, predicted.labels - shift, predicted.labels)
        if fault is None:
            side = "right" if offset.x > 0 else "left"
            share = 100 * abs(offset.x) / offset.size
            return Finding(
                check=self.name,
                data=role,
                fault=f"labels too far to the {side}",
                text=f"{offset}. It is {share:.1f} % of the root mean square size of a face.",
                fix=(
                    "compare with the format's documentation (`first_pixel`); if it is a habit of "
                    "the annotators, train and test on labels of the same source, or adapt labels"
                ),
                price=price,
            )
        return Finding(
            check=self.name,
            data=role,
            fault=fault,
            text=f"{offset}.",
            fix=(
                f"raise the reader's option `first_pixel` by {round(2 * offset.slip) / 2:g}, or "
                "subtract as much from all coordinates"
            ),
            price=price,
        )


def _covariates(points: Complex, table: NDArray[np.intp]) -> tuple[Frames, Values, Values]:
    """Frames of predicted faces, and their first odd and even modes, (N, modes) each."""
    seen = np.ones(points.shape, bool)
    mean = mean_shape(points, seen)
    mean = (mean + reflected(mean)[table]) / 2
    frames = Frames.of(points, seen, mean)
    apart = frames.normalise(points) - mean
    turned = reflected(apart)[:, table]
    odd, even = ((apart + sign * turned) / 2 for sign in (-1, 1))
    return frames, _modes(odd), _modes(even - even.mean(axis=0))


def _modes(apart: Complex) -> Values:
    rows = np.concatenate([apart.real, apart.imag], axis=1)
    u, _, _ = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(u[:, :_MODES] * np.sqrt(len(rows)))


def _weights(shares: Complex, table: NDArray[np.intp]) -> Values:
    """(K,) weights of the landmarks, symmetric: the inverse of the variance of their offsets."""
    centred = shares - np.median(shares.real, axis=0) - 1j * np.median(shares.imag, axis=0)
    weights = 1 / (np.median(np.abs(centred), axis=0) ** 2 + 1e-12)
    weights = weights + weights[table]
    return np.asarray(weights / weights.sum())


def _fit(per_face: Complex, frames: Frames, odd: Values, even: Values, habit: float) -> Offset:
    """Split the offsets (N,), shares of the faces' sizes, into their parts."""
    count, size = len(per_face), frames.size
    none, one = np.zeros((count, 1)), np.ones((count, 1))
    pixel = (1 / size)[:, None]
    # Parameters: the slip in x; y minus x; what grows with the face in x; then turned and tilted
    # faces in x; what grows with the face in y; nodding and the mouth in y.
    of_x = np.hstack([pixel, none, one, np.sin(frames.roll)[:, None], odd])
    of_y = np.hstack([np.cos(frames.roll)[:, None], even])
    rows_x = np.hstack([of_x, np.zeros((count, of_y.shape[1]))])
    rows_y = np.hstack([pixel, pixel, np.zeros((count, of_x.shape[1] - 2)), of_y])
    prior = np.zeros(rows_x.shape[1])
    prior[2] = habit**-2
    both, both_covariance = _robust(rows_x, rows_y, per_face, prior)
    prior[1] = 1e12  # the same slip in x and y
    same, covariance = _robust(rows_x, rows_y, per_face, prior)
    middle = float(np.median(size))
    # The offset in x whatever its cause, at the median size: the parts are correlated.
    x_only = of_x[:, 2:]
    at_median, x_covariance = _robust(x_only, np.zeros_like(x_only), per_face)
    return Offset(
        slip=float(same[0]),
        deviation=float(np.sqrt(covariance[0, 0])),
        across=float(same[2]),
        x=float(at_median[0] * middle),
        x_deviation=float(np.sqrt(x_covariance[0, 0]) * middle),
        apart=float(both[1]),
        apart_deviation=float(np.sqrt(both_covariance[1, 1])),
        faces=count,
        size=middle,
    )


def _robust(
    rows_x: Values, rows_y: Values, goal: Complex, prior: Values | None = None
) -> tuple[Values, Values]:
    """Coefficients of a linear model of x and y, and their covariance.

    Iteratively reweighted least squares with Huber's weights; `prior` are the precisions of
    normal priors around 0.
    """
    precision = np.diag(np.zeros(rows_x.shape[1]) if prior is None else prior)
    weight = [np.ones(len(goal)), np.ones(len(goal))]
    spread = [1.0, 1.0]
    sides = [(rows_x, goal.real), (rows_y, goal.imag)]
    sides = [side for side in sides if side[0].any()]
    coefficients: Values = np.zeros(rows_x.shape[1])
    for _ in range(_ROUNDS):
        information, pull = precision.copy(), np.zeros(len(coefficients))
        for (rows, values), w, s in zip(sides, weight, spread, strict=False):
            information += (rows * w[:, None]).T @ rows / s**2
            pull += (rows * w[:, None]).T @ values / s**2
        coefficients = np.asarray(np.linalg.solve(information, pull), np.float64)
        for i, (rows, values) in enumerate(sides):
            left = np.abs(values - rows @ coefficients)
            spread[i] = float(1.4826 * np.median(left)) + 1e-9
            weight[i] = np.minimum(1.0, 1.5 * spread[i] / np.maximum(left, 1e-12))
    return coefficients, np.asarray(np.linalg.inv(information), np.float64)


def _name(offset: Offset, dataset: FaceDataset) -> str | None:
    """What the slip is, if only one explanation is within its interval."""
    near = [slip for slip in SLIPS if abs(offset.slip - slip) < 3 * offset.deviation + 0.05]
    # On photos, habits of annotators and of the detector make x and y differ less clearly.
    limit = 3 if dataset.rendered else 2
    disagree = abs(offset.apart) > limit * offset.apart_deviation
    if len(near) != 1 or disagree:
        return None
    if near[0] == -0.5 and (dataset.landmarks == np.round(dataset.landmarks)).all():
        return _TRUNCATED
    return SLIPS[near[0]]


def _interval(value: float, deviation: float) -> str:
    """With its 95 % interval."""
    low, high = value - _SIGMAS * deviation, value + _SIGMAS * deviation
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"
