"""Command line: export a detector to ONNX or torch.export, to use it without landmarks.

landmarks export outputs/.../detector.safetensors                       # detector.onnx
landmarks export outputs/.../detector.safetensors --format torch        # detector.pt2
landmarks export outputs/.../detector.safetensors --crops --out crops.onnx
"""

import argparse
from pathlib import Path

from landmarks.cli.classes import add_class_argument, named_classes
from landmarks.cli.paths import path
from landmarks.errors import InputError, refused

SUFFIXES = {"onnx": ".onnx", "torch": ".pt2"}


def main(arguments: list[str] | None = None) -> int:
    """Write the file; the exit codes are explained by --help."""
    given = _parser().parse_args(arguments)
    # Slow imports (torch), which --help does not need.
    from landmarks.inference.detector import Detector
    from landmarks.inference.export.files import check_extra, write_onnx, write_torch
    from landmarks.inference.export.program import crops_program, photo_program
    from landmarks.inference.export.quantise import calibration_faces, quantise

    write = {"onnx": write_onnx, "torch": write_torch}[given.format]
    name = "detector" if given.detector is None else given.detector.stem
    out = given.out or Path(f"{name}{SUFFIXES[given.format]}")
    try:
        if given.int8 is not None and (given.format != "onnx" or given.crops):
            raise InputError(
                "--int8 is for the form for photos in ONNX; leave out the other option"
            )
        if out.exists():
            raise InputError(f"{out} exists; name another file with --out")
        if given.format == "onnx":
            check_extra()
        calibration = None if given.int8 is None else calibration_faces(given.int8)
        detector = Detector.load(given.detector, named_classes(given.classes), device="cpu")
        program = (crops_program if given.crops else photo_program)(detector)
        difference = write(program, out)
        if calibration is not None:
            quantise(out, calibration)
    except (InputError, OSError) as error:
        return refused(error)
    print(f"{out} takes")
    for name, what in program.inputs.items():
        print(f"  {name}: {what}")
    print("and returns")
    for name, what in program.outputs.items():
        print(f"  {name}: {what}")
    before = " before its network was made int8" * (given.int8 is not None)
    print(f"largest difference from torch in a trial{before}: {difference:.2g} pixels")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="landmarks export",
        description=str(__doc__).partition("\n")[0].partition(": ")[2],
        epilog="exit code: 0 the file was written; 2 invalid input, and there is no file",
    )
    parser.add_argument(
        "detector",
        type=path,
        nargs="?",
        help="detector.safetensors, or a finished run; default: the detector that comes with "
        "landmarks",
    )
    parser.add_argument(
        "--format",
        choices=tuple(SUFFIXES),
        default="onnx",
        help="onnx: for onnxruntime and OpenCV; needs the extra landmarks[export]. torch: for "
        "torch.export.load. Default: onnx",
    )
    parser.add_argument(
        "--crops",
        action="store_true",
        help="take faces that are cut out already, and return pixels of the crop; default: take a "
        "photo and boxes, and return pixels of the photo",
    )
    parser.add_argument(
        "--int8",
        type=path,
        metavar="FOLDER",
        help="compute the network in eight bits; its ranges are measured on 200 faces of this "
        "folder, which landmarks synthesize wrote. The landmarks then differ a little",
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="FILE",
        help="a new file; default: the detector's name in the working directory",
    )
    add_class_argument(parser)
    return parser
