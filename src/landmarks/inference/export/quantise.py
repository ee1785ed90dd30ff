"""Eight-bit networks inside exported ONNX files: smaller, and faster on CPUs made for them."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from landmarks.data.dataset import FaceDataset
from landmarks.data.face_synthetics import read_face_synthetics
from landmarks.errors import InputError
from landmarks.inference.export.files import of_extra
from landmarks.storage.atomic import atomic_write

FACES = 200  # that the ranges of the network's values are measured on
FEWEST = 50


def quantise(path: Path, faces: FaceDataset) -> None:
    """Replace the network of an ONNX file of the form for photos by one with eight-bit numbers.

    Cutting out and decoding stay as they are. Weights get a scale for each channel, activations one
    for each layer, from the smallest and largest value on some faces.

    Args:
        path: The file; it is replaced.
        faces: From `calibration_faces`.

    Raises:
        InputError: A package of the extra `export` is missing.
    """
    tools = of_extra("onnxruntime.quantization")
    prepared = of_extra("onnxruntime.quantization.shape_inference")
    onnx = of_extra("onnx")
    with TemporaryDirectory() as folder, atomic_write(path) as partial:
        own = Path(folder) / "prepared.onnx"
        prepared.quant_pre_process(str(path), str(own), skip_symbolic_shape=True)
        nodes = onnx.load(own).graph.node
        places = [i for i, node in enumerate(nodes) if node.op_type == "Conv"]
        tools.quantize_static(
            str(own),
            str(partial),
            _Faces(_inputs(faces)),
            quant_format=tools.QuantFormat.QDQ,
            per_channel=True,
            activation_type=tools.QuantType.QUInt8,
            weight_type=tools.QuantType.QInt8,
            op_types_to_quantize=["Conv", "Relu", "Add"],
            nodes_to_quantize=[node.name for node in nodes[places[0] : places[-1] + 1]],
        )


def calibration_faces(folder: Path) -> FaceDataset:
    """The faces of a folder that `landmarks synthesize` wrote.

    Raises:
        InputError: There are too few of them.
    """
    faces = read_face_synthetics(folder)
    if len(faces) < FEWEST:
        raise InputError(f"{len(faces)} faces in {folder}; --int8 needs {FEWEST} or more")
    return faces


class _Faces:
    """What `quantize_static` asks for inputs until there are none."""

    def __init__(self, inputs: Iterator[dict[str, NDArray[np.generic]]]) -> None:
        self.inputs = inputs

    def get_next(self) -> dict[str, NDArray[np.generic]] | None:
        return next(self.inputs, None)


def _inputs(faces: FaceDataset) -> Iterator[dict[str, NDArray[np.generic]]]:
    for face in faces.faces[:FACES]:
        box = np.concatenate([face.labelled.min(axis=0), face.labelled.max(axis=0)])
        yield {"image": face.image.read(), "boxes": box[None].astype(np.float32)}
