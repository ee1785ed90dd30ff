"""Run the steps of a strategy; each distinct step is computed once and shared as an artifact."""

import json
import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from landmarks.adapters.adapter import displacement, load_adapter, save_adapter
from landmarks.data.crops import stored_crops
from landmarks.errors import InputError
from landmarks.experiment.experiment import Experiment
from landmarks.experiment.inputs import ADAPTER, StepInputs
from landmarks.experiment.results import StepRecord, StepTiming
from landmarks.experiment.steps import Adapted, FitAdapter, LabelPhotos, Real, Step, Train
from landmarks.inference.detector import Detector
from landmarks.models.forward import predict
from landmarks.storage.artifacts import Artifact, ArtifactStore
from landmarks.training.batches import MixtureBatches
from landmarks.training.distributed import order
from landmarks.training.loop import fit, load_weights
from landmarks.training.monitor import CHECKPOINT, CURVE, WEIGHTS
from landmarks.training.progress import TrainingProgress
from landmarks.training.self_labels import label

log = logging.getLogger(__name__)

MOVED = "moved.json"
COMPUTED = "computed.json"  # what a training was computed on


class StepRunner:
    """Trains and fits what a strategy names, or finds it finished.

    Args:
        experiment: Gives the strategy its data, model and seed.

    Attributes:
        crops: By role, such as "real" or "test": the stored crops of the dataset.
        records: The steps that were run, in order.
        timings: By step: how long it took.
        curves: By training: (n, 3) step, loss and learning rate.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.records: list[StepRecord] = []
        self.timings: dict[str, StepTiming] = {}
        self.curves: dict[str, NDArray[np.float64]] = {}
        self._store = ArtifactStore(experiment.artifacts)
        self._done: dict[Step, Artifact] = {}
        size = experiment.model.input_size
        # All datasets are decoded first, so that a broken file stops the run before any training.
        self.crops = {
            role: stored_crops(experiment.faces(role), experiment.crop, size, self._store, role)
            for role in experiment.roles
        }
        self._inputs = StepInputs(experiment, self.crops, self._done)
        self._check_labels()

    def train(self, step: Train, progress: TrainingProgress) -> None:
        """Train a network, or find it trained; an interrupted training is continued."""
        experiment, schedule = self.experiment, step.schedule
        start = None if step.start is None else self._done[step.start]
        with self._store.entry(step.name, self._inputs.of_training(step)) as entry:
            if not entry.finished:
                network = experiment.model.start(self._num_landmarks, experiment.seed)
                if start is not None:
                    start.load(WEIGHTS, partial(load_weights, network))
                sources = self._inputs.sources(step)
                progress.begin(step.name, schedule.steps)
                training = partial(
                    fit,
                    network,
                    experiment.model,
                    MixtureBatches(sources, schedule.batch_size, schedule.steps, experiment.seed),
                    schedule,
                    machine=experiment.machine,
                    directory=entry.directory,
                )
                order(
                    partial(training, on_progress=_ignore),
                    partial(training, on_progress=progress.at),
                )
                (entry.directory / COMPUTED).write_text(json.dumps(experiment.computed_on))
        trained = self._store.read(entry)
        # A checkpoint is removed only after the product is in its place.
        (trained.directory / CHECKPOINT).unlink(missing_ok=True)
        self.curves[step.name] = trained.load(CURVE, _curve)
        if trained.reused:
            for point in self.curves[step.name]:
                progress.curve(step.name, int(point[0]), point[1], point[2])
        self._keep(
            step,
            trained,
            optimiser_steps=schedule.steps,
            uses_real=step.draws_on(Real),
            moved={},
            machine=trained.load(COMPUTED, _computed),
        )
        self._check_precision(trained)

    def fit_adapter(self, step: FitAdapter) -> None:
        """Fit an adapter on the real subset, or find it fitted."""
        experiment, subset, crops = self.experiment, self.experiment.subset, self.crops["real"]
        model = self._done[step.model]
        with self._store.entry("adapter", self._inputs.of_adapter(step)) as entry:
            if not entry.finished:
                network = self._network(model)
                predicted = predict(
                    network, experiment.model, crops, subset, device=experiment.machine.torch_device
                )
                labelled = crops.landmarks[subset] - crops.border
                visible = crops.visible[subset]
                adapter = step.fit(predicted, labelled, visible, crops.scheme, experiment.seed)
                moved = displacement(predicted, adapter.adapt(predicted), crops.scheme)
                regions = ", ".join(f"{name} {100 * share:.1f}" for name, share in moved.items())
                log.info("adapter: moves %s (%% of the inter-ocular distance)", regions)
                save_adapter(adapter, entry.directory / ADAPTER)
                (entry.directory / MOVED).write_text(json.dumps(moved))
        fitted = self._store.read(entry)
        self._keep(
            step,
            fitted,
            optimiser_steps=0,
            uses_real=True,
            moved=fitted.load(MOVED, _moved),
            machine={},
        )

    def label_photos(self, step: LabelPhotos) -> None:
        """Have a trained model label the photos without labels, or find them labelled."""
        experiment, crops = self.experiment, self.crops["unlabelled"]
        model = self._done[step.model]
        with self._store.entry("self_labels", self._inputs.of_labels(step)) as entry:
            if not entry.finished:
                labels = label(
                    self._network(model),
                    experiment.model,
                    crops,
                    step.how,
                    seed=experiment.seed,
                    machine=experiment.machine,
                )
                labels.save(entry.directory)
        made = self._store.read(entry)
        self._keep(step, made, optimiser_steps=0, uses_real=False, moved={}, machine={})

    def detector(self) -> Detector:
        """The model of the strategy and its adapter, after all steps."""
        strategy, scheme = self.experiment.strategy, self.experiment.faces("test").scheme
        adapter = None
        if strategy.output is not None:
            load = partial(load_adapter, scheme=scheme)
            adapter = self._done[strategy.output].load(ADAPTER, load)
        return Detector(
            network=self._network(self._done[strategy.model]),
            architecture=self.experiment.model,
            crop=self.experiment.crop,
            adapter=adapter,
            scheme=scheme,
            device=self.experiment.machine.device,
        )

    @property
    def _num_landmarks(self) -> int:
        return self.experiment.faces("test").scheme.num_landmarks

    def _network(self, trained: Artifact) -> nn.Module:
        network = self.experiment.model.build(self._num_landmarks)
        trained.load(WEIGHTS, partial(load_weights, network))
        return network

    def _check_labels(self) -> None:
        """Refuse to adapt labels that do not exist, before any training."""
        adapts = self.experiment.strategy.draws_on(Adapted)
        if adapts and not self.crops["synthetic"].visible.all():
            raise InputError(
                "some synthetic faces have landmarks without a label; adapted labels need all of "
                "them, so leave those faces out or choose original labels"
            )

    def _check_precision(self, trained: Artifact) -> None:
        before = self.timings[trained.name].machine["precision"]
        now = self.experiment.computed_on["precision"]
        if before != now:
            log.warning(
                "%s: %s was trained in %s, this machine computes in %s",
                trained.name,
                trained.fingerprint,
                before,
                now,
            )

    def _keep(
        self,
        step: Step,
        made: Artifact,
        *,
        optimiser_steps: int,
        uses_real: bool,
        moved: Mapping[str, float],
        machine: Mapping[str, str | int | bool],
    ) -> None:
        """Remember a step for those that need it, and for the result."""
        self._done[step] = made
        self.records.append(
            StepRecord(
                name=made.name,
                artifact=made.fingerprint,
                optimiser_steps=optimiser_steps,
                real_labels=len(self.experiment.subset) if uses_real else 0,
                moved=moved,
                versions=made.versions,
            )
        )
        self.timings[made.name] = StepTiming(
            seconds=made.seconds,
            reused=made.reused,
            continued=made.continued,
            machine=machine,
        )


def _curve(path: Path) -> NDArray[np.float64]:
    curve = np.asarray(np.load(path, allow_pickle=False), np.float64)
    return curve.reshape(len(curve), 3)


def _computed(path: Path) -> dict[str, str | int | bool]:
    computed = json.loads(path.read_text())
    return {**computed, "precision": computed["precision"]}


def _moved(path: Path) -> dict[str, float]:
    return {region: float(share) for region, share in json.loads(path.read_text()).items()}


def _ignore(*_: float) -> None:
    """Progress of the other ranks, which the first one reports."""
