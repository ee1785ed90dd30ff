"""What every command line does alike: find its YAML, and end with one clear line on bad input."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from landmarks.cli.override_errors import is_null_choice, one_line
from landmarks.errors import InputError, input_error

CONFIGS = Path(__file__).resolve().parents[3] / "configs"


# Errors in the words of the command line or in the YAML, found by the libraries that read them.
CONFIG_ERRORS = (HydraException, OmegaConfBaseException, YAMLError)


def run_command(task: Callable[[DictConfig], object], config_name: str) -> None:
    """Compose `configs/<config_name>.yaml` with the words of the command line; run `task` on it.

    Ends the process: with code 0, or with 2 and one line on standard error if the input is wrong.
    An error of the program itself keeps its traceback.
    """
    if not CONFIGS.is_dir():
        sys.exit(f"error: {CONFIGS} not found; install from a clone with: pip install -e .")
    # Hydra would print and end by itself, and with another code.
    os.environ["HYDRA_FULL_ERROR"] = "1"

    @wraps(task)
    def guarded(cfg: DictConfig) -> object:
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            with _bare_bad_input():
                return task(cfg)  # the sweeper collects what fails, and goes on
        with _one_line_for_bad_input():  # inside, before Hydra adds lines of its own
            return task(cfg)

    command = hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)
    with _one_line_for_bad_input():
        command(guarded)()


@contextmanager
def _bare_bad_input() -> Iterator[None]:
    """Raise an `InputError` as itself: on the way from another process, causes get lost."""
    try:
        yield
    except Exception as error:
        cause = input_error(error)
        if cause is None:
            raise
        raise InputError(str(cause)) from None


@contextmanager
def _one_line_for_bad_input() -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError, *CONFIG_ERRORS) as error:
        cause = input_error(error)
        if cause is None and _is_fault_of_the_program(error):
            raise
        groups = [path.name for path in CONFIGS.iterdir() if path.is_dir()]
        told = " ".join(str(cause).split()) if cause else one_line(error, groups)
        if told.startswith("hydra/launcher "):
            told += "; more launchers: pip install -e '.[cluster]'"
        print("error:", told, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; the same command continues", file=sys.stderr)
        sys.exit(130)


def _is_fault_of_the_program(error: BaseException) -> bool:
    """Whether no input explains an error, such as one of a constructor that Hydra called."""
    cause = error.__cause__
    if is_null_choice(error):
        return False
    if not isinstance(error, CONFIG_ERRORS):
        return True
    return cause is not None and not isinstance(cause, (*CONFIG_ERRORS, TypeError))
