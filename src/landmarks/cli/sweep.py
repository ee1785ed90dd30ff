"""Progress of a sweep: what its runs will cost, how many are done, which failed."""

import logging
import os
import shlex
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from landmarks.analysis.cost import duration, expected_time
from landmarks.cli.jobs import DONE, OTHER_VERSION, REFUSED, TO_RUN, Job, updates
from landmarks.errors import InputError, input_error
from landmarks.experiment.results import read_result
from landmarks.inference.predictions import DIVERGED

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0


def report_plan(jobs: Sequence[Job], *, every: bool) -> list[Job]:
    """Log what is done and what is left to do; with `every`, run by run.

    Runs of another version or with other settings count as left to do; their folders are refused
    until they are moved away.

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
    unshared = sum(sum(job.trainings.values()) for job in missing)
    refused = [
        f"{len(by_state[state])} {how} ({remedy}), "
        for state, (how, remedy) in REFUSED.items()
        if by_state[state]
    ]
    for which, count in Counter(map(_other_version, by_state[OTHER_VERSION])).items():
        log.info("%d done by another version: %s", count, which)
    log.info(
        "sweep of %d runs: %d done, %s%d to run; %s optimiser steps (%s without sharing)%s",
        len(jobs),
        len(done),
        "".join(refused),
        len(by_state[TO_RUN]),
        f"{left:,}",
        f"{unshared:,}",
        expected_time((found for job in done if (found := read_result(job.out))), left),
    )
    return done


def _other_version(job: Job) -> str:
    result = read_result(job.out)
    return job.other_version(result) if result else ""


@contextmanager
def watched(jobs: Sequence[Job], *, before: int = 0) -> Iterator[None]:
    """Log the progress of a sweep whenever one of its runs is finished, by whichever process.

    Args:
        jobs: The whole sweep.
        before: How many of them were done before.
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
    start, logged, total = time.monotonic(), 0, updates(waiting)
    while True:
        last = stopped.wait(POLL_SECONDS)
        done = [job for job in waiting if job.is_done]
        if len(done) > logged:
            logged = len(done)
            left = updates([job for job in waiting if not job.is_done], made=done)
            elapsed = time.monotonic() - start
            rest = elapsed * left / (total - left) if left < total else elapsed
            log.info(
                "sweep: %d of %d runs done%s in %s%s",
                before + logged,
                runs,
                f", {before} of them before and {logged}" if before else "",
                duration(elapsed),
                f", about {duration(rest)} left" if left else "",
            )
        if last:
            return


def launched(jobs: Sequence[Job], launcher: Launcher) -> Sequence[JobReturn]:
    """Run the jobs; returns the result or the failure of each.

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
    """Log where the results of a finished sweep are, and what to do with them."""
    folder = os.path.commonpath([job.out for job in jobs])
    log.info("results are in %s; next: landmarks report %s", folder, shlex.quote(folder))


def report_diverged(jobs: Sequence[Job]) -> bool:
    """Log which runs of a finished sweep diverged; returns whether there are any."""
    results = [(job, read_result(job.out)) for job in jobs]
    diverged = [job.name for job, result in results if result is not None and result.diverged]
    if diverged:
        log.warning("%d of %d runs: %s", len(diverged), len(jobs), DIVERGED)
    for name in diverged:
        log.warning("  %s", name)
    return bool(diverged)


def report_failures(jobs: Sequence[Job], returns: Sequence[JobReturn]) -> None:
    """List the runs that failed, each with its reason.

    Raises:
        InputError: There are some, all for reasons that the user can fix.
        Exception: The first one that is a bug.
    """
    failed = [
        (job, result._return_value)  # the public property raises it
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
