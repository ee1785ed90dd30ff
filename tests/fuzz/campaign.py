"""Many mutations of something that a command reads, each under the same four limits.

Whatever a file holds: no traceback, no more than 5 s of computing, no more than 1 GiB, and nothing
read, written or started outside of its folder. What is not refused must be right, which each
subject checks.
"""

import os
import resource
import shutil
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import torch

from landmarks.errors import InputError, one_line
from tests.fuzz.mutations import Mutation, mutated
from tests.fuzz.replacements import replace
from tests.fuzz.watch import Hung, Watch, used_memory
from tests.processes import FORKS

MEMORY = 6 * 2**30  # bytes that a process may take; what takes more than 1 GiB has failed
PATIENCE = 300  # seconds for one trial, after which the process is ended


@dataclass(frozen=True)
class Subject:
    """Something that is read.

    Attributes:
        write: Writes it, whole, to a folder.
        use: Reads it from there, as a command would; returns what was read, for comparison. Raises
            `AssertionError` if that is not right.
        files: Patterns of the files that are mutated.
        mutate: How.
        replaces: Whether files are replaced by pipes, devices, folders and the like too.
        compare: Called with what was read before and after; raises `AssertionError`.
    """

    write: Callable[[Path], object]
    use: Callable[[Path], object]
    files: tuple[str, ...] = ("**/*",)
    mutate: Callable[[bytes, Random], Mutation] = mutated
    replaces: bool = True
    compare: Callable[[object, object], None] | None = None


@dataclass(frozen=True)
class Failure:
    """A mutation that broke a limit."""

    subject: str
    seed: int
    what: str
    found: str

    def __str__(self) -> str:
        return f"{self.subject}, mutation {self.seed} ({self.what}): {self.found}"


@dataclass
class Report:
    """What became of the mutations of a subject; `seconds` are of computing."""

    tried: int = 0
    refused: int = 0
    accepted: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)


Jobs = Sequence[tuple[str, int]]  # names of subjects and numbers of mutations


def campaign(jobs: Jobs, folder: Path) -> dict[str, Report]:
    """Try mutations in a process of their own, and the rest in another one if that dies."""
    reports = {name: Report() for name, _ in jobs}
    left = list(jobs)
    while left:
        left = left[_process(left, reports, folder) :]
    return reports


def _process(jobs: Jobs, reports: dict[str, Report], folder: Path) -> int:
    """Do jobs in one process until it dies; returns how many were done."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=_trials, args=(jobs, folder, theirs))
    process.start()
    theirs.close()
    done, what = 0, ""
    with suppress(EOFError):
        while ours.poll(PATIENCE):
            match ours.recv():
                case ("begin", what):
                    pass
                case ("end", refused, found, seconds):
                    _note(reports, jobs[done], what, refused, found)
                    reports[jobs[done][0]].seconds += seconds
                    done, what = done + 1, ""
                case ("broken", found):
                    raise AssertionError(f"{jobs[done][0]}, not mutated: {found}")
    process.join(10)
    if process.exitcode is None:
        process.kill()
        process.join()
    if done < len(jobs):
        found = f"the process ended with {process.exitcode}"
        assert what, f"{jobs[done]}: {found}"
        _note(reports, jobs[done], what, False, found)
        done += 1
    return done


def _note(
    reports: dict[str, Report], job: tuple[str, int], what: str, refused: bool, found: str
) -> None:
    report = reports[job[0]]
    report.tried += 1
    if found:
        report.failures.append(Failure(*job, what, found))
    elif refused:
        report.refused += 1
    else:
        report.accepted += 1


def _trials(jobs: Jobs, folder: Path, told: Connection) -> None:
    """Tell the beginning and the end of each trial; an exception means that a test is broken."""
    try:
        _try(jobs, folder, told)
    except BaseException:
        told.send(("broken", traceback.format_exc()))


def _try(jobs: Jobs, folder: Path, told: Connection) -> None:
    os.environ.update(TQDM_DISABLE="1", LANDMARKS_CACHE=str(folder / "cache"))
    tempfile.tempdir = str(folder / "temporary")
    (folder / "temporary").mkdir(exist_ok=True)
    os.chdir(folder / "temporary")
    os.dup2(os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    from tests.fuzz.subjects import SUBJECTS

    torch.set_num_threads(1)
    limit = MEMORY + used_memory()
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))  # for the machine's sake
    warnings.simplefilter("error")
    watch, wholes = Watch(), dict[str, tuple[Path, object]]()
    for name, seed in jobs:
        subject = SUBJECTS[name]
        if name not in wholes:
            wholes[name] = _written(subject, folder / f"{len(wholes)}")
        whole, expected = wholes[name]
        place = whole.with_name("mutated")
        shutil.copytree(whole, place)
        told.send(("begin", _break(subject, place, Random(f"{name} {seed}"))))
        begin = time.process_time()
        own = place, folder / "cache", folder / "temporary"
        refusal, found = _trial(subject, expected, watch, own)
        seconds = time.process_time() - begin
        shutil.rmtree(place)
        told.send(("end", bool(refusal), found, seconds))


def _written(subject: Subject, folder: Path) -> tuple[Path, object]:
    """A whole example, and what is read from it."""
    whole, copy = folder / "whole", folder / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    whole.mkdir(parents=True)
    subject.write(whole)
    shutil.copytree(whole, copy)
    return whole, subject.use(copy)


def _trial(
    subject: Subject, expected: object, watch: Watch, folders: Sequence[Path]
) -> tuple[str, str]:
    """The message of a refusal, and what is wrong; the subject is in the first of the folders."""
    refusal, found = "", ""
    try:
        with watch.limits(*folders):
            seen = subject.use(folders[0])
        if subject.compare is not None:
            subject.compare(expected, seen)
    except InputError as error:
        refusal = one_line(error)
        if "\n" in str(error) or not refusal.isprintable():
            found = f"a message that is no line of text: {refusal!r}"
    except Hung as error:
        found = f"waited {error}"
    except BaseException:
        found = traceback.format_exc()
    return refusal, "; ".join([*watch.beyond, *([found] if found else [])])


def _break(subject: Subject, place: Path, random: Random) -> str:
    """Change one of the files of a subject; returns which and how."""
    files = sorted({p for pattern in subject.files for p in place.glob(pattern) if p.is_file()})
    path = random.choice(files)
    name = path.relative_to(place)
    if subject.replaces and random.random() < 0.06:
        return f"{name}: {replace(path, random)}"
    mutation = subject.mutate(path.read_bytes(), random)
    path.write_bytes(mutation.content.replace(b"{up}", str(place.parent).encode()))
    return f"{name}: {mutation.what}"
