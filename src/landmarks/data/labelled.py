"""From the labels that a file has of an image to a face: what readers of one file share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box
from landmarks.data.dataset import Face
from landmarks.data.images import ImageFile, ImageOptions, LabelledSize
from landmarks.data.labels import LabelRule, split_unlabelled
from landmarks.data.names import face_ids, in_order, listed_images


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelledFace:
    """A face in an annotation file.

    Attributes:
        image: Name of its image, as in the file.
        where: The place in the file, for messages.
        points: (n, 2) x and y in the file's numbers; NaN for those that are not labelled.
        size: Of its image, as in the file; None: it does not say.
        box: Centres of its first and last pixels, in the file's numbers; None: it has none.
    """

    image: str
    where: str
    points: NDArray[np.float64]
    size: LabelledSize | None = None
    box: Box | None = None

    def face(
        self, rule: LabelRule, *, id: str, image: ImageFile, group: str, subset: str = "all"
    ) -> Face:
        """The face in its image."""
        points, visible = split_unlabelled(self.points)
        return rule.face(
            points,
            self.where,
            id=id,
            image=image,
            group=group,
            subset=subset,
            visible=visible,
            box=self.box,
        )


def faces_of_file(
    path: Path,
    images: Path | str | None,
    labelled: Sequence[LabelledFace],
    rule: LabelRule,
    options: ImageOptions,
) -> tuple[Face, ...]:
    """The faces of an annotation file, in the order of their ids; the group is the image.

    Args:
        path: The file.
        images: The folder of the images; see `listed_images`.
        labelled: The faces in the file.
        rule: How its points become landmarks.
        options: Of its images.

    Raises:
        InputError: An image is missing, or points cannot be landmarks.
    """
    found = listed_images(path, images, [(label.image, label.where) for label in labelled])
    ids = face_ids([name for name, _ in found])
    return in_order(
        [
            label.face(rule, id=id, image=ImageFile(image, options, label.size), group=name)
            for label, id, (name, image) in zip(labelled, ids, found, strict=True)
        ]
    )
