"""What the Hydra commands share: the folder of YAML files, and one line for every invalid input."""

import inspect
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from landmarks.cli.environment import prepare
from landmarks.cli.override_errors import explained, is_null_choice
from landmarks.cli.quoting import quoted
from landmarks.data.formats import suggested_reader
from landmarks.data.options import check_options
from landmarks.errors import InputError, input_error, one_line
from landmarks.scheme import IBUG68, LandmarkScheme

if TYPE_CHECKING:
    from landmarks.data.dataset import FaceDataset

_PACKAGE = Path(__file__).resolve().parents[1]

# A wheel has the YAML files inside the package; a clone has them at its top.
CONFIGS = next(
    folder for folder in (_PACKAGE / "configs", _PACKAGE.parents[1] / "configs") if folder.is_dir()
)

# Errors in the arguments or in the YAML, found by the libraries that read them.
CONFIG_ERRORS = (HydraException, OmegaConfBaseException, YAMLError)


def _strategy_name(strategy: DictConfig | None) -> str:
    """`${strategy_name:${strategy}}` in YAML: the name of the curve that a run belongs to."""
    return "null" if strategy is None else str(hydra.utils.instantiate(strategy).name)


def _sweep_name(experiment: str | None, data: str, model: str) -> str:
    """`${sweep_name:...}` in YAML: what a tracker groups the runs of a sweep by."""
    return experiment or f"{data}/{model}"


def _in_scheme(data: str, scheme: str) -> str:
    """`${in_scheme:...}` in YAML: the folder of the runs on a dataset, with any unusual scheme."""
    return data if scheme == IBUG68.name else f"{data}_{Path(scheme).stem}"


OmegaConf.register_new_resolver("in_scheme", _in_scheme, replace=True)
OmegaConf.register_new_resolver("strategy_name", _strategy_name, replace=True)
OmegaConf.register_new_resolver("sweep_name", _sweep_name, replace=True)


def run_command(task: Callable[[DictConfig], object], config_name: str) -> None:
    """Compose `configs/<config_name>.yaml` with the arguments of this process; run `task` on it.

    Ends the process: with code 0, or with 2 and one line on standard error if the input is wrong.
    An error of the program itself keeps its traceback.
    """
    prepare()
    sys.argv[1:] = quoted(sys.argv[1:])
    # Without it, Hydra prints errors itself and exits with code 1.
    os.environ["HYDRA_FULL_ERROR"] = "1"

    @wraps(task)
    def guarded(cfg: DictConfig) -> object:
        prepare()  # a launcher may run it on another machine
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            with _bare_bad_input():
                return task(cfg)  # the sweeper collects failures and continues
        with _one_line_for_bad_input():  # inside, before Hydra adds lines of its own
            return task(cfg)

    command = hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)
    with _one_line_for_bad_input(), lazy_help():
        command(guarded)()


@contextmanager
def lazy_help() -> Iterator[None]:
    """Skip argparse's check of help texts, new in Python 3.14, which a lazy text of Hydra fails.

    Neither library has a public switch: https://github.com/facebookresearch/hydra/issues/3121.
    """
    check = getattr(ArgumentParser, "_check_help", None)
    if check is None:
        yield
        return
    ArgumentParser._check_help = lambda _self, _action: None  # type: ignore[attr-defined]
    try:
        yield
    finally:
        ArgumentParser._check_help = check  # type: ignore[attr-defined]


def taking_scheme(
    faces: Mapping[str, Any], place: str, scheme: LandmarkScheme
) -> dict[str, LandmarkScheme]:
    """The argument with which the reader of a dataset reads it in a scheme; none for ibug68.

    Args:
        faces: The configuration of the dataset.
        place: Its place in the configuration: "data.real".
        scheme: Of the landmarks.

    Raises:
        InputError: The reader has no such parameter.
    """
    if scheme == IBUG68:
        return {}
    reader = hydra.utils.get_method(faces["_target_"])
    if "scheme" not in inspect.signature(reader).parameters:
        raise InputError(
            f"scheme is {scheme.name!r}, but {reader.__name__}, the reader of {place}, takes none"
        )
    return {"scheme": scheme}


def check_dataset(faces: object, place: str) -> None:
    """Refuse options of a dataset that its reader does not know, before anything is read.

    Args:
        faces: The configuration of the dataset.
        place: Its place in the configuration: "data.real".
    """
    if not isinstance(faces, dict) or "_target_" not in faces:
        meant = suggested_reader(Path(str(faces)), place) or f"; did you mean {place}.root={faces}?"
        raise InputError(f"{place} is {faces!r}, which is not a dataset{meant}")
    options = {key: value for key, value in faces.items() if not key.startswith("_")}
    check_options(hydra.utils.get_method(faces["_target_"]), options, place)


def read_dataset(faces: Mapping[str, Any], place: str, scheme: LandmarkScheme) -> "FaceDataset":
    """Read a configured dataset in a scheme.

    Args:
        faces: The configuration of the dataset.
        place: Its place in the configuration: "data.real".
        scheme: Of the landmarks.

    Raises:
        InputError: An option is wrong, or the reader refuses its files or the scheme.
    """
    check_dataset(faces, place)
    reader = hydra.utils.instantiate({**faces, "_partial_": True}, _convert_="all")
    dataset: FaceDataset = reader(**taking_scheme(faces, place, scheme))  # errors are not wrapped
    return dataset


@contextmanager
def _bare_bad_input() -> Iterator[None]:
    """Raise an `InputError` without its causes, which other processes may fail to unpickle."""
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
        if cause is None and _is_bug(error):
            raise
        groups = [path.name for path in CONFIGS.iterdir() if path.is_dir()]
        message = one_line(cause) if cause else explained(error, groups)
        if message.startswith("hydra/launcher "):
            message += "; for more launchers: pip install 'landmarks[cluster]'"
        print("error:", message, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted; run the same command to resume", file=sys.stderr)
        sys.exit(130)


def _is_bug(error: BaseException) -> bool:
    """Whether no input explains an error, for instance one in a constructor that Hydra called."""
    cause = error.__cause__
    if is_null_choice(error):
        return False
    if not isinstance(error, CONFIG_ERRORS):
        return True
    return cause is not None and not isinstance(cause, (*CONFIG_ERRORS, TypeError))
