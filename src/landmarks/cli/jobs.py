"""The runs of a sweep: each once, what each depends on, and whether it is finished."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from landmarks.analysis.verification.config import PLACES, data_differences, setting_differences
from landmarks.data.files import expanded
from landmarks.errors import InputError
from landmarks.experiment.products import product_versions, version_differences
from landmarks.experiment.results import Result, is_finished, read_result
from landmarks.experiment.steps import (
    Adapted,
    FitAdapter,
    LabelPhotos,
    Real,
    SelfLabelled,
    Step,
    Train,
)
from landmarks.experiment.strategies import Strategy
from landmarks.storage.serialization import record

# States of a run of a sweep.
DONE, OTHER_VERSION, OTHER_SETTINGS, TO_RUN = "done", "other version", "other settings", "to run"
# States whose folder is refused, with what to do.
REFUSED = {
    OTHER_VERSION: ("done by another version", "move them away"),
    OTHER_SETTINGS: ("done with other settings", "move them away, or give another out=..."),
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run of a sweep.

    Attributes:
        name: The overrides in which it differs from others, e.g. "strategy=mixing n_real=50".
        overrides: Arguments of its command line.
        out: Its folder.
        strategy: What is trained on what.
        cfg: The composed YAML.
        trainings: Updates of each of its trainings; the same key in two jobs is the same training.
    """

    name: str
    overrides: tuple[str, ...]
    out: Path
    strategy: Strategy
    cfg: DictConfig
    trainings: dict[tuple[object, ...], int]

    @property
    def is_done(self) -> bool:
        """Whether its folder holds a finished run, the same one or another."""
        return is_finished(self.out)

    @property
    def state(self) -> str:
        """One of the states above; whether the data have changed is noticed when the run starts."""
        result = read_result(self.out)
        if result is None:
            return TO_RUN
        if self.other_version(result):
            return OTHER_VERSION
        return OTHER_SETTINGS if any(self.differences(result)) else DONE

    def other_version(self, result: Result) -> str:
        """Other versions that computed the run in its folder, e.g. "training 1 (now 2)"."""
        return version_differences(result.products, product_versions(self.strategy))

    def differences(self, result: Result) -> Iterator[str]:
        """Each setting in which the finished run in its folder differs."""
        stated = _stated(self.cfg)
        yield from setting_differences(stated, record(self.strategy), result)
        yield from data_differences(stated["data"], self.out, result)


def _stated(cfg: DictConfig) -> dict[str, Any]:
    """The YAML of a run without the folders of its data, which may not be given yet."""
    cfg = cfg.copy()
    for part in cfg.data.values():
        if isinstance(part, DictConfig):
            part.update(dict.fromkeys(PLACES & part.keys()))
    names = ("n_real", "seed", "model", "crop", "augmentation", "data")
    with _resolving(cfg):
        return {
            name: OmegaConf.to_container(cfg[name], resolve=True)
            if OmegaConf.is_config(cfg[name])
            else cfg[name]
            for name in names
        }


def plan_jobs(
    grid: Sequence[Sequence[str]], compose: Callable[[Sequence[str]], DictConfig]
) -> list[Job]:
    """The runs of a grid, each once.

    A strategy that uses no real face is the same run for every n_real; it is planned once, with 0.

    Args:
        grid: Overrides of each point.
        compose: Composes the YAML of some overrides.

    Raises:
        InputError: Two different runs would write to one folder.
    """
    in_all = set.intersection(*(set(point) for point in grid)) if len(grid) > 1 else set()
    jobs: dict[tuple[str, ...], Job] = {}
    folders: dict[Path, Job] = {}
    without_real: set[tuple[str, ...]] = set()
    # Hydra composes about three per second.
    for point in tqdm(grid, desc="composing runs", unit="run", delay=1):
        overrides = tuple(point)
        but_size = tuple(o for o in overrides if not o.startswith("n_real="))
        if but_size in without_real:
            continue
        cfg = compose(overrides)
        strategy: Strategy = hydra.utils.instantiate(cfg.strategy, _convert_="all")
        if not strategy.uses_real:
            without_real.add(but_size)
            overrides = (*but_size, "n_real=0")
            cfg = compose(overrides)
        if overrides in jobs:
            continue
        with _resolving(cfg):
            job = Job(
                name=" ".join(o for o in overrides if o not in in_all),
                overrides=overrides,
                out=expanded(cfg.out, "out"),
                strategy=strategy,
                cfg=cfg,
                trainings=_trainings(strategy, cfg),
            )
        other = folders.setdefault(job.out, job)
        if other is not job:
            raise InputError(
                f"two runs of the sweep, {other.name!r} and {job.name!r}, would write to "
                f"{job.out}; name what differs in out=..., as ${{n_real}} and ${{seed}} are"
            )
        jobs[overrides] = job
    return list(jobs.values())


@contextmanager
def _resolving(cfg: DictConfig) -> Iterator[None]:
    """Resolve `${hydra:...}` in a composed YAML from that YAML."""
    holder = HydraConfig.instance()
    before = holder.cfg
    holder.set_config(cfg)
    try:
        yield
    finally:
        holder.cfg = before


def _trainings(strategy: Strategy, cfg: DictConfig) -> dict[tuple[object, ...], int]:
    """Updates of each training, by everything in which trainings of one sweep may differ."""
    return {
        (step, *(_as_text(cfg, place) for place in sorted(set(_places(step))))): step.schedule.steps
        for step in strategy.steps
        if isinstance(step, Train)
    }


def _places(step: Step) -> Iterator[str]:
    """The keys of the YAML that the product of a step depends on, besides the step itself.

    They stand for what `landmarks.experiment.runner` takes fingerprints of: data that are only
    planned have no content yet.
    """
    if isinstance(step, FitAdapter):
        yield from ("n_real", "data.real", "data.subset")
        yield from _places(step.model)
        return
    if isinstance(step, LabelPhotos):
        yield from ("seed", "crop", "data.unlabelled", "data.real")
        yield from _places(step.model)
        return
    yield from ("seed", "model", "crop", "machine.accumulate")
    for part in step.on:
        domain = part.source.domain
        yield from (f"data.{domain}", f"augmentation.{domain}")
        if isinstance(part.source, Real):
            yield from ("n_real", "data.subset")
        if isinstance(part.source, Adapted | SelfLabelled):
            yield from _places(part.source.by)
    if step.start is not None:
        yield from _places(step.start)


def _as_text(cfg: DictConfig, place: str) -> tuple[str, str]:
    """The name and the text of a part of the YAML."""
    part = OmegaConf.select(cfg, place)
    return place, OmegaConf.to_yaml(part, resolve=True) if OmegaConf.is_config(part) else str(part)


def updates(jobs: Sequence[Job], *, made: Sequence[Job] = ()) -> int:
    """Optimiser updates of `jobs`, shared trainings counted once, those of `made` not at all."""
    wanted = {key: steps for job in jobs for key, steps in job.trainings.items()}
    for job in made:
        for key in job.trainings:
            wanted.pop(key, None)
    return sum(wanted.values())
