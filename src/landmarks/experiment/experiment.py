"""Everything that one run needs, checked before any data are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.modules.batchnorm import _BatchNorm

from landmarks.adapters.fitting import MIN_PAIRS
from landmarks.augmentation import Augmentation
from landmarks.data.dataset import FaceDataset
from landmarks.data.files import expanded
from landmarks.data.subset import check_n_real, named_faces, real_subset
from landmarks.errors import InputError
from landmarks.experiment.products import product_versions
from landmarks.experiment.steps import Train
from landmarks.experiment.strategies import Strategy
from landmarks.geometry import CropRule
from landmarks.models.architecture import Architecture
from landmarks.storage.serialization import fingerprint, record
from landmarks.training.device import Machine
from landmarks.training.tracking.tensorboard import TensorBoard
from landmarks.training.tracking.tracker import Tracker

Reader = Callable[[], FaceDataset]
"""Reads or renders a dataset, which can take hours: called only when the dataset is needed."""


# What to do if a dataset is missing.
REMEDIES = {
    "real": "data=w300 reads 300-W",
    "unlabelled": "the datasets of configs/data take them from data.real",
    "synthetic": "data=w300_rendered renders it, data=w300_face_synthetics reads a folder",
}


@dataclass(frozen=True, kw_only=True)
class Data:
    """The datasets of an experiment, not read yet.

    Attributes:
        test: Photos to test on; nothing is chosen on them.
        real: Photos to draw the real subset from; None if the strategy uses none.
        synthetic: Rendered faces; None if the strategy uses none.
        unlabelled: Photos without labels; None if the strategy uses none.
        subset: A file with names of real faces (`landmarks.data.subset.named_faces`), from which
            the real subset is drawn; None: it is drawn from all.
    """

    test: Reader
    real: Reader | None = None
    synthetic: Reader | None = None
    unlabelled: Reader | None = None
    subset: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Everything that one run needs. `configs/train.yaml` has one key per field.

    Attributes:
        strategy: What is trained on what.
        n_real: Faces of the real subset, or "all" of them.
        seed: Of the subset, the weights and the batches.
        data: The datasets.
        model: Network, codec, loss, input size.
        crop: Region around a face, the same rule for training and test.
        augmentation: For "real", "synthetic" and "unlabelled" faces.
        machine: What to compute on; only its `statistics_parts` may change the result.
        tracker: Where progress and result are shown; changes nothing else.
        out: Folder of the run.
        artifacts: Folder of the steps that runs share.
    """

    strategy: Strategy
    n_real: int | str
    seed: int
    data: Data
    model: Architecture
    crop: CropRule
    augmentation: Mapping[str, Augmentation]
    machine: Machine = field(default_factory=Machine)
    tracker: Tracker = field(default_factory=TensorBoard)
    out: Path
    artifacts: Path

    def __post_init__(self) -> None:
        """Refuse a run that could only fail later, as far as is known before data are read."""
        for name in ("out", "artifacts"):
            object.__setattr__(self, name, expanded(getattr(self, name), name))
        self._check_settings()
        self._check_faces()
        for step in self.strategy.steps:
            if isinstance(step, Train):
                self._check_batch(step)

    def _check_settings(self) -> None:
        for name in ("strategy", "data", "model", "crop", "augmentation", "machine", "tracker"):
            if getattr(self, name) is None:
                raise InputError(f"{name} is null but required; remove the override")
        # Random generators take seeds of 64 bits.
        whole = isinstance(self.seed, int) and not isinstance(self.seed, bool)
        if not whole or not 0 <= self.seed < 2**64:
            raise InputError(f"seed is {self.seed!r}; it must be a whole number from 0 to 2^64 - 1")
        for domain in self.roles:
            if domain != "test" and not isinstance(self.augmentation.get(domain), Augmentation):
                raise InputError(
                    f"augmentation.{domain} is missing, and these faces require one; "
                    f"augmentation@augmentation.{domain}=none leaves crops as they are"
                )
        # Refuses values that have no fingerprint, such as nan.
        record([self.strategy, self.model, self.crop, dict(self.augmentation)])

    def _check_faces(self) -> None:
        name = self.strategy.name
        check_n_real(self.n_real)
        if self.strategy.uses_real and self.n_real == 0:
            raise InputError(f"n_real is 0, but strategy {name!r} needs real faces")
        if not self.strategy.uses_real and self.n_real != 0:
            raise InputError(
                f"n_real is {self.n_real!r}, but strategy {name!r} uses no real face; "
                "run it once a seed, with n_real=0"
            )
        if self.strategy.adapts and isinstance(self.n_real, int) and self.n_real < MIN_PAIRS:
            raise InputError(
                f"n_real is {self.n_real!r}, but strategy {name!r} fits an adapter, which needs "
                f"at least {MIN_PAIRS} real faces"
            )
        for role in self.roles:
            if getattr(self.data, role) is None:
                raise InputError(
                    f"strategy {name!r} needs {role} faces, but data.{role} is null; "
                    f"{REMEDIES.get(role, 'choose a dataset')}"
                )

    def _check_batch(self, step: Train) -> None:
        faces = step.schedule.batch_size
        remedy = "lower machine.accumulate or the number of ranks, or raise the batch_size"
        if faces < self.machine.parts:
            raise InputError(
                f"{step.name}: a batch of {faces} faces cannot be computed in "
                f"{self.machine.parts} parts; {remedy}"
            )
        if faces < 2 * self.machine.statistics_parts and self.model.normalises_one_value:
            raise InputError(
                f"{step.name}: BatchNorm sees one face at a time (a batch of {faces}, in "
                f"{self.machine.statistics_parts} parts), and in some layer one value per channel, "
                f"so there is no variance; {remedy}; a larger input_size helps if that layer sees "
                "a feature map"
            )

    @cached_property
    def subset(self) -> NDArray[np.intp]:
        """Indices of the real subset: nested for one seed, drawn by photo."""
        if not self.strategy.uses_real:
            return np.empty(0, np.intp)
        faces = self.faces("real").faces
        named = np.arange(len(faces))
        if self.data.subset is not None:
            named = named_faces(self.data.subset, [face.id for face in faces])
        return named[real_subset([faces[i].group for i in named], self.n_real, self.seed)]

    def indices(self, role: str) -> NDArray[np.intp]:
        """The faces of a dataset that may be used: the real subset, or all of another one."""
        return self.subset if role == "real" else np.arange(len(self.faces(role)))

    @property
    def roles(self) -> tuple[str, ...]:
        """The datasets that the run reads; see `Strategy.roles`."""
        return self.strategy.roles

    def faces(self, role: str) -> FaceDataset:
        """The dataset of a role, read on first use."""
        if role not in self._read:
            try:
                self._read[role] = getattr(self.data, role)()
            except InputError as error:
                raise InputError(f"data.{role}: {error}") from error
        return self._read[role]

    @cached_property
    def _read(self) -> dict[str, FaceDataset]:
        return {}

    @property
    def computed_on(self) -> dict[str, str | int | bool]:
        """What this run computes on, for the result; artifacts may come from other machines."""
        return self.machine.describe(cpu_bfloat16=self.model.cpu_bfloat16)

    @cached_property
    def statistics_parts(self) -> int:
        """That of the machine; 1 for a network without BatchNorm, which does not depend on it."""
        parts = self.machine.statistics_parts
        if parts == 1:
            return 1
        with torch.device("meta"):
            network = self.model.build(self.faces("test").scheme.num_landmarks)
        return parts if any(isinstance(m, _BatchNorm) for m in network.modules()) else 1

    @cached_property
    def fingerprint(self) -> str:
        """Of everything the result depends on: settings and the content of the data used."""
        return fingerprint(
            {
                "products": product_versions(self.strategy),
                "strategy": self.strategy,
                "subset": self.subset.tolist(),
                "seed": self.seed,
                "statistics_parts": self.statistics_parts,
                "data": {role: self.faces(role).content for role in self.roles},
                "model": self.model,
                "crop": self.crop,
                "augmentation": {
                    domain: augmentation
                    for domain, augmentation in self.augmentation.items()
                    if domain in self.roles
                },
            }
        )
