"""Stored faces: the crops of a data set as an artifact, so that no image is decoded twice."""

from landmarks.data.crops import FaceCrops, make_crops
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
    made = store.get(
        f"{role} crops",
        {"crops": dataset.content, "rule": rule, "size": size},
        lambda directory: make_crops(dataset, rule, size, directory),
    )
    return FaceCrops(made.directory, size, dataset.scheme)
