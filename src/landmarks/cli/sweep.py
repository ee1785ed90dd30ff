"""Sweep: what its runs will cost; how far they are; where results lie; which failed."""

import logging
import os
import shlex
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from landmarks.analysis.cost import duration, expected_time
from landmarks.cli.jobs import DONE, REFUSED, TO_RUN, Job, updates
from landmarks.errors import InputError, input_error
from landmarks.experiment.results import read_result

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0


def report_plan(jobs: Sequence[Job], *, every: bool) -> list[Job]:
    """Tell what is done and what there is to do; with `every`, line by line.

    What other code or settings did is to be done again: its folder is refused until it is moved
    away.

    Returns:
        The jobs that are done.
    """
    by_state: dict[str, list[Job]] = {state: [] for state in (DONE, *REFUSED, TO_RUN)}
    for job in jobs:
        state = job.state
        by_state[state].append(job)
        if every:
            log.info("%-7s %s", state, job.name)
    done = by_state[DONE]
    missing = [job for state, those in by_state.items() if state != DONE for job in those]
    left = updates(missing, made=done)
    alone = sum(sum(job.trainings.values()) for job in missing)
    refused = [
        f"{len(by_state[state])} {told} ({mend}), "
        for state, (told, mend) in REFUSED.items()
        if by_state[state]
    ]
    log.info(
        "sweep of %d runs: %d done, %s%d to run; %s optimiser steps (%s if no run shared any)%s",
        len(jobs),
        len(done),
        "".join(refused),
        len(by_state[TO_RUN]),
        f"{left:,}",
        f"{alone:,}",
        expected_time((found for job in done if (found := read_result(job.out))), left),
    )
    return done


@contextmanager
def watched(jobs: Sequence[Job], *, before: int = 0) -> Iterator[None]:
    """Tell how far a sweep is whenever one of its runs is finished, whoever finishes it.

    Args:
        jobs: The whole sweep.
        before: How many of them are done and need no time now.
    """
    waiting = [job for job in jobs if not job.is_done]
    stopped = threading.Event()
    args = (waiting, before, len(jobs), stopped)
    thread = threading.Thread(target=_watch, args=args, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _watch(waiting: Sequence[Job], before: int, runs: int, stopped: threading.Event) -> None:
    start, told, total = time.monotonic(), 0, updates(waiting)
    while True:
        last = stopped.wait(POLL_SECONDS)
        done = [job for job in waiting if job.is_done]
        if len(done) > told:
            told = len(done)
            left = updates([job for job in waiting if not job.is_done], made=done)
            elapsed = time.monotonic() - start
            rest = elapsed * left / (total - left) if left < total else elapsed
            log.info(
                "sweep: %d of %d runs done%s in %s%s",
                before + told,
                runs,
                f", {before} of them before and {told}" if before else "",
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


def report_end(jobs: Sequence[Job]) -> None:
    """Tell where the results of a finished sweep are, and what to do with them."""
    folder = os.path.commonpath([job.out for job in jobs])
    log.info("results are below %s; next: landmarks report %s", folder, shlex.quote(folder))


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
