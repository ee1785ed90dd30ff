"""A detector as one graph: pixels in, landmarks out; the same for ONNX and for torch.export."""

from copy import deepcopy
from typing import cast

import torch
from torch import Tensor, nn

from landmarks.adapters.adapter import Adapter
from landmarks.adapters.frame import Frame
from landmarks.geometry import mirror_order
from landmarks.inference.detector_file import DetectorParts
from landmarks.inference.export.sampling import FaceCrops
from landmarks.inference.reliability import evidence_at, seen_by_head


class CropGraph(nn.Module):
    """Crops to landmarks: the mean of two predictions, of a face and of its mirror image."""

    order: Tensor

    def __init__(self, detector: DetectorParts) -> None:
        super().__init__()
        self.network = detector.network
        self.codec = detector.architecture.codec
        self.size = detector.architecture.input_size
        self.adapter = None if detector.adapter is None else _Adapted(detector.adapter)
        self.reliability = detector.reliability
        self.register_buffer("order", torch.from_numpy(mirror_order(detector.scheme)))

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        """Landmarks, (N, K, 2) float32 crop pixels, of crops (N, S, S, 3) from 0 to 255.

        With the means to say it, three (N, K) follow: the expected error, crop pixels; confidence;
        and visibility.
        """
        upright = crops.float().permute(0, 3, 1, 2) / 255
        both = torch.cat([upright, upright.flip(3)])
        if self.reliability is None:
            return (self._landmarks(self.codec.decode(self.network(both))),)
        with seen_by_head(self.network) as seen:
            output = self.network(both)
        decoded = self.codec.decode(output)
        maps, features, places = (_halves(x)[0] for x in (output, seen[0], decoded))
        evidence = evidence_at(places, features, maps, self.size // maps.shape[-1])
        error, confidence, visible = self.reliability(evidence)
        return self._landmarks(decoded), self.size * error, confidence, visible

    def _landmarks(self, decoded: Tensor) -> Tensor:
        plain, reflected = _halves(decoded)
        back = torch.stack([self.size - 1 - reflected[..., 0], reflected[..., 1]], dim=-1)
        landmarks = (plain + back.index_select(1, self.order)) / 2
        return landmarks if self.adapter is None else cast(Tensor, self.adapter(landmarks))


class PhotoGraph(nn.Module):
    """A photo and the boxes of its faces to landmarks in pixels of the photo."""

    def __init__(self, detector: DetectorParts, scale: float) -> None:
        super().__init__()
        self.cut = FaceCrops(detector.architecture.input_size, scale)
        self.on_crops = CropGraph(detector)

    def forward(self, image: Tensor, boxes: Tensor) -> tuple[Tensor, ...]:
        """As of `CropGraph`, in pixels of the photo.

        Args:
            image: (H, W, 3) uint8.
            boxes: (N, 4) float32.
        """
        crops, factor, shift = self.cut(image, boxes)
        landmarks, *trust = self.on_crops(crops)
        points = ((landmarks.double() - shift[:, None]) / factor[:, None]).float()
        if not trust:
            return (points,)
        error, confidence, visible = trust
        return points, (error / factor).float(), confidence, visible


def _halves(both: Tensor) -> tuple[Tensor, Tensor]:
    """A batch of which the second half is mirrored, as two of half the length."""
    first, second = both.reshape(2, -1, *both.shape[1:]).unbind()
    return first, second


class _Adapted(nn.Module):
    """`Adapter.adapt` without operations that ONNX lacks, in float32, as OpenCV wants it."""

    def __init__(self, adapter: Adapter) -> None:
        super().__init__()
        self.adapter = deepcopy(adapter).float()

    def forward(self, points: Tensor) -> Tensor:
        frame = Frame.of(points, self.adapter.reference)
        cos, sin = frame.turn[:, 0, 0], frame.turn[:, 0, 1]
        size = (cos * cos + sin * sin)[:, None, None]
        has_size = size > 0
        # The inverse of a rotation times a scale is its transpose over the scale's square.
        inverse = frame.turn.transpose(1, 2) / torch.where(has_size, size, torch.ones_like(size))
        shapes = self.adapter((points - frame.centre) @ inverse)
        return torch.where(has_size, frame.to_pixels(shapes), points)
