"""All metrics of a system's predictions for labelled faces, and the difference of two systems."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.analysis.scoring.checks import Offset, Scored, constant_offset, warnings_about
from landmarks.analysis.scoring.matching import Matched
from landmarks.data.dataset import Face, FaceDataset
from landmarks.errors import InputError
from landmarks.experiment.results import write_json
from landmarks.inference.curves import draw_cumulative_errors
from landmarks.inference.predictions import write_cumulative_error
from landmarks.metrics import (
    THRESHOLDS,
    Estimate,
    area,
    bootstrap,
    fails,
    nme,
    point_errors,
)
from landmarks.scheme.units import all_normalisers

REPORT = "score.json"


@dataclass(frozen=True, eq=False, kw_only=True)
class Score:
    """A system's predictions, matched with the labels.

    Attributes:
        name: Of the system.
        truth: The labelled faces.
        matched: Its predictions.
        claimed: Its published NME, a fraction, if known.
    """

    name: str
    truth: FaceDataset
    matched: Matched
    claimed: float | None = None

    @cached_property
    def scored(self) -> Scored:
        """The faces with a prediction."""
        found, faces = self.matched.found, self.truth.faces
        return Scored(
            predicted=self.matched.points[found],
            target=self.truth.landmarks[found],
            visible=self.truth.seen[found],
            groups=self.groups[found],
            widths=np.array([_width(faces[i]) for i in np.flatnonzero(found)]),
            scheme=self.truth.scheme,
        )

    @cached_property
    def warnings(self) -> list[str]:
        """What seems to be wrong with the predictions."""
        return warnings_about(self.scored, self.claimed)

    @cached_property
    def offset(self) -> Offset | None:
        """The displacement that is the same for faces of every size."""
        return constant_offset(self.scored)

    @property
    def normaliser(self) -> str:
        """The length by which the scheme's errors are divided."""
        return self.truth.scheme.normaliser

    @property
    def missing(self) -> list[str]:
        """Ids of the labelled faces without prediction."""
        return [self.truth.faces[i].id for i in np.flatnonzero(~self.matched.found)]

    @cached_property
    def groups(self) -> NDArray[np.str_]:
        """(N,) photo of each labelled face."""
        return np.array([face.group for face in self.truth.faces])

    @cached_property
    def subsets(self) -> Mapping[str, NDArray[np.bool_]]:
        """Which faces belong to the whole and, if there are several, to each subset."""
        own = np.array([face.subset for face in self.truth.faces])
        names = sorted(set(own.tolist()))
        parts = {name: own == name for name in names} if len(names) > 1 else {}
        return {"all": np.ones(len(own), bool), **parts}

    def errors(
        self, normaliser: str, landmarks: Sequence[int] | None = None
    ) -> NDArray[np.float64]:
        """(N,) NME of each labelled face; infinite without prediction, NaN if it does not count."""
        scheme, truth = self.truth.scheme, self.truth.landmarks
        found = self.matched.found
        predicted = np.where(found[:, None, None], self.matched.points, truth).astype(np.float32)
        points = point_errors(predicted, truth, self.truth.seen)
        length = all_normalisers(scheme)[normaliser](truth, self.truth.seen, scheme)
        own = nme(points, length, tuple(landmarks or range(scheme.num_landmarks)))
        return np.where(found, own, np.inf)

    def table(self, chosen: NDArray[np.bool_]) -> dict[str, Estimate]:
        """Metrics of some faces, fractions.

        A mean error is of the faces with a prediction. The failure rate and the area under the
        curve are of all faces, and a missing prediction is a failure.
        """
        rows: dict[str, Estimate] = {}
        for name in all_normalisers(self.truth.scheme):
            self._add(rows, f"NME {name}", self.errors(name), chosen & self.matched.found)
        for region, landmarks in self.truth.scheme.regions.items():
            errors = self.errors(self.normaliser, landmarks)
            self._add(rows, f"NME {region}", errors, chosen & self.matched.found)
        errors = self.errors(self.normaliser)
        for what, statistic in (("FR", fails), ("AUC", area)):
            for percent in THRESHOLDS:
                counted = partial(statistic, threshold=percent / 100)
                self._add(rows, f"{what}@{percent}", errors, chosen, counted)
        return rows

    def _add(
        self,
        rows: dict[str, Estimate],
        name: str,
        errors: NDArray[np.float64],
        chosen: NDArray[np.bool_],
        statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.asarray,
    ) -> None:
        known = chosen & ~np.isnan(errors)
        if known.any():
            rows[name] = bootstrap(errors[known], self.groups[known], statistic)

    @cached_property
    def tables(self) -> dict[str, dict[str, Estimate]]:
        """`table` of the whole and of each subset."""
        return {name: self.table(chosen) for name, chosen in self.subsets.items()}

    def write(self, out: Path) -> None:
        """Write `score.json`, `faces.csv`, `ced.csv` and `ced.png` to a folder."""
        errors = self.errors(self.normaliser)
        write_json(
            out / REPORT,
            {
                "system": self.name,
                "truth": asdict(self.truth.describe()),
                "faces": len(errors),
                "missing": self.missing,
                "surplus": list(self.matched.surplus),
                "warnings": self.warnings,
                "offset": None if self.offset is None else str(self.offset),
                "metrics": {
                    part: {name: asdict(value) for name, value in rows.items()}
                    for part, rows in self.tables.items()
                },
            },
        )
        with (out / "faces.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["face", "subset", "nme"])
            for face, error in zip(self.truth.faces, errors, strict=True):
                table.writerow([face.id, face.subset, f"{error:.6f}"])
        write_cumulative_error(out / "ced.csv", errors)


def difference(one: Score, other: Score) -> tuple[Estimate, int]:
    """How much larger the error of `one` is than that of `other`, over the faces that both have.

    Returns:
        The mean difference of the NME, a fraction, with a paired bootstrap over
        photos; and the number of faces.

    Raises:
        InputError: They have no face in common.
    """
    both = one.matched.found & other.matched.found
    gap = one.errors(one.normaliser)[both] - other.errors(other.normaliser)[both]
    known = ~np.isnan(gap)
    if not known.any():
        raise InputError(f"{one.name} and {other.name} predict no face in common")
    return bootstrap(gap[known], one.groups[both][known], np.asarray), int(known.sum())


def draw(scores: Sequence[Score], path: Path) -> None:
    """Draw the cumulative error curve of each system."""
    errors = {score.name: score.errors(score.normaliser) for score in scores}
    draw_cumulative_errors(errors, scores[0].truth.scheme, path)


def _width(face: Face) -> float:
    try:
        return float(face.image.shape()[1])
    except InputError:  # the image is not there, which scoring does not need
        return float("nan")
