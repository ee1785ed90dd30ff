"""The crops of faces as a graph: what `geometry.warp` computes with OpenCV, in tensor operations.

`warp` averages whole blocks of pixels before it samples, so that large photos do not alias, rounds,
samples bilinearly at multiples of 1/32 pixel, and rounds again. All of this is repeated here,
because differences of half a grey level move landmarks by more than a hundredth of a pixel.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

STEPS = 32  # OpenCV samples at multiples of 1/32 pixel


class FaceCrops(nn.Module):
    """Crops of the faces of one photo.

    Args:
        size: S, side of a crop, pixels.
        scale: Side of the square region, in longer sides of the box.
    """

    begin: Tensor
    rest: Tensor
    scale: Tensor

    def __init__(self, size: int, scale: float) -> None:
        super().__init__()
        self.size = size
        # As a tensor: the exporter rounds numbers to float32.
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))
        # OpenCV adds up a column's place from that of its block of 64 columns, which decides how a
        # place half-way between two steps is rounded; whole numbers often lead to such places.
        columns = torch.arange(size, dtype=torch.float64)
        block = columns - columns % 64
        zero = torch.zeros_like(columns)
        self.register_buffer("begin", torch.stack([block, columns]))
        self.register_buffer("rest", torch.stack([columns - block, zero]))

    def forward(self, image: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Cut out the faces.

        Args:
            image: (H, W, 3) uint8.
            boxes: (N, 4) float32, x0, y0, x1, y1 in pixels of `image`.

        Returns:
            Crops, (N, S, S, 3) float64 of whole numbers from 0 to 255; and the map from pixels of
            `image` to those of the crop: factor (N, 1), shift (N, 2), both float64.
        """
        corners = boxes.double().view(-1, 2, 2)
        centre = (corners[:, 0] + corners[:, 1]) / 2
        side = (corners[:, 1] - corners[:, 0]).amax(dim=1, keepdim=True) * self.scale
        first, end = self._regions(image, centre, side)
        # Quotients of tensors: ONNX has a number over a tensor as a product with its reciprocal,
        # with another last bit.
        factor = torch.full_like(side, self.size) / side
        shrink = (torch.ones_like(factor) / (factor * factor).sqrt()).floor().clamp_min(1)
        extent = end - first
        reduced = (extent / shrink).round().clamp_min(1)
        block = torch.ones_like(reduced) / (
            reduced / extent
        )  # pixels of the image per pixel of the reduced one
        middle = (self.size - 1) / 2
        shift = factor * ((block - 1) / 2) + (middle - factor * (centre - first))
        places = self._places(factor * block, shift)
        low = places.floor()
        pairs = torch.stack([low, low + 1], dim=-1)
        pairs = pairs.clamp_min(0).minimum(reduced[..., None, None] - 1).flatten(2)
        colours = self._block_means(image, pairs, block, first, end)
        # OpenCV rounds a half up in blocks of 2 x 2 pixels, and to the even number in others.
        halves = (block == 2).all(dim=1).double() * 0.1
        colours = (colours + halves[:, None, None, None]).round()
        high = places - low
        right, down = torch.stack([1 - high, high], dim=-1).unbind(dim=1)  # (N, S, 2) each
        parts = colours.view(-1, self.size, 2, self.size, 2, 3)
        mixed = (parts * down[:, None, None, :, :, None]).sum(dim=4)
        mixed = (mixed * right[:, :, :, None, None]).sum(dim=2)  # (N, S, S, 3), columns first
        return (mixed + 0.5).floor().transpose(1, 2), factor, middle - factor * centre

    def _regions(self, image: Tensor, centre: Tensor, side: Tensor) -> tuple[Tensor, Tensor]:
        """First pixel, and the one after the last, of the region that `region.cut` looks at."""
        height, width = image.shape[:2]
        extent = torch.stack([torch.full_like(side[:, 0], length) for length in (width, height)], 1)
        reach = side / 2 + 2 * (1 + side / self.size)
        first = (centre - reach).floor().clamp_min(0).minimum(extent - 1)
        return first, ((centre + reach).ceil() + 1).minimum(extent).maximum(first + 1)

    def _places(self, factor: Tensor, shift: Tensor) -> Tensor:
        """Where the crop is sampled: (N, 2, S) columns and rows of the reduced image.

        The order of operations is OpenCV's: its inverse of a matrix, then blocks of columns.
        """
        area = factor[:, :1] * factor[:, 1:]
        scale, other = torch.ones_like(area) / area, factor.flip(1)
        step = (other * scale)[..., None]
        origin = (-(shift * other) * scale)[..., None]
        places = (step * self.begin + origin) + step * self.rest
        return (places * (torch.full_like(area, STEPS) / (area * scale))[..., None]).round() / STEPS

    def _block_means(
        self, image: Tensor, pairs: Tensor, block: Tensor, first: Tensor, end: Tensor
    ) -> Tensor:
        """Means of blocks of pixels.

        Args:
            image: (H, W, 3).
            pairs: (N, 2, M) columns and rows of the reduced region.
            block: (N, 2) width and height of a block.
            first: (N, 2) first column and row of the region.
            end: (N, 2) those after the last.

        Returns:
            (N, M, M, 3), columns before rows.
        """
        lower = pairs * block[..., None] + first[..., None]
        upper = (lower + block[..., None]).minimum(end[..., None])
        # Only the part of the photo that the crops show.
        left, top = first.amin(dim=0).long().unbind()
        right, bottom = end.amax(dim=0).long().unbind()
        part = _part(_part(image, 0, top, bottom), 1, left, right)
        N, M = pairs.shape[0], pairs.shape[2]
        width = part.shape[1]
        rows = (bound[:, 1].flatten() - top for bound in (lower, upper))
        lines = _means(part.double().flatten(1), *rows).view(N, M, width, 3)
        # All faces in one column of lines, each as wide as the part.
        start = torch.arange(N, device=image.device).double()[:, None] * width - left
        columns = ((bound[:, 0] + start).flatten() for bound in (lower, upper))
        return _means(lines.transpose(1, 2).reshape(N * width, M * 3), *columns).view(N, M, M, 3)


def _part(values: Tensor, axis: int, first: Tensor, end: Tensor) -> Tensor:
    """`values[first:end]` along an axis, for numbers that are known when the graph runs."""
    count = (end - first).item()
    torch._check(count >= 1)  # tells the exporter that this is a size
    return values.index_select(axis, first + torch.arange(count, device=values.device))


def _means(values: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """Means of rows between fractional bounds.

    Args:
        values: (L, C).
        lower: (n,) from 0 to L.
        upper: (n,) above `lower`, up to L.

    Returns:
        (n, C) means of `values`, where a row cut by a bound counts in part.
    """
    sums = pad(values, (0, 0, 1, 1)).cumsum(dim=0)  # from no row to all, and all once more

    def up_to(bound: Tensor) -> Tensor:
        whole = bound.floor()
        here = sums.index_select(0, whole.long())
        next_one = sums.index_select(0, whole.long() + 1)
        return here + (bound - whole)[:, None] * (next_one - here)

    return (up_to(upper) - up_to(lower)) / (upper - lower)[:, None]
