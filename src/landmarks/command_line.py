"""What every command line does alike: find its YAML, and end with one clear line on bad input."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from landmarks.errors import InputError

CONFIGS = Path(__file__).resolve().parents[2] / "configs"

log = logging.getLogger(__name__)


def run_command(task: Callable[[DictConfig], object], config_name: str) -> None:
    """Compose `configs/<config_name>.yaml` with the words of the command line; run `task` on it.

    Ends the process: with code 0, or with 2 and one line on standard error if the input is wrong.
    An error of the program itself keeps its traceback.
    """
    if not CONFIGS.is_dir():
        sys.exit(f"error: {CONFIGS} not found; install from a clone with: pip install -e .")
    # Hydra would print and end by itself, and with another code.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    command = hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)
    try:
        command(task)()
    except (InputError, HydraException, OmegaConfBaseException) as error:
        sys.exit(_report(error))
    except KeyboardInterrupt:
        print("stopped; the same command continues", file=sys.stderr)
        sys.exit(130)


def _report(error: Exception) -> int:
    """Print the one line that helps; return the exit code."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, InputError):
            print(f"error: {cause}", file=sys.stderr)
            return 2
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, HydraException) and _is_fault_of_the_program(error):
        raise error
    print(f"error: {error}", file=sys.stderr)
    return 2


def _is_fault_of_the_program(error: BaseException) -> bool:
    """Whether a constructor that Hydra called failed in a way that no input explains."""
    cause = error.__cause__
    return cause is not None and not isinstance(
        cause, HydraException | OmegaConfBaseException | TypeError
    )
