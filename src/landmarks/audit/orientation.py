"""Check: images that are turned against their labels."""

from collections import Counter
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.finding import Finding, Price
from landmarks.audit.material import Material, Predicted
from landmarks.audit.prices import mean_difference
from landmarks.data.decoding import read_header, turned
from landmarks.data.files import IMAGE_BYTES, open_file
from landmarks.data.images import ImageFile, ImageSource
from landmarks.errors import InputError

# EXIF orientations, without the mirror image (2), which the check of the mirror looks for.
TURNS = {
    3: "upside down",
    4: "upside down and mirrored",
    5: "turned by 90 degrees and mirrored",
    6: "turned by 90 degrees",
    7: "turned by 90 degrees and mirrored",
    8: "turned by 90 degrees",
}


@dataclass(frozen=True, kw_only=True)
class OrientationCheck:
    """Turn the images whose labels the bundled detector contradicts, and look again.

    Labels drawn on an image as it is shown, by a program that reads it as it is stored, or the
    other way round, are turned by 90 or 180 degrees. Images whose prediction is `far` from the
    labels are turned in all ways, and so are images with an EXIF orientation outside the sample. It
    is a finding if one way brings the prediction `near` the labels and divides the distance by
    `ratio`.

    Measured on AFW and HELEN (`docs/audit.md`): found in nearly all photos that were turned, and in
    none that were not.

    Attributes:
        far: NME from which an image is turned.
        near: Largest NME after turning.
        ratio: Of the NME without and with the turn.
        most: Images with an EXIF orientation that are looked at outside the sample.
    """

    name: str = "orientation"
    method: str = (
        "The bundled detector predicts a sample in the labels' boxes; images that disagree, or "
        "have an EXIF orientation, are turned in all ways to see whether one agrees."
    )
    far: float = 0.2
    near: float = 0.12
    ratio: float = 3.0
    most: int = 100

    def looked_at(self, material: Material) -> str:
        """The sample."""
        return material.counted(most=material.sample)

    def __call__(self, material: Material) -> list[Finding]:
        """At most one finding for each dataset."""
        return [finding for role in material.sets if (finding := self._of(material, role))]

    def _of(self, material: Material, role: str) -> Finding | None:
        predicted = material.predictions(role)
        if predicted is None:
            return None
        faces = material.sets[role].faces
        far = predicted.faces[predicted.errors > self.far]
        tagged = [i for i, face in enumerate(faces) if tag(face.image) != 1]
        sampled = set(predicted.faces.tolist())
        more = [i for i in tagged if i not in sampled][: self.most]
        errors = dict(zip(predicted.faces.tolist(), predicted.errors.tolist(), strict=True))
        plain = {**errors, **material.errors_of(role, more, lambda image: image)}
        suspects = np.array([i for i in (*far.tolist(), *more) if plain.get(i, 0) > self.far])
        found = self._turned(material, role, suspects, plain)
        if not found:
            return None
        ways = Counter(TURNS[turn] for turn, _ in found.values())
        return Finding(
            check=self.name,
            data=role,
            fault="images turned against their labels",
            text=(
                f"{len(found):,} of {len(sampled) + len(more):,} images checked agree with their "
                f"labels only after turning ({', '.join(f'{n:,} {w}' for w, n in ways.items())})."
            ),
            fix=_fix(role, [tag(faces[i].image) for i in found]),
            faces=tuple(found),
            price=_cost(predicted, role, {i: error for i, (_, error) in found.items()}),
        )

    def _turned(
        self, material: Material, role: str, suspects: NDArray[np.intp], plain: dict[int, float]
    ) -> dict[int, tuple[int, float]]:
        """The turn, one of `TURNS`, that makes the labels of a face agree, and its NME then."""
        best = {int(i): (np.inf, 0) for i in suspects}
        for turn in TURNS:
            errors = material.errors_of(role, suspects, partial(turned, orientation=turn))
            for i, error in errors.items():
                best[i] = min(best[i], (error, turn))
        return {
            i: (turn, error)
            for i, (error, turn) in best.items()
            if error < self.near and error * self.ratio < plain[i]
        }


def tag(image: ImageSource) -> int:
    """The EXIF orientation of an image file; 1, upright, for others and what cannot be opened."""
    if not isinstance(image, ImageFile):
        return 1
    try:
        with open_file(image.path, IMAGE_BYTES) as file:
            return read_header(file, str(image.path)).orientation
    except InputError:
        return 1


def _cost(predicted: Predicted, role: str, undone: dict[int, float]) -> Price | None:
    """What the turned images of a test set cost; how a training fares with them is unknown."""
    if role != "test":
        return None
    right = [
        undone.get(i, e)
        for i, e in zip(predicted.faces.tolist(), predicted.errors.tolist(), strict=True)
    ]
    return mean_difference(predicted.errors, np.array(right), how="images as they are, and turned")


def _fix(role: str, tags: list[int]) -> str:
    if sum(one != 1 for one in tags) > len(tags) / 2:
        return (
            f"these files have an EXIF orientation that their labels ignore, or the other way "
            f"round: change data.{role}.orientation (apply or ignore)"
        )
    return "turn these images as they were labelled, or label them again; audit.json names them"
