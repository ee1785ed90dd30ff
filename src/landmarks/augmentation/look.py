"""Look: what was drawn to happen to the pixels of one face, and its development on a CPU.

The order is that of light: something lies before the face, a lamp and a lens, motion, a sensor,
a file. Colours change by one linear map, which is the same on any device.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from albumentations.augmentations.dropout.functional import fill_holes_with_value
from cv2.typing import MatLike
from numpy.typing import NDArray

# Data workers are the parallelism; threads of OpenCV inside them only wait for one another.
cv2.setNumThreads(0)

GRAIN_WINDOWS = 4  # a table of grain is this many times as long as a crop


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Look:
    """What happens to the pixels of one face; the defaults change nothing.

    Attributes:
        blocks: (n, 4) left, top, right, bottom of blocks before the face, crop pixels, the last
            two outside; None: no block.
        paints: (n, 3) uint8, their colours.
        colours: (3, 4) map of RGB levels from 0 to 255, and 1, to other levels; None: the same.
        gamma: Exponent of levels between 0 and 1, after `colours`.
        motion: (k, k) kernel of a moving camera, sum 1; None: it stands still.
        defocus: Standard deviation of a lens out of focus, crop pixels.
        downscale: Size at which the face was photographed, share of the crop.
        noise: Standard deviation of the sensor's noise, levels.
        grain: Where in the table of grain the noise begins, 0 to 1.
        quality: Of JPEG compression, 1 to 100; None: no compression.
    """

    blocks: NDArray[np.intp] | None = None
    paints: NDArray[np.uint8] | None = None
    colours: NDArray[np.float32] | None = None
    gamma: float = 1.0
    motion: NDArray[np.float32] | None = None
    defocus: float = 0.0
    downscale: float = 1.0
    noise: float = 0.0
    grain: float = 0.0
    quality: int | None = None


def develop(image: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """A crop, (S, S, 3) uint8, as `look` has it; `image` itself is left as it is."""
    pixels: MatLike = image
    if look.blocks is not None and look.paints is not None:
        pixels = image.copy()
        for block, paint in zip(look.blocks, look.paints, strict=True):
            pixels = fill_holes_with_value(pixels, block[None], paint)
    if look.colours is not None:
        pixels = cv2.transform(pixels, look.colours)
    if look.gamma != 1:
        pixels = cv2.LUT(pixels, gamma_table(look.gamma))
    if look.motion is not None:
        pixels = cv2.filter2D(pixels, -1, look.motion)
    if look.defocus:
        pixels = _defocused(pixels, look.defocus)
    if look.downscale < 1:
        pixels = _downscaled(pixels, look.downscale)
    if look.noise:
        start = grain_start(look.grain, len(image))
        grain = grain_table(len(image))[start : start + image.size].reshape(image.shape)
        pixels = cv2.add(pixels, look.noise * grain, dtype=cv2.CV_8U)
    if look.quality is not None:
        pixels = _compressed(pixels, look.quality)
    return np.asarray(pixels, np.uint8)


def gamma_table(gamma: float) -> NDArray[np.uint8]:
    """(256,) levels after `gamma`."""
    return np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)


def smoothing(look: Look, size: int) -> NDArray[np.float32]:
    """Defocus and lower resolution as a matrix D: a crop X becomes D X D' in both directions.

    Returns:
        (size, size); made by OpenCV of an image whose columns are single pixels, so that it does
        what `develop` does.
    """
    columns: MatLike = np.eye(size, dtype=np.float32)
    if look.defocus:
        kernel = cv2.getGaussianKernel(_side(look.defocus), look.defocus)
        columns = cv2.sepFilter2D(columns, -1, np.ones(1), kernel)
    if look.downscale < 1:
        small = (size, _small(size, look.downscale))
        shrunk = cv2.resize(columns, small, interpolation=cv2.INTER_AREA)
        columns = cv2.resize(shrunk, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(columns, np.float32)


def grain_start(place: float, size: int) -> int:
    """Index in `grain_table` at which the noise of a crop begins."""
    return int(place * (GRAIN_WINDOWS - 1) * 3 * size**2)


@lru_cache(maxsize=2)
def grain_table(size: int) -> NDArray[np.float32]:
    """Normal numbers, of which crops of `size` pixels take a stretch.

    A table, because drawing anew takes as long as warping the face, and no device draws what
    another draws.
    """
    table = np.random.default_rng(size).standard_normal(GRAIN_WINDOWS * 3 * size**2, np.float32)
    table.flags.writeable = False
    return table


def _side(deviation: float) -> int:
    """Of a Gaussian kernel, pixels."""
    return 2 * max(1, round(3 * deviation)) + 1


def _defocused(image: MatLike, deviation: float) -> MatLike:
    return cv2.GaussianBlur(image, (_side(deviation), _side(deviation)), deviation)


def _small(size: int, scale: float) -> int:
    return max(1, round(size * scale))


def _downscaled(image: MatLike, scale: float) -> MatLike:
    """Neither skips pixels on the way down nor makes blocks on the way up."""
    size, small = len(image), _small(len(image), scale)
    shrunk = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, (size, size), interpolation=cv2.INTER_LINEAR)


def _compressed(image: MatLike, quality: int) -> MatLike:
    written = cv2.imencode(".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.asarray(cv2.imdecode(written[1], cv2.IMREAD_COLOR_RGB), np.uint8)
