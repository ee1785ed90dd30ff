"""Check for leakage between the faces that a run was trained on and those that it is tested on.

Images are compared by content, whatever their paths. The same image in both sets is an error;
another picture of the same photo or person is counted.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.data.array_files import read_npz
from landmarks.data.dataset import FaceDataset
from landmarks.errors import InputError
from landmarks.storage.atomic import atomic_write

log = logging.getLogger(__name__)

TRAINED_ON = "trained_on.npz"
_ARRAYS = {"domains": "U", "ids": "U", "images": "u", "photos": "u"}  # as in NumPy's dtypes

# Short, to be stored for every face of a large dataset: two of a million texts have the same digest
# with a probability of 1 in 40 million.
_DIGEST_BYTES = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingFaces:
    """The faces that a run was trained on.

    Attributes:
        domains: (n,) "real", "synthetic" or "unlabelled".
        ids: (n,) names of the faces.
        images: (n,) digest of the image of each face.
        photos: (n,) digest of the photo or person that each face shows.
    """

    domains: NDArray[np.str_]
    ids: NDArray[np.str_]
    images: NDArray[np.uint64]
    photos: NDArray[np.uint64]

    @classmethod
    def of(cls, used: Mapping[str, tuple[FaceDataset, NDArray[np.intp]]]) -> "TrainingFaces":
        """From each domain's dataset and the indices of the faces that were used."""
        chosen = [(domain, faces, i) for domain, (faces, indices) in used.items() for i in indices]
        return cls(
            domains=np.array([domain for domain, _, _ in chosen], np.str_),
            ids=np.array([faces.faces[i].id for _, faces, i in chosen], np.str_),
            images=_digests(faces.image_contents[i] for _, faces, i in chosen),
            photos=_digests(faces.photos[i] for _, faces, i in chosen),
        )

    def check_apart(self, test: FaceDataset) -> None:
        """Refuse test images that the model was trained on.

        Raises:
            InputError: An image is in both sets.
        """
        tested = dict(zip(_digests(test.image_contents).tolist(), test.faces, strict=True))
        for domain, id, image in zip(self.domains, self.ids, self.images.tolist(), strict=True):
            if image in tested:
                raise InputError(
                    f"the {domain} training face {str(id)!r} and the test face "
                    f"{tested[image].id!r} are on the same image; a model must not be tested on "
                    "what it was trained on, so remove the image from one of the two sets"
                )

    def shared_photos(self, test: FaceDataset) -> int:
        """Number of test faces whose photo or person is in the training data; logged if not 0.

        Comparing images cannot find them: other crops and faces of a photo are in other files.
        """
        known = set(self.photos.tolist())
        shared = sum(photo in known for photo in _digests(test.photos).tolist())
        if shared:
            log.warning(
                "%d of %d test faces show a photo or person that is in the training data too",
                shared,
                len(test),
            )
        return shared

    def write(self, run: Path) -> None:
        """Write `trained_on.npz` into the folder of a run."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        with atomic_write(run / TRAINED_ON) as path, path.open("wb") as file:
            np.savez_compressed(file, **arrays)


def read_training_faces(run: Path) -> TrainingFaces:
    """The training faces that `TrainingFaces.write` stored in the folder of a run.

    Raises:
        InputError: The file is missing or damaged.
    """
    path = run / TRAINED_ON
    if not path.exists():
        raise InputError(
            f"{path}: no such file, so it is unknown whether test faces are training faces; "
            "train the model again with this version"
        )
    try:
        arrays = read_npz(path, _ARRAYS)
    except InputError as error:
        raise InputError(
            f"{path}: cannot read the training faces ({error}); train the model again"
        ) from None
    if len({array.shape for array in arrays.values()}) > 1 or arrays["ids"].ndim != 1:
        raise InputError(f"{path}: arrays of different lengths; train the model again")
    return TrainingFaces(**arrays)


def _digests(texts: Iterable[str]) -> NDArray[np.uint64]:
    hashes = (hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES) for text in texts)
    return np.array([int.from_bytes(hash.digest(), "little") for hash in hashes], np.uint64)
