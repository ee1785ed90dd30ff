"""Label gap: how far the real labels are from the synthetic convention."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.finding import Finding, Price
from landmarks.audit.material import Material, Predicted
from landmarks.audit.order import OrderCheck
from landmarks.audit.origin import OriginCheck
from landmarks.audit.prices import mean_difference
from landmarks.audit.residuals import FOLDS, folds_of, regions_of, residuals
from landmarks.audit.shapes import Complex, Frames, as_complex, mean_shape, median
from landmarks.data.dataset import FaceDataset
from landmarks.scheme import LandmarkScheme

Values = NDArray[np.float64]

_DRAWS = 100  # bootstrap draws of an interval


@dataclass(frozen=True, eq=False)
class Gap:
    """What lies between predictions of a synthetic-trained model and real labels.

    Errors are inter-ocular NMEs, fractions, and cross-fitted: an offset is never taken from labels
    of the photo that it is applied to.

    Attributes:
        offsets: By region, root mean square over its landmarks of their mean offset in the face's
            frame, inter-ocular distances: value, and the ends of its 95 % interval.
        before: Error of the predictions.
        moved: Error after a constant offset of each landmark in the face's frame.
        adapted: Error after a ridge adapter.
        price: Error that the constant offset explains.
    """

    offsets: dict[str, tuple[float, float, float]]
    before: float
    moved: float
    adapted: float
    price: Price

    def __str__(self) -> str:
        """The numbers in one sentence each."""
        regions = ", ".join(
            f"{name} {100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
            for name, (value, low, high) in self.offsets.items()
        )
        return (
            f"Mean offsets of the labels from the predictions, % of the inter-ocular distance: "
            f"{regions}. Of the error of {100 * self.before:.2f} %, a constant offset of each "
            f"landmark explains {100 * self.price.nme:.2f} [{100 * self.price.low:.2f}, "
            f"{100 * self.price.high:.2f}]; an adapter leaves {100 * self.adapted:.2f} %."
        )


@dataclass(frozen=True)
class GapCheck:
    """Measures the label gap of the real faces, or of the test faces if there are no real ones.

    The predictions are those of the bundled detector, which was trained on the contour labels of
    this package's renders. If there are synthetic faces, their mean offsets are taken off first, so
    that the gap is between the two datasets. A slip of the pixel origin is taken off too, and
    labels in another order have no gap yet. It is a finding if the constant part costs `least` NME
    or more with 95 % confidence.

    Measured in `docs/audit-labels.md`.

    Attributes:
        faces: Least number of faces.
        least: NME, a fraction.
    """

    faces: int = 40
    least: float = 0.002

    name: str = "label gap"
    method: str = (
        "Mean offset of labels from the predictions of a detector that was trained on renders "
        "alone, by landmark, in the face's frame."
    )

    def looked_at(self, material: Material) -> str:
        """See `Check`."""
        predicted = self._sample(material, _role(material))
        return "" if predicted is None else f"{len(predicted.faces):,} {_role(material)} faces"

    def __call__(self, material: Material) -> list[Finding]:
        """See `Check`."""
        role = _role(material)
        predicted = self._sample(material, role)
        if predicted is None or OrderCheck().of_all(role, predicted) is not None:
            return []
        slip = OriginCheck().slip(predicted, material.sets[role])
        predicted = replace(predicted, labels=predicted.labels - np.float32(slip))
        gap = measure_gap(predicted, material.sets[role], self._sample(material, "synthetic"))
        if gap.price.low < self.least:
            return []
        return [
            Finding(
                check=self.name,
                data=role,
                fault="another convention than the renders",
                text=str(gap),
                fix=(
                    "spend some labels on it: strategy=finetune, or label_adaptation; a model that "
                    "is trained on the renders alone pays it"
                ),
                price=gap.price,
            )
        ]

    def _sample(self, material: Material, role: str) -> Predicted | None:
        predicted = material.predictions(role) if role in material.sets else None
        return predicted if predicted and len(predicted.faces) >= self.faces else None


def measure_gap(
    predicted: Predicted, dataset: FaceDataset, synthetic: Predicted | None = None
) -> Gap:
    """The gap between predictions and labels of a sample.

    Args:
        predicted: The sample.
        dataset: What it is from.
        synthetic: A sample of the synthetic faces, whose own mean offsets are taken off.
    """
    turned, unturn = _turned(predicted)
    if synthetic is not None:
        own = median(_turned(synthetic)[0], synthetic.visible)
        turned = turned - own
        points = as_complex(predicted.points) + own * unturn
        predicted = replace(predicted, points=_real(points))
    groups = [dataset.faces[i].group for i in predicted.faces]
    left = residuals(predicted, dataset)
    moved = as_complex(predicted.points)
    folds = folds_of(groups)
    for fold in range(FOLDS):
        here, rest = folds == fold, folds != fold
        if here.any():
            moved[here] += median(turned[rest], predicted.visible[rest])[None] * unturn[here]
    after = replace(predicted, points=_real(moved)).errors
    adapted = replace(predicted, points=left.adapted).errors
    return Gap(
        offsets=_offsets(turned, predicted.visible, predicted.scheme),
        before=float(np.nanmean(predicted.errors)),
        moved=float(np.nanmean(after)),
        adapted=float(np.nanmean(adapted)),
        price=mean_difference(
            predicted.errors, after, np.array(groups), how="constant offsets of other photos"
        ),
    )


def _role(material: Material) -> str:
    return "real" if "real" in material.sets else "test"


def _turned(predicted: Predicted) -> tuple[Complex, Complex]:
    """Labels minus predictions, (n, K), upright and inter-ocular; and (n, 1) one unit in pixels."""
    labels, points = as_complex(predicted.labels), as_complex(predicted.points)
    everything = np.ones(points.shape, bool)
    frames = Frames.of(points, everything, mean_shape(points, everything))
    unit = np.exp(1j * frames.roll)[:, None] * predicted.unit[:, None]
    return np.asarray((labels - points) / unit), np.asarray(unit)


def _real(points: Complex) -> NDArray[np.float32]:
    return np.stack([points.real, points.imag], axis=-1).astype(np.float32)


def _offsets(
    turned: Complex, seen: NDArray[np.bool_], scheme: LandmarkScheme
) -> dict[str, tuple[float, float, float]]:
    """By region, the root mean square offset with its 95 % bootstrap interval over faces."""
    rng = np.random.default_rng(0)
    drawn = [rng.integers(len(turned), size=len(turned)) for _ in range(_DRAWS)]
    medians = np.stack([median(turned, seen), *(median(turned[i], seen[i]) for i in drawn)])
    found = {}
    for name, indices in regions_of(scheme).items():
        size = np.sqrt(np.mean(np.abs(medians[:, list(indices)]) ** 2, axis=1))
        low, high = np.quantile(size[1:], [0.025, 0.975])
        found[name] = (float(size[0]), float(min(low, size[0])), float(max(high, size[0])))
    return found
