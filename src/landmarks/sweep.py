"""Sweep: the runs of a grid, each once; what they will cost; how far they are; which failed."""

import logging
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, OmegaConf

from landmarks.data.files import expanded
from landmarks.errors import InputError, input_error
from landmarks.record import code
from landmarks.results import RESULT, Result, read_result
from landmarks.strategies import Adapted, FitAdapter, Real, Step, Strategy, Train

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0

# States of a run of a sweep.
DONE, OTHER, TO_RUN = "done", "done by other code", "to run"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run of a sweep.

    Attributes:
        name: What tells it from the other runs, e.g. "strategy=mixing n_real=50 seed=0".
        overrides: What to say on the command line.
        out: Its folder.
        trainings: Updates of each of its trainings; the same key in two jobs is the same training.
    """

    name: str
    overrides: tuple[str, ...]
    out: Path
    trainings: dict[tuple[object, ...], int]

    @property
    def is_done(self) -> bool:
        """Whether its folder holds a finished run; that it is the same one is checked when run."""
        return (self.out / RESULT).exists()

    @property
    def state(self) -> str:
        """`DONE`, `OTHER` if other code than the present one did it, or `TO_RUN`."""
        result = read_result(self.out)
        if result is None:
            return TO_RUN
        return DONE if result.versions.get("code") == code() else OTHER


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
    for point in grid:
        overrides = tuple(point)
        cfg = compose(overrides)
        strategy: Strategy = hydra.utils.instantiate(cfg.strategy, _convert_="all")
        if not strategy.uses_real:
            overrides = (*(o for o in overrides if not o.startswith("n_real=")), "n_real=0")
            cfg = compose(overrides)
        if overrides in jobs:
            continue
        with _resolving(cfg):
            job = Job(
                name=" ".join(o for o in overrides if o not in in_all),
                overrides=overrides,
                out=expanded(cfg.out, "out"),
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

    The YAML stands for what `landmarks.steps` takes fingerprints of: data that are only planned
    have no content yet.
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


def report_plan(jobs: Sequence[Job], *, every: bool) -> None:
    """Tell what is done and what there is to do; with `every`, line by line.

    What other code did is to be done again: its folder is refused until it is moved away.
    """
    by_state: dict[str, list[Job]] = {DONE: [], OTHER: [], TO_RUN: []}
    for job in jobs:
        state = job.state
        by_state[state].append(job)
        if every:
            log.info("%-7s %s", state, job.name)
    done, other = by_state[DONE], by_state[OTHER]
    missing = [*other, *by_state[TO_RUN]]
    left = updates(missing, made=done)
    alone = sum(sum(job.trainings.values()) for job in missing)
    log.info(
        "sweep of %d runs: %d done, %s%d to run; %s optimiser steps (%s if no run shared any)%s",
        len(jobs),
        len(done),
        f"{len(other)} done by other code (move them away), " if other else "",
        len(by_state[TO_RUN]),
        f"{left:,}",
        f"{alone:,}",
        _expected_time(done, left),
    )


def _expected_time(done: Sequence[Job], steps: int) -> str:
    """How long `steps` take in one process, judged by the runs that are done."""
    rates = [rate for job in done for rate in _steps_per_second(read_result(job.out))]
    if not rates or not steps:
        return ""
    return f", about {duration(steps / statistics.median(rates))} in one process"


def _steps_per_second(result: Result | None) -> Iterator[float]:
    if result is None:
        return
    for step in result.steps:
        timing = result.timings["steps"][step["name"]]
        if step["optimiser_steps"] and not timing["continued"]:
            yield step["optimiser_steps"] / timing["seconds"]


def duration(seconds: float) -> str:
    """E.g. "2 h 05 min" or "40 s"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


@contextmanager
def watched(jobs: Sequence[Job]) -> Iterator[None]:
    """Tell how far a sweep is whenever one of its runs is finished, whoever finishes it."""
    stopped = threading.Event()
    thread = threading.Thread(target=_watch, args=(jobs, stopped), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _watch(jobs: Sequence[Job], stopped: threading.Event) -> None:
    start, told, total = time.monotonic(), 0, updates(jobs)
    while True:
        last = stopped.wait(POLL_SECONDS)
        done = [job for job in jobs if job.is_done]
        if len(done) > told:
            told = len(done)
            left = updates([job for job in jobs if not job.is_done], made=done)
            elapsed = time.monotonic() - start
            rest = elapsed * left / (total - left) if left < total else elapsed
            log.info(
                "sweep: %d of %d runs done in %s%s",
                told,
                len(jobs),
                duration(elapsed),
                f", about {duration(rest)} left" if left else "",
            )
        if last:
            return


def launched(jobs: Sequence[Job], launcher: Launcher) -> Sequence[JobReturn]:
    """What the runs return, each an outcome or a failure of its own.

    Raises:
        InputError: The launcher itself stopped, for instance because a process was killed.
    """
    try:
        return launcher.launch([job.overrides for job in jobs], initial_job_idx=0)
    except Exception as error:
        done = sum(job.is_done for job in jobs)
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"the launcher stopped ({reason}); {done} of {len(jobs)} runs are done, and the same "
            "command continues"
        ) from error


def report_failures(jobs: Sequence[Job], returns: Sequence[JobReturn]) -> None:
    """List the runs that failed, each with its reason.

    Raises:
        InputError: There are some, all for reasons that the user can mend.
        Exception: The first one that is a fault of the program.
    """
    failed = [
        (job, result._return_value)
        for job, result in zip(jobs, returns, strict=True)
        if result.status == JobStatus.FAILED
    ]
    if not failed:
        return
    log.info("%d of %d runs failed:", len(failed), len(jobs))
    for job, error in failed:
        log.info("  %s: %s", job.name, " ".join(str(input_error(error) or error).split()))
    for _, error in failed:
        if input_error(error) is None:
            raise error
    raise InputError(
        f"{len(failed)} of {len(jobs)} runs failed, as listed; the same command runs them again"
    )
