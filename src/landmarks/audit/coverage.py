"""Coverage: real faces without a synthetic face like them, and a recipe that renders such faces."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from landmarks.audit.finding import Finding
from landmarks.audit.material import Material
from landmarks.audit.pose import has_pose, openings, pose_of
from landmarks.data.dataset import FaceDataset
from landmarks.inference.face import tight_box

Values = NDArray[np.float64]

TRAITS = ("yaw", "pitch", "roll", "mouth", "eyes")
RECIPE = "recipe/fill.yaml"  # in the folder of the report

_COMPARED = 2000  # synthetic faces that are compared with the other synthetic ones
_SURE = 4.0  # standard errors by which two shares must differ


@dataclass(frozen=True, kw_only=True)
class CoverageCheck:
    """Finds real faces that no synthetic face resembles.

    Yaw, pitch and roll are estimated from the labels (errors on rendered faces: 1.2, 2.9 and 1.1
    degrees in the median), like the openings of mouth and eyes. A real face is covered if one
    synthetic face is within the tolerance in all five at once. The share without one is compared
    with that of the synthetic faces among themselves: the difference is a finding if it is `least`
    or more. Brightness, of the sample, is compared alone: with the range of 98 % of the synthetic
    faces.

    Measured in `docs/audit-labels.md`.

    Attributes:
        angles: Tolerance of yaw, pitch and roll, degrees.
        mouth: Tolerance of its opening, inter-ocular distances.
        eyes: The same.
        brightness: Tolerance of the mean grey value of a face, from 0 to 1.
        least: Share of the real faces.
        faces: Least number of faces of each dataset.
    """

    angles: tuple[float, float, float] = (10.0, 8.0, 10.0)
    mouth: float = 0.08
    eyes: float = 0.05
    brightness: float = 0.05
    least: float = 0.05
    faces: int = 50

    name: str = "coverage"
    method: str = (
        "Pose, mouth, eyes and brightness of the real faces are compared with the nearest "
        "synthetic face's."
    )

    def looked_at(self, material: Material) -> str:
        """See `Check`."""
        role = self._role(material)
        return "" if role is None else material.counted([role, "synthetic"])

    def __call__(self, material: Material) -> list[Finding]:
        """See `Check`."""
        role = self._role(material)
        if role is None:
            return []
        return [*self._poses(material, role), *self._brightness(material, role)]

    def _role(self, material: Material) -> str | None:
        """The real faces: "real", else "test"; None if there is nothing to compare."""
        role = "real" if "real" in material.sets else "test"
        enough = [
            has_pose(material.sets[name].scheme) and len(material.sets[name]) >= self.faces
            for name in (role, "synthetic")
            if name in material.sets
        ]
        return role if enough == [True, True] else None

    def _poses(self, material: Material, role: str) -> list[Finding]:
        real, synthetic = (traits(material.sets[name]) for name in (role, "synthetic"))
        lonely = self.alone(real, synthetic)
        usual = self.usual(synthetic)
        share = float(lonely.mean())
        error = np.sqrt((share * (1 - share) + usual * (1 - usual)) / len(real))
        if share - usual < max(self.least, _SURE * error):
            return []
        faces = np.flatnonzero(lonely)
        beyond = np.abs(real[faces] - np.median(synthetic, axis=0)) / self._tolerances
        faces = faces[np.argsort(-beyond.max(axis=1))]
        return [
            Finding(
                check=self.name,
                data=f"{role} and synthetic",
                fault="poses or expressions without synthetic faces",
                text=(
                    f"{100 * share:.1f} % of the {role} faces have no synthetic face like them; "
                    f"of the synthetic faces themselves {100 * usual:.1f} %. "
                    f"{_ranges(real, synthetic)}"
                ),
                fix=(
                    f"render such faces with the recipe beside this report: landmarks synthesize "
                    f"--config-dir OUT recipe=fill n={_missing(share, len(synthetic))} out=FOLDER, "
                    "where OUT is the report's folder"
                ),
                faces=tuple(faces.tolist()),
                files=((RECIPE, recipe_for(real[lonely])),),
            )
        ]

    def _brightness(self, material: Material, role: str) -> list[Finding]:
        (faces, real), (_, synthetic) = (
            grey_values(material, name) for name in (role, "synthetic")
        )
        if min(len(real), len(synthetic)) < self.faces:
            return []
        low, high = np.quantile(synthetic, [0.01, 0.99])
        outside = (real < low - self.brightness) | (real > high + self.brightness)
        if outside.mean() < self.least:
            return []
        far = np.maximum(low - real, real - high)
        worst = np.argsort(-far)[: outside.sum()]
        return [
            Finding(
                check=self.name,
                data=f"{role} and synthetic",
                fault="brightness without synthetic faces",
                text=(
                    f"{100 * outside.mean():.1f} % of the {role} faces compared are darker or "
                    f"brighter than the synthetic ones, whose mean grey values are from {low:.2f} "
                    f"to {high:.2f}; those of the {role} faces are from "
                    f"{np.quantile(real, 0.01):.2f} to {np.quantile(real, 0.99):.2f}."
                ),
                fix="render with a wider recipe.photo.exposure_stops, recipe.light.key and ambient",
                faces=tuple(faces[worst].tolist()),
            )
        ]

    @property
    def _tolerances(self) -> Values:
        return np.array([*self.angles, self.mouth, self.eyes])

    def alone(self, real: Values, synthetic: Values) -> NDArray[np.bool_]:
        """(N,) real faces without a synthetic one within the tolerances, from (n, 5) traits."""
        tree = KDTree(synthetic / self._tolerances)
        apart, _ = tree.query(real / self._tolerances, p=np.inf)
        return np.asarray(apart > 1)

    def usual(self, synthetic: Values) -> float:
        """The share of synthetic faces without another one within the tolerances."""
        tree = KDTree(synthetic / self._tolerances)
        some = synthetic[:: -(-len(synthetic) // _COMPARED)]
        apart = np.asarray(tree.query(some / self._tolerances, k=2, p=np.inf)[0])
        return float((apart[:, 1] > 1).mean())


def traits(dataset: FaceDataset) -> Values:
    """(N, 5) yaw, pitch, roll in degrees, opening of mouth and eyes in inter-ocular distances."""
    angles, scale = pose_of(dataset.landmarks)
    mouth, eyes = openings(dataset.landmarks, scale)
    return np.column_stack([angles, mouth, eyes])


def grey_values(material: Material, role: str) -> tuple[NDArray[np.intp], Values]:
    """Faces of the sample, and the mean grey value in the box of each, from 0 to 1."""
    faces, values = [], []
    for i, image in material.images(role, material.drawn(role)):
        box = tight_box(material.sets[role].faces[i].labelled)
        x0, y0, x1, y1 = (max(round(side), 0) for side in box)
        part = image[y0 : y1 + 1, x0 : x1 + 1]
        if part.size:
            faces.append(i)
            values.append(part.mean() / 255)
    return np.array(faces, np.intp), np.array(values)


def recipe_for(faces: Values) -> str:
    """A recipe in YAML whose poses and expressions are spread as those of given faces.

    Args:
        faces: (n, 5) traits of faces without a synthetic one.
    """
    yaw, pitch, roll, mouth, eyes = faces.T
    turned = np.abs(yaw) > 25
    wide = float(np.clip(turned.mean(), 0.0, 0.9))
    wide_yaw = float(np.clip(np.quantile(np.abs(yaw), 0.98) + 10, 30, 90))
    frontal = _spread(yaw[~turned]) if (~turned).any() else 18.0
    open_mouths, closed_eyes = float((mouth > 0.12).mean()), float((eyes < 0.05).mean())
    lids = 0.5 if closed_eyes > 0.1 or (eyes > 0.12).mean() > 0.1 else 0.25
    return f"""\
# Faces as those of the audited real faces that had no synthetic face like them.
#   landmarks synthesize --config-dir FOLDER_OF_THE_REPORT recipe=fill n=2000 out=...
defaults: [synthetic, _self_]
name: fill
view:
  yaw: {_within(frontal, 8, 45)}
  pitch: {_within(_spread(pitch), 9, 45)}
  roll: {_within(_spread(roll), 8, 45)}
  wide_yaw: {wide_yaw:.0f}
  wide: {wide:.2f}
expression:
  strength: {1.0 + 0.3 * open_mouths:.2f}
  mouth_open: {max(0.25, min(0.9, open_mouths)):.2f}
  lids: {lids}
"""


def _spread(values: Values) -> float:
    """Root mean square: the recipe's angles are spread around 0."""
    return float(np.sqrt(np.mean(values**2)))


def _within(value: float, least: float, most: float) -> float:
    return round(min(max(value, least), most), 1)


def _missing(share: float, synthetic: int) -> int:
    """Faces to render, so that they are as dense as the others."""
    return int(max(200, np.ceil(synthetic * share / max(1 - share, 0.1) / 100) * 100))


def _ranges(real: Values, synthetic: Values) -> str:
    """5th to 95th percentile of each trait, of both."""
    one, other = (np.quantile(values, [0.05, 0.95], axis=0) for values in (real, synthetic))
    parts = []
    for k, name in enumerate(TRAITS):
        digits = 0 if name in TRAITS[:3] else 2
        (a, b), (c, d) = ([f"{v:.{digits}f}" for v in q[:, k]] for q in (one, other))
        parts.append(f"{name} {a} to {b} against {c} to {d}")
    return f"The middle 90 %, angles in degrees: {', '.join(parts)}."
