"""Commands in processes of their own, forked from one that has imported torch already."""

import os
import runpy
import sys
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(
    ["landmarks.cli.hydra_command", "landmarks.experiment.run", "landmarks.experiment.evaluation"]
)


@dataclass(frozen=True)
class Ended:
    """What a process left; called as `subprocess` calls it."""

    returncode: int | None
    stdout: str
    stderr: str


def forked(name: str, *words: str, cwd: Path, patience: float, **environment: str) -> Ended:
    """`landmarks NAME WORDS...` in the folder `cwd`, with some more environment variables."""
    with TemporaryDirectory() as folder:
        process = FORKS.Process(target=run_command, args=(name, words, cwd, folder, environment))
        process.start()
        process.join(patience)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"landmarks {name} {' '.join(words)}: more than {patience} s")
        told, complained = (Path(folder, name).read_text() for name in ("stdout", "stderr"))
    return Ended(process.exitcode, told, complained)


def run_command(
    name: str, words: tuple[str, ...], cwd: Path, folder: str, environment: dict[str, str]
) -> None:
    """`forked` in this process, which has no other use: what it prints is in `folder`."""
    for number, stream in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(Path(folder, stream), os.O_WRONLY | os.O_CREAT), number)
    os.chdir(cwd)
    os.environ.update(environment)
    sys.argv = ["landmarks", name, *words]
    runpy.run_module("landmarks", run_name="__main__", alter_sys=True)
