"""Steps: a strategy evaluated, each distinct step once, from the artifacts or anew."""

import json
import logging
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from landmarks.adapters.adapter import displacement, load_adapter, save_adapter
from landmarks.data.crops import FaceCrops, stored_crops
from landmarks.errors import InputError
from landmarks.experiment.experiment import Experiment
from landmarks.experiment.results import StepRecord, StepTiming
from landmarks.experiment.strategies import Adapted, FitAdapter, Real, Source, Step, Train
from landmarks.inference.detector import Detector
from landmarks.storage.artifacts import Artifact, ArtifactStore
from landmarks.training.batches import FaceSource, MixtureBatches
from landmarks.training.distributed import order
from landmarks.training.loop import fit, load_weights, predict
from landmarks.training.monitor import CHECKPOINT, CURVE
from landmarks.training.progress import TrainingProgress

log = logging.getLogger(__name__)

ADAPTER = "adapter.safetensors"
MOVED = "moved.json"
COMPUTED = "computed.json"  # what a training was computed on


class StepRunner:
    """Makes what a strategy names, or finds it made.

    Args:
        experiment: Gives the strategy its data, model and seed.

    Attributes:
        records: What was done, in order.
        timings: By step: what it took.
        curves: By training: (n, 3) step, loss and learning rate.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.records: list[StepRecord] = []
        self.timings: dict[str, StepTiming] = {}
        self.curves: dict[str, NDArray[np.float64]] = {}
        self._store = ArtifactStore(experiment.artifacts)
        self._made: dict[Step, Artifact] = {}
        # Every set is decoded first, so that a broken file stops the run before any training.
        self._crops = {role: self._make_crops(role) for role in experiment.roles}
        self._check_labels()

    def crops(self, role: str) -> FaceCrops:
        """The stored crops of "real", "synthetic" or "test"."""
        return self._crops[role]

    def detector(self, progress: TrainingProgress) -> Detector:
        """What the strategy makes, by way of all its steps."""
        strategy = self.experiment.strategy
        for step in strategy.steps:
            if isinstance(step, Train):
                self._made[step] = self._train(step, progress)
            else:
                self._made[step] = self._fit_adapter(step)
        network = self._network(self._made[strategy.model])
        adapter = None
        if strategy.output is not None:
            adapter = load_adapter(self._made[strategy.output].directory / ADAPTER)
        return Detector(
            network=network,
            architecture=self.experiment.model,
            crop=self.experiment.crop,
            adapter=adapter,
        )

    @property
    def _num_landmarks(self) -> int:
        return self.experiment.faces("test").scheme.num_landmarks

    def _network(self, trained: Artifact) -> nn.Module:
        network = self.experiment.model.build(self._num_landmarks)
        load_weights(network, trained.directory)
        return network

    def _make_crops(self, role: str) -> FaceCrops:
        experiment = self.experiment
        size = experiment.model.input_size
        return stored_crops(experiment.faces(role), experiment.crop, size, self._store, role)

    def _check_labels(self) -> None:
        """Refuse to adapt labels that are not there, before any training."""
        trainings = [step for step in self.experiment.strategy.steps if isinstance(step, Train)]
        adapts = any(step.draws_on(Adapted) for step in trainings)
        if adapts and not self._crops["synthetic"].visible.all():
            raise InputError(
                "some synthetic faces have landmarks without a label; adapted labels need all of "
                "them, so leave those faces out or choose original labels"
            )

    def _train(self, step: Train, progress: TrainingProgress) -> Artifact:
        experiment, schedule = self.experiment, step.schedule
        start = None if step.start is None else self._made[step.start]

        def make(directory: Path) -> None:
            network = experiment.model.start(self._num_landmarks, experiment.seed)
            if start is not None:
                load_weights(network, start.directory)
            sources = [self._source(part.source, part.share) for part in step.on]
            progress.begin(step.name, schedule.steps)
            fit_all = partial(
                fit,
                network,
                experiment.model,
                MixtureBatches(sources, schedule.batch_size, schedule.steps, experiment.seed),
                schedule,
                machine=experiment.machine,
                directory=directory,
            )
            order(partial(fit_all, on_progress=_untold))
            fit_all(on_progress=progress.at)
            (directory / COMPUTED).write_text(json.dumps(experiment.computed_on))

        made = self._store.get(
            step.name,
            {
                "train": experiment.model,
                "schedule": schedule,
                "on": [[self._ingredients(part.source), part.share] for part in step.on],
                "start": None if start is None else start.fingerprint,
                "seed": experiment.seed,
                "statistics_parts": experiment.statistics_parts,
            },
            make,
        )
        (made.directory / CHECKPOINT).unlink(missing_ok=True)  # not before the product is in place
        self.curves[step.name] = np.load(made.directory / CURVE)
        if made.reused:
            for point in self.curves[step.name]:
                progress.curve(step.name, int(point[0]), point[1], point[2])
        self._keep(made, optimiser_steps=schedule.steps, uses_real=step.draws_on(Real))
        before = self.timings[step.name].machine["precision"]
        now = experiment.computed_on["precision"]
        if before != now:
            told = "%s: %s was trained in %s, this machine computes in %s"
            log.warning(told, step.name, made.fingerprint, before, now)
        return made

    def _fit_adapter(self, step: FitAdapter) -> Artifact:
        experiment, subset = self.experiment, self.experiment.subset
        model = self._made[step.model]

        def make(directory: Path) -> None:
            crops = self._crops["real"]
            predicted = predict(
                self._network(model), experiment.model, crops, subset, machine=experiment.machine
            )
            target = crops.landmarks[subset] - crops.border
            adapter = step.fit(
                predicted, target, crops.visible[subset], crops.scheme, experiment.seed
            )
            moved = displacement(predicted, adapter.adapt(predicted), crops.scheme)
            told = ", ".join(f"{region} {100 * share:.1f}" for region, share in moved.items())
            log.info("adapter: moves %s (%% of the inter-ocular distance)", told)
            save_adapter(adapter, directory / ADAPTER)
            (directory / MOVED).write_text(json.dumps(moved))

        made = self._store.get(
            "adapter",
            {
                "adapter": step.fit,
                "model": model.fingerprint,
                "on": self._faces("real"),
                "seed": experiment.seed,
            },
            make,
        )
        self._keep(made, optimiser_steps=0, uses_real=True)
        return made

    def _source(self, source: Source, share: float) -> FaceSource:
        crops = self._crops[source.domain]
        landmarks = crops.landmarks
        if isinstance(source, Adapted):
            adapter = load_adapter(self._made[source.by].directory / ADAPTER)
            landmarks = adapter.adapt(landmarks)
        return FaceSource(
            crops=crops,
            indices=self._indices(source.domain),
            landmarks=landmarks,
            augmentation=self.experiment.augmentation[source.domain],
            share=share,
        )

    def _indices(self, domain: str) -> NDArray[np.intp]:
        """The faces that may be drawn: the real subset, or every synthetic face."""
        return self.experiment.subset if domain == "real" else np.arange(len(self._crops[domain]))

    def _faces(self, domain: str) -> dict[str, Any]:
        """What the faces of a domain add to a fingerprint."""
        return {
            "content": self.experiment.faces(domain).content,
            "crop": self.experiment.crop,
            "indices": self._indices(domain).tolist(),
        }

    def _ingredients(self, source: Source) -> dict[str, Any]:
        """What a source adds to the fingerprint of a training."""
        return {
            "faces": self._faces(source.domain),
            "labels": self._made[source.by].fingerprint if isinstance(source, Adapted) else None,
            "augmentation": self.experiment.augmentation[source.domain],
        }

    def _keep(self, made: Artifact, *, optimiser_steps: int, uses_real: bool) -> None:
        """Record a step for the result."""
        moved, computed = made.directory / MOVED, made.directory / COMPUTED
        self.records.append(
            StepRecord(
                name=made.name,
                artifact=made.fingerprint,
                optimiser_steps=optimiser_steps,
                real_labels=len(self.experiment.subset) if uses_real else 0,
                moved=json.loads(moved.read_text()) if moved.exists() else {},
                versions=made.versions,
            )
        )
        self.timings[made.name] = StepTiming(
            seconds=made.seconds,
            reused=made.reused,
            continued=made.continued,
            machine=json.loads(computed.read_text()) if computed.exists() else {},
        )


def _untold(*_: float) -> None:
    """The progress of a follower."""
