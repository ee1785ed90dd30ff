"""What each step of a run works on, and the fingerprint's ingredients that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from landmarks.adapters.adapter import load_adapter
from landmarks.adapters.fitting import ADAPTER_VERSION
from landmarks.data.crops import CROPS_VERSION, FaceCrops
from landmarks.experiment.experiment import Experiment
from landmarks.experiment.steps import (
    Adapted,
    FitAdapter,
    LabelPhotos,
    Real,
    SelfLabelled,
    Source,
    Step,
    Train,
)
from landmarks.inference.predictions import PREDICTIONS_VERSION
from landmarks.storage.artifacts import Artifact
from landmarks.training.batches import FaceSource
from landmarks.training.loop import TRAINING_VERSION
from landmarks.training.self_labels import SELF_LABELS, SELF_LABELS_VERSION, load_labels

ADAPTER = "adapter.safetensors"


@dataclass(frozen=True, eq=False)
class StepInputs:
    """Faces and labels of the steps of a run.

    Attributes:
        experiment: The run.
        crops: By role, the stored crops of each dataset.
        done: The product of each finished step; grows during the run.
    """

    experiment: Experiment
    crops: Mapping[str, FaceCrops]
    done: Mapping[Step, Artifact]

    def sources(self, step: Train) -> list[FaceSource]:
        """The parts of every batch of a training."""
        parts = zip(step.on, self._shares(step), strict=True)
        return [self._source(part.source, share) for part, share in parts]

    def _shares(self, step: Train) -> list[float]:
        return step.shares(len(self.experiment.subset) if step.draws_on(Real) else 0)

    def _source(self, source: Source, share: float) -> FaceSource:
        """The faces of a source, with the labels that a training gets."""
        crops = self.crops[source.domain]
        indices, landmarks = self.experiment.indices(source.domain), crops.landmarks
        visible = crops.visible
        if isinstance(source, Adapted):
            load = partial(load_adapter, scheme=crops.scheme)
            landmarks = self.done[source.by].load(ADAPTER, load).adapt(landmarks)
        if isinstance(source, SelfLabelled):
            labels = self.done[source.by].load(SELF_LABELS, load_labels)
            indices, landmarks = labels.kept(source.by.how.keep), labels.landmarks
            visible = np.ones_like(visible)
        return FaceSource(
            crops=crops,
            indices=indices,
            landmarks=landmarks,
            visible=visible,
            augmentation=self.experiment.augmentation[source.domain],
            share=share,
        )

    def of_training(self, step: Train) -> dict[str, Any]:
        """Everything that the weights of a training depend on."""
        return {
            "version": TRAINING_VERSION,
            "train": self.experiment.model,
            "schedule": step.schedule,
            "on": [
                [self._of_source(part.source), share]
                for part, share in zip(step.on, self._shares(step), strict=True)
            ],
            "start": None if step.start is None else self.done[step.start].fingerprint,
            "seed": self.experiment.seed,
            "statistics_parts": self.experiment.statistics_parts,
        }

    def of_adapter(self, step: FitAdapter) -> dict[str, Any]:
        """Everything that an adapter depends on."""
        return {
            "version": ADAPTER_VERSION,
            "predictions": PREDICTIONS_VERSION,
            "adapter": step.fit,
            "model": self.done[step.model].fingerprint,
            "on": self._of_faces("real"),
            "seed": self.experiment.seed,
        }

    def of_labels(self, step: LabelPhotos) -> dict[str, Any]:
        """Everything that the labels of photos depend on."""
        return {
            "version": SELF_LABELS_VERSION,
            "labelling": step.how,
            "model": self.done[step.model].fingerprint,
            "on": self._of_faces("unlabelled"),
            "seed": self.experiment.seed,
        }

    def _of_source(self, source: Source) -> dict[str, Any]:
        labels = None
        if isinstance(source, Adapted | SelfLabelled):
            labels = self.done[source.by].fingerprint
        return {
            "faces": self._of_faces(source.domain),
            "labels": labels,
            "augmentation": self.experiment.augmentation[source.domain],
        }

    def _of_faces(self, domain: str) -> dict[str, Any]:
        """Everything that the crops and labels of a domain depend on."""
        return {
            "version": CROPS_VERSION,
            "content": self.experiment.faces(domain).content,
            "crop": self.experiment.crop,
            "indices": self.experiment.indices(domain).tolist(),
        }
