"""Write an exported detector, and read it back to compare."""

import json
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from landmarks.errors import InputError
from landmarks.inference.export.program import Program
from landmarks.storage.atomic import atomic_write

# What onnxruntime 1.20 and OpenCV 5 read.
OPSET = 18

MOST = 0.01  # pixels that the file may differ from torch


def write_onnx(program: Program, path: Path) -> float:
    """Write an ONNX file, which onnxruntime then has to read with the same result.

    Args:
        program: Of the detector.
        path: The file.

    Returns:
        The largest difference from torch, pixels.

    Raises:
        InputError: A package of the extra `export` is missing, the graph has an operation that
            ONNX lacks, or the file says something else than torch; then there is no file.
    """
    check_extra()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of the exporter, about itself
            exported = torch.onnx.export(
                program.traced,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(program.inputs),
                output_names=list(program.outputs),
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        raise InputError(f"ONNX cannot express this detector ({str(error)[:300]})") from error
    assert exported is not None  # a program without a file is returned
    exported.model.metadata_props.update(program.metadata)
    with atomic_write(path) as partial:
        exported.save(partial)
        return _difference(program, partial)


def write_torch(program: Program, path: Path) -> float:
    """Write a file for `torch.export.load`; see `write_onnx`.

    The metadata are in its extra file `metadata.json`.
    """
    with atomic_write(path) as partial, partial.open("wb") as file:
        torch.export.save(
            program.traced, file, extra_files={"metadata.json": json.dumps(program.metadata)}
        )
    return 0.0  # the same operations of the same library


def _difference(program: Program, path: Path) -> float:
    session = of_extra("onnxruntime").InferenceSession(
        path.read_bytes(), providers=["CPUExecutionProvider"]
    )
    given = {name: x.numpy() for name, x in zip(program.inputs, program.examples, strict=True)}
    found = torch.from_numpy(session.run(["points"], given)[0])
    difference = float((found - program.run(program.examples)[0]).abs().max())
    if not difference < MOST:
        raise InputError(
            f"onnxruntime places a landmark {difference:.3g} pixels from where torch does; please "
            "report this with the versions of both"
        )
    return difference


def check_extra() -> None:
    """Refuse to go on without the packages of the extra `export`."""
    for name in ("onnx", "onnxscript", "onnxruntime"):
        of_extra(name)


def of_extra(name: str) -> Any:  # noqa: ANN401 - modules that may not be there
    """A module of the extra `export`, or an `InputError` that names the extra."""
    try:
        return import_module(name)
    except ImportError:
        raise InputError(
            f"export to ONNX needs {name}; install it with: pip install 'landmarks[export]'"
        ) from None
