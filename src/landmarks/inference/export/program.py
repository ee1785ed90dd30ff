"""The two forms of an exported detector: of a photo with boxes, and of crops."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from landmarks import __version__
from landmarks.errors import InputError
from landmarks.geometry import GivenBoxCrop, LandmarkCrop
from landmarks.inference.detector_file import DetectorParts
from landmarks.inference.export.graph import CropGraph, PhotoGraph
from landmarks.inference.reliability import TOLERANCE

_PIXELS = "pixels; (0, 0) is the centre of the top-left pixel"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A traced detector, with what its file says about it.

    Attributes:
        traced: Its graph.
        inputs: A description of each input, in order.
        outputs: A description of each output, in order.
        examples: Inputs of other sizes than those it was traced with, to check a file.
        scheme: Name of the landmarks' scheme.
    """

    traced: ExportedProgram
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    examples: tuple[Tensor, ...]
    scheme: str

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says about itself."""
        described = {**self.inputs, **self.outputs}
        return {"landmarks": __version__, "scheme": self.scheme, **described}

    def run(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The outputs for some inputs."""
        with torch.no_grad():
            found = self.traced.module()(*inputs)
        return found if isinstance(found, tuple) else (found,)


def photo_program(detector: DetectorParts) -> Program:
    """The form that takes one photo and the boxes of its faces.

    Raises:
        InputError: The crop rule or the network is of another package and cannot be traced.
    """
    crop = detector.crop
    if not isinstance(crop, LandmarkCrop | GivenBoxCrop):
        raise InputError(
            f"the crop rule {type(crop).__name__} cannot be exported; export the detector for "
            "crops (--crops), and cut out the faces yourself"
        )
    traced = _traced(
        PhotoGraph(detector, crop.scale),
        _photo(96, 128, [[20, 20, 60, 64], [30, 8, 90, 80]]),
        {"image": {0: Dim("height"), 1: Dim("width")}, "boxes": {0: Dim("faces")}},
    )
    kind = {
        "landmarks": "tight around the landmarks, brows to chin",
        "given": "of the kind the detector was trained with",
    }[crop.box_source]
    return Program(
        traced=traced,
        inputs={
            "image": "uint8 (height, width, 3): one photo, RGB",
            "boxes": f"float32 (faces, 4): x0, y0, x1, y1 of each face, {kind}; {_PIXELS}",
        },
        outputs=_outputs(detector, "the photo"),
        examples=_photo(311, 257, [[40, 60, 200, 250], [10, 5, 50, 55], [100, 90, 240, 270]]),
        scheme=detector.scheme.name,
    )


def crops_program(detector: DetectorParts) -> Program:
    """The form that takes crops, for programs that cannot cut out faces in the graph.

    Raises:
        InputError: The network is of another package and cannot be traced.
    """
    size = detector.architecture.input_size
    return Program(
        traced=_traced(CropGraph(detector), (_crops(2, size),), {"crops": {0: Dim("faces")}}),
        inputs={"crops": f"float32 (faces, {size}, {size}, 3): crops, RGB from 0 to 255"},
        outputs=_outputs(detector, "the crop"),
        examples=(_crops(3, size),),
        scheme=detector.scheme.name,
    )


def _traced(
    graph: nn.Module, example: tuple[Tensor, ...], sizes: Mapping[str, Mapping[int, object]]
) -> ExportedProgram:
    # The tensors of a network that has predicted are of torch's inference mode; copies are not.
    copied = deepcopy(graph).cpu().eval()
    try:
        with torch.no_grad():
            traced = torch.export.export(copied, example, dynamic_shapes=dict(sizes), strict=False)
            # OpenCV lacks products of a matrix and a vector, which are decomposed.
            decomposed: ExportedProgram = traced.run_decompositions()
            return decomposed
    except Exception as error:  # torch raises anything for a network that it cannot trace
        name = type(error).__name__
        raise InputError(
            f"torch.export cannot trace this detector ({name}: {str(error)[:300]}); networks of "
            "landmarks can be exported"
        ) from error


def _outputs(detector: DetectorParts, frame: str) -> dict[str, str]:
    """A description of each output, in the order of the graph's."""
    K = detector.scheme.num_landmarks
    points = {"points": f"float32 (faces, {K}, 2): landmarks in {frame}, {_PIXELS}"}
    if detector.reliability is None:
        return points
    shape = f"float32 (faces, {K})"
    return {
        **points,
        "error": f"{shape}: expected error of each landmark, pixels of {frame}",
        "confidence": f"{shape}: probability of an error up to {TOLERANCE:.0%} of the crop's side",
        "visible": f"{shape}: probability that the landmark is seen",
    }


def _photo(height: int, width: int, boxes: list[list[float]]) -> tuple[Tensor, Tensor]:
    return _gradient(height, width).to(torch.uint8), torch.tensor(boxes, dtype=torch.float32)


def _crops(count: int, size: int) -> Tensor:
    return _gradient(size, size).floor().expand(count, size, size, 3).clone()


def _gradient(height: int, width: int) -> Tensor:
    """(H, W, 3) from 0 to 255: something to see, and the same on every machine."""
    down = torch.linspace(0, 255, height)[:, None].expand(height, width)
    across = torch.linspace(0, 255, width).expand(height, width)
    return torch.stack([down, across, (down + across) / 2], dim=-1)
