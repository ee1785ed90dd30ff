"""Check: face boxes of several sources or scales, and faces cut off by the edge of the image."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from landmarks.audit.face_cost import face_cost
from landmarks.audit.finding import Finding
from landmarks.audit.material import ROLES, Material
from landmarks.data.dataset import FaceDataset


@dataclass(frozen=True, kw_only=True)
class BoxCheck:
    """Compare the given boxes with the landmarks' boxes, and the landmarks with the image.

    A box is described by three numbers: the logarithm of its longer side over that of the
    landmarks' box, and the offset of its centre, in sides of the landmarks' box. A model that is
    trained on crops around boxes of one kind (`crop=given_box`) fails on those of another.

    - *Between datasets*: the medians differ by more than a factor `scale` or an `offset`.
    - *Within a dataset*: the boxes fall in two groups (k-means), each of a `share` of the faces at
      least, whose distance is `separation` times their spread along it and as large as between
      datasets. Without groups, halves of a normal distribution have 2.7, of a uniform one 3.5.
    - *Cut off*: at least a tenth of the landmarks is outside of the image, for a share of the
      faces.

    Measured (`docs/audit.md`): nothing on 100 faces of Datagen with boxes, on AFW, HELEN and
    renders; halves of one set of boxes, enlarged by 20 % or moved by 10 %, are found.

    Attributes:
        scale: Factor.
        offset: Sides of the landmarks' box.
        separation: Distance of the means over the root mean square of the deviations.
        share: Of the faces of the smaller group.
        outside: Share of a face's landmarks.
        cut: Share of a dataset's faces that are cut off.
        least: Boxes from which a dataset is compared.
    """

    name: str = "boxes"
    method: str = (
        "Scale and offset of given boxes against the landmarks' boxes are compared between and "
        "within datasets; landmarks outside of their image are counted."
    )
    scale: float = 1.15
    offset: float = 0.08
    separation: float = 4.5
    share: float = 0.05
    outside: float = 0.1
    cut: float = 0.02
    least: int = 20

    def looked_at(self, material: Material) -> str:
        """All faces, and how many have boxes."""
        given = sum(face.box is not None for one in material.sets.values() for face in one.faces)
        counted = material.counted()
        return f"{counted}, {given:,} with a box" if counted else ""

    def __call__(self, material: Material) -> list[Finding]:
        """Findings about single datasets, then about two of them."""
        given = [role for role in ROLES if role in material.sets]
        found = [finding for role in given for finding in self._within(material, role)]
        for first, second in combinations(given, 2):
            found += self._between(material.sets[first], material.sets[second], first, second)
        return found

    def _within(self, material: Material, role: str) -> Iterator[Finding]:
        cut_off = _outside(material, role)
        faces = np.flatnonzero(cut_off >= self.outside)
        if len(faces) >= max(1, self.cut * len(cut_off)):
            yield Finding(
                check=self.name,
                data=role,
                fault="faces cut off",
                text=(
                    f"{len(faces):,} of {len(cut_off):,} faces have {100 * self.outside:g} % or "
                    "more of their landmarks outside of the image."
                ),
                fix="give the photos uncropped, or leave these faces out",
                faces=tuple(faces[np.argsort(-cut_off[faces], kind="stable")].tolist()),
                price=face_cost(material, role, faces),
            )
        positions, boxes = described(material.sets[role])
        smaller = self._second_group(boxes) if len(boxes) >= self.least else None
        if smaller is not None:
            a, b = np.median(boxes[~smaller], axis=0), np.median(boxes[smaller], axis=0)
            yield Finding(
                check=self.name,
                data=role,
                fault="boxes of two sources",
                text=(
                    f"{smaller.sum():,} of {len(boxes):,} boxes are of another kind: "
                    f"{_kind(b)}; the others: {_kind(a)}."
                ),
                fix=(
                    "give all faces boxes of one source, or use crop=landmarks; audit.json names "
                    "the faces of the smaller group"
                ),
                faces=tuple(positions[smaller].tolist()),
            )

    def _second_group(self, boxes: NDArray[np.float64]) -> NDArray[np.bool_] | None:
        """(n,) the smaller of two groups of boxes; None if there is one group."""
        if (np.ptp(boxes, axis=0) < 1e-6).all():
            return None
        centres, group = kmeans2(boxes, 2, minit="++", rng=np.random.default_rng(0))
        smaller = group == np.argmin(np.bincount(group, minlength=2))
        if smaller.mean() < self.share or not self._differ(centres[0], centres[1]):
            return None
        along = boxes @ (centres[1] - centres[0])
        spread = np.sqrt((along[smaller].var() + along[~smaller].var()) / 2)
        distance = abs(along[smaller].mean() - along[~smaller].mean())
        return smaller if distance >= self.separation * spread else None

    def _between(
        self, one: FaceDataset, other: FaceDataset, first: str, second: str
    ) -> Iterator[Finding]:
        boxes = [described(dataset)[1] for dataset in (one, other)]
        if min(map(len, boxes)) < self.least:
            return
        a, b = (np.median(part, axis=0) for part in boxes)
        if self._differ(a, b):
            yield Finding(
                check=self.name,
                data=f"{first} and {second}",
                fault="boxes of another kind",
                text=f"Medians of the boxes: {first} {_kind(a)}; {second} {_kind(b)}.",
                fix="give both datasets boxes of one source, or use crop=landmarks",
            )

    def _differ(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
        apart = np.abs(a - b)
        return bool(apart[0] > np.log(self.scale) or np.hypot(*apart[1:]) > self.offset)


def described(dataset: FaceDataset) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Positions of the faces with a box that has an area, and what `BoxCheck` compares, (n, 3)."""
    rows = [
        (i, *_numbers(face.box, face.labelled))
        for i, face in enumerate(dataset.faces)
        if face.box is not None and len(face.labelled) > 1 and _has_area(face.box)
    ]
    table = np.array(rows, np.float64).reshape(-1, 4)
    return table[:, 0].astype(np.intp), table[:, 1:]


def _has_area(box: tuple[float, float, float, float]) -> bool:
    return box[0] < box[2] and box[1] < box[3]


def _numbers(
    box: tuple[float, float, float, float], labelled: NDArray[np.float32]
) -> tuple[float, float, float]:
    (x0, y0), (x1, y1) = labelled.min(axis=0).tolist(), labelled.max(axis=0).tolist()
    side = max(x1 - x0, y1 - y0, 1e-3)
    ratio = max(box[2] - box[0], box[3] - box[1]) / side
    dx, dy = (box[0] + box[2] - x0 - x1) / 2, (box[1] + box[3] - y0 - y1) / 2
    return float(np.log(ratio)), dx / side, dy / side


def _outside(material: Material, role: str) -> NDArray[np.float64]:
    """(N,) share of the labelled landmarks outside of the image; 0 if it cannot be read."""
    looks = material.looks(role)
    shares = np.zeros(len(looks.seen))
    for i in np.flatnonzero(looks.seen).tolist():
        labelled = material.sets[role].faces[i].labelled
        limit = looks.shapes[i, ::-1] - 0.5
        shares[i] = ((labelled < -0.5) | (labelled > limit)).any(axis=1).mean()
    return shares


def _kind(numbers: NDArray[np.float64]) -> str:
    """For people."""
    log_ratio, dx, dy = numbers.tolist()
    return (
        f"{np.exp(log_ratio):.2f} times the landmarks' box, moved by {100 * dx:+.0f} % to the "
        f"right and {100 * dy:+.0f} % down"
    )
