"""Order: landmarks that are in another order, or of another scheme, than the dataset's scheme."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from landmarks.audit.finding import Finding, Price
from landmarks.audit.label_cost import label_cost
from landmarks.audit.material import Material, Predicted
from landmarks.audit.mirror import labels_of
from landmarks.audit.shapes import Complex, Frames, Seen, as_complex, mean_shape, median
from landmarks.data.dataset import FaceDataset
from landmarks.data.plausibility import left_over
from landmarks.scheme import LandmarkScheme

Order = NDArray[np.intp]


@dataclass(frozen=True)
class OrderCheck:
    """Finds permuted landmarks, and labels of another scheme.

    - All faces: the median places of labels and predictions in the face's frame are assigned to
      each other one to one. Labels are in another order if the assignment is another one, and
      brings the landmarks that it moves `ratio` times nearer. If it leaves a landmark further than
      `far` away, no order makes the labels those of the scheme: they are of another scheme.
    - Single faces, from the labels alone: a line of the scheme (the jaw, say) fits the mean shape
      `line_ratio` times better in another direction, or from its other end if it is closed.

    Measured in `docs/audit-labels.md`.

    Attributes:
        faces: Least number of faces.
        ratio: Of distances of the landmarks that another order moves.
        line_ratio: The same, for a line of a single face.
        far: Share of the root mean square size of a face.
    """

    faces: int = 20
    ratio: float = 1.5
    line_ratio: float = 2.0
    far: float = 0.25

    name: str = "order"
    method: str = (
        "Labels are assigned to the detector's landmarks one to one; each line of a face is "
        "compared with the mean shape in both directions."
    )

    def looked_at(self, material: Material) -> str:
        """See `Check`."""
        return material.counted()

    def __call__(self, material: Material) -> list[Finding]:
        """See `Check`."""
        found = []
        for role, dataset in material.sets.items():
            predicted = material.predictions(role)
            whole = None
            if predicted is not None and len(predicted.faces) >= self.faces:
                whole = self.of_all(role, predicted)
            found += [whole] if whole else self._of_lines(role, dataset, predicted)
        return found

    def of_all(self, role: str, predicted: Predicted) -> Finding | None:
        """The fault that all faces of a sample have, if there is one."""
        scheme, count = predicted.scheme, len(predicted.faces)
        labels, points = places(predicted)
        apart = np.abs(points[:, None] - labels[None])  # of landmark k and label j
        order = np.asarray(linear_sum_assignment(apart**2)[1])
        moved = np.flatnonzero(order != np.arange(len(order)))
        left = apart[np.arange(len(order)), order]
        if (left > self.far).any():
            return self._of_another_scheme(role, apart, scheme, count)
        if not len(moved) or apart.diagonal()[moved].sum() < self.ratio * left[moved].sum():
            return None
        if (order[moved] == np.array(scheme.mirror)[moved]).all() and len(moved) > len(order) / 2:
            fault = "left and right exchanged"
        else:
            fault = _said(order, scheme)
        return Finding(
            check=self.name,
            data=role,
            fault=fault,
            text=(
                f"On average over {count} faces, {_moves(order)}; {len(moved)} of {len(order)} "
                "landmarks are in another order than the scheme "
                f"{scheme.name!r} says."
            ),
            fix=f"landmarks=[{','.join(map(str, order.tolist()))}] (an option of the readers)",
            faces=tuple(predicted.faces[:8].tolist()),
            price=label_cost(role, predicted, predicted.labels[:, order], predicted.labels),
        )

    def _of_another_scheme(
        self, role: str, apart: NDArray[np.float64], scheme: LandmarkScheme, count: int
    ) -> Finding:
        """Labels that no order makes those of the scheme."""
        nearest = apart.argmin(axis=1)
        near = apart.min(axis=1) <= self.far
        right = int((apart.diagonal() <= self.far).sum())
        source = self._cut_off(apart, scheme)
        fault, fix = "another landmark scheme", "read the files in their own scheme"
        if source is not None:
            fault = f"the first {len(apart)} landmarks of {source}"
            own = ",".join(map(str, scheme.sources[source]))
            fix = f"landmarks=[{own}] (an option of the readers)"
        return Finding(
            check=self.name,
            data=role,
            fault=fault,
            text=(
                f"On average over {count} faces, only {right} of {len(apart)} landmarks are near "
                f"the places that the scheme {scheme.name!r} gives them; {_runs(nearest, near)}."
            ),
            fix=fix,
        )

    def _cut_off(self, apart: NDArray[np.float64], scheme: LandmarkScheme) -> str | None:
        """The larger scheme of which the labels are the first landmarks."""
        for name, indices in scheme.sources.items():
            known = np.array([(k, j) for k, j in enumerate(indices) if j < len(apart)])
            if len(known) and (apart[known[:, 0], known[:, 1]] <= self.far).mean() > 0.9:
                return name
        return None

    def _of_lines(
        self, role: str, dataset: FaceDataset, predicted: Predicted | None
    ) -> list[Finding]:
        points, seen = labels_of(dataset)
        if len(points) < self.faces:
            return []
        mean = mean_shape(points, seen)
        pairs = list(dataset.scheme.mirror)
        found = []
        for line, along in dataset.scheme.lines.items():
            own = [k for i, k in enumerate(along) if k not in along[:i]]
            rest = seen & ~np.isin(np.arange(len(mean)), own)
            plain = left_over(points, rest, mean, np.pi)
            # With all of left and right exchanged, it is the mirror check's fault.
            alone = plain < left_over(points[:, pairs], rest[:, pairs], mean, np.pi)
            for fault, order in _other_orders(own, closed=len(own) < len(along)).items():
                ratios = np.where(alone, _gain(points, seen, mean, own, order), 0.0)
                faces = np.flatnonzero(ratios > self.line_ratio)
                faces = faces[np.argsort(-ratios[faces])]
                if not len(faces):
                    continue
                found.append(
                    Finding(
                        check=self.name,
                        data=role,
                        fault=f"{line} {fault}",
                        text=(
                            f"In {len(faces):,} of {len(points):,} faces the landmarks {own[0]} to "
                            f"{own[-1]} fit the mean shape only in another order: {line} {fault}."
                        ),
                        fix="reorder these landmarks, or leave these faces out",
                        faces=tuple(faces.tolist()),
                        price=_price(role, predicted, faces, (own, order), len(points)),
                    )
                )
        return found


def _other_orders(line: Sequence[int], *, closed: bool) -> dict[str, list[int]]:
    """Orders in which a line may have been labelled, by the fault."""
    if not closed:
        return {"runs the other way": list(line[::-1])}
    half = len(line) // 2
    return {
        "runs the other way": [line[0], *line[:0:-1]],
        "starts at its other end": [*line[half:], *line[:half]],
    }


def _price(
    role: str,
    predicted: Predicted | None,
    faces: NDArray[np.intp],
    line: tuple[Sequence[int], Sequence[int]],
    count: int,
) -> Price | None:
    """What a line in another order, as indices in both orders, costs on some of `count` faces."""
    if predicted is None:
        return None
    turned = predicted.labels.copy()
    turned[:, list(line[0])] = predicted.labels[:, list(line[1])]
    wrong = np.isin(predicted.faces, faces)[:, None, None]
    undone, faulty = (np.where(wrong == first, turned, predicted.labels) for first in (True, False))
    return label_cost(role, predicted, undone, faulty, len(faces) / count)


def places(predicted: Predicted) -> tuple[Complex, Complex]:
    """Median places of labels and of predictions in the face's frame, (K,) each.

    The frame is that of the predictions, whose order is known.
    """
    points, labels = as_complex(predicted.points), as_complex(predicted.labels)
    everything = np.ones(points.shape, bool)
    frames = Frames.of(points, everything, mean_shape(points, everything))
    return (
        median(frames.normalise(labels), predicted.visible),
        median(frames.normalise(points), predicted.visible),
    )


def _gain(
    points: Complex, seen: Seen, mean: Complex, line: Sequence[int], order: Sequence[int]
) -> NDArray[np.float64]:
    """(N,) how many times nearer to the mean shape a line of each face is in another order.

    0 for faces that lack a landmark of the line.
    """
    rest = seen.copy()
    rest[:, list(line)] = False
    enough = (rest.sum(axis=1) > 2) & seen[:, list(line)].all(axis=1)
    shapes = Frames.of(points, rest, mean).normalise(points)
    plain = np.abs(shapes[:, list(line)] - mean[list(line)]).mean(axis=1)
    undone = np.abs(shapes[:, list(order)] - mean[list(line)]).mean(axis=1)
    return np.where(enough, plain / np.maximum(undone, 1e-9), 0.0)


def _said(order: Order, scheme: LandmarkScheme) -> str:
    """A short name for a permutation."""
    moved = np.flatnonzero(order != np.arange(len(order)))
    for line, along in scheme.lines.items():
        ends = sorted(set(along))
        turned = np.arange(len(order))
        turned[ends] = ends[::-1]
        if (order == turned).all():
            return f"{line} runs the other way"
    for region, own in scheme.regions.items():
        turned = np.arange(len(order))
        turned[list(own)] = np.array(scheme.mirror)[list(own)]
        if (order == turned).all():
            return f"left and right of {region} exchanged"
    if len(moved) == 2:
        return f"landmarks {moved[0]} and {moved[1]} exchanged"
    return "landmarks in another order"


def _moves(order: Order) -> str:
    moved = [k for k, j in enumerate(order) if k != j]
    shown = ", ".join(f"label {order[k]} is where landmark {k} should be" for k in moved[:3])
    return f"{shown}{' and so on' if len(moved) > 3 else ''}"


def _runs(nearest: Order, near: Seen) -> str:
    """Where the labels are, as ranges: "labels 2 to 35 are where landmarks 0 to 33 should be"."""
    runs: list[list[int]] = []  # first landmark, first label, length, step
    for k, j in enumerate(nearest.tolist()):
        if not near[k]:
            continue
        if runs:
            first, label, length, step = runs[-1]
            if first + length == k and length == 1 and j != label:
                runs[-1] = [first, label, 2, j - label]
                continue
            if first + length == k and j == label + length * step:
                runs[-1][2] += 1
                continue
        runs.append([k, j, 1, 0])
    longest = sorted(runs, key=lambda run: -run[2])[:3]
    return "; ".join(
        f"labels {j} to {j + (n - 1) * step}"
        f"{f' in steps of {step}' if abs(step) != 1 else ''} are where landmarks {k} to "
        f"{k + n - 1} should be"
        for k, j, n, step in longest
    )
