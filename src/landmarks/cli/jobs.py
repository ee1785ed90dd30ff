"""Jobs: the runs of a grid, each once; what each depends on, and whether it has been done."""

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
from landmarks.experiment.results import RESULT, Result, read_result
from landmarks.experiment.strategies import Adapted, FitAdapter, Real, Step, Strategy, Train
from landmarks.storage.serialization import code, record

# States of a run of a sweep.
DONE, OTHER_CODE, OTHER_SETTINGS, TO_RUN = "done", "done by other code", "other settings", "to run"
# Those whose folder is refused: in a sentence, and what to do.
REFUSED = {
    OTHER_CODE: ("done by other code", "move them away"),
    OTHER_SETTINGS: ("done with other settings", "move them away, or give another out=..."),
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run of a sweep.

    Attributes:
        name: What tells it from the other runs, e.g. "strategy=mixing n_real=50 seed=0".
        overrides: What to say on the command line.
        out: Its folder.
        strategy: What is trained on what.
        cfg: The whole YAML.
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
        """Whether its folder holds a finished run, be it the same one or not."""
        return (self.out / RESULT).exists()

    @property
    def state(self) -> str:
        """One of the states above; whether the data have changed is seen when it is run."""
        result = read_result(self.out)
        if result is None:
            return TO_RUN
        if result.versions.get("code") != code():
            return OTHER_CODE
        return OTHER_SETTINGS if any(self.differences(result)) else DONE

    def differences(self, result: Result) -> Iterator[str]:
        """Each setting that the finished run in its folder has otherwise."""
        stated = _stated(self.cfg)
        yield from setting_differences(stated, record(self.strategy), result)
        yield from data_differences(stated["data"], self.out, result)


def _stated(cfg: DictConfig) -> dict[str, Any]:
    """The YAML of a run but for where its data lie, which may not be said yet."""
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

    A strategy that uses no real face is the same run for every n_real; it is made once, with 0.

    Args:
        grid: Overrides of each point.
        compose: Makes the whole YAML of some overrides.

    Raises:
        InputError: Two different runs would write to one folder.
    """
    in_all = set.intersection(*(set(point) for point in grid)) if len(grid) > 1 else set()
    jobs: dict[tuple[str, ...], Job] = {}
    folders: dict[Path, Job] = {}
    without_real: set[tuple[str, ...]] = set()
    # Hydra takes a second for three of them.
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
    """Let `${hydra:...}` in a composed YAML be looked up in that YAML."""
    holder = HydraConfig.instance()
    before = holder.cfg
    holder.set_config(cfg)
    try:
        yield
    finally:
        holder.cfg = before


def _trainings(strategy: Strategy, cfg: DictConfig) -> dict[tuple[object, ...], int]:
    """Updates of each training, by what tells it from those of other runs of the same sweep."""
    return {
        (step, *(_told(cfg, place) for place in sorted(set(_places(step))))): step.schedule.steps
        for step in strategy.steps
        if isinstance(step, Train)
    }


def _places(step: Step) -> Iterator[str]:
    """Where the YAML says what the product of a step depends on, besides the step itself.

    The YAML stands for what `landmarks.experiment.runner` takes fingerprints of: data that are only
    planned have no content yet.
    """
    if isinstance(step, FitAdapter):
        yield from ("n_real", "data.real")
        yield from _places(step.model)
        return
    yield from ("seed", "model", "crop", "machine.accumulate")
    for part in step.on:
        domain = part.source.domain
        yield from (f"data.{domain}", f"augmentation.{domain}")
        if isinstance(part.source, Real):
            yield "n_real"
        if isinstance(part.source, Adapted):
            yield from _places(part.source.by)
    if step.start is not None:
        yield from _places(step.start)


def _told(cfg: DictConfig, place: str) -> tuple[str, str]:
    """A part of the YAML by its name, as text."""
    part = OmegaConf.select(cfg, place)
    return place, OmegaConf.to_yaml(part, resolve=True) if OmegaConf.is_config(part) else str(part)


def updates(jobs: Sequence[Job], *, made: Sequence[Job] = ()) -> int:
    """Optimiser updates that `jobs` take, shared trainings once, those of `made` not at all."""
    wanted = {key: steps for job in jobs for key, steps in job.trainings.items()}
    for job in made:
        for key in job.trainings:
            wanted.pop(key, None)
    return sum(wanted.values())
