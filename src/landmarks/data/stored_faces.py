"""Stored faces: the crops of a data set as an artifact, so that no image is decoded twice."""

from landmarks.data.crops import CROPS_VERSION, FaceCrops, make_crops
from landmarks.data.dataset import FaceDataset
from landmarks.geometry import CropRule
from landmarks.storage.artifacts import ArtifactStore


def stored_faces(
    dataset: FaceDataset, rule: CropRule, size: int, store: ArtifactStore, role: str
) -> FaceCrops:
    """The crops of a data set, found in `store` or decoded into it.

    Args:
        dataset: The faces.
        rule: Gives the square around a face.
        size: Side of the crop, pixels.
        store: Where artifacts are kept.
        role: What the faces are here, for the log: "real", "synthetic" or "test".

    Raises:
        InputError: An image is missing or broken, or a face has no box that the rule needs.
    """
    ingredients = {
        "version": CROPS_VERSION,
        "faces": dataset.content,
        "rule": rule,
        "size": size,
    }
    with store.entry(f"{role} crops", ingredients) as entry:
        if not entry.finished:
            make_crops(dataset, rule, size, entry.directory)
    return FaceCrops(store.read(entry).directory, size, dataset.scheme)
