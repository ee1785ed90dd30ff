"""Find images that show the same picture: candidates by a coarse pattern, verified on pixels.

The coarse pattern of an image is 16 x 16 pixels without their local mean, so that brightness does
not count, and the correlation of all pairs is one product of matrices. Candidates are aligned by
an affine map (enhanced correlation coefficient, Evangelidis and Psarakis, 2008) and compared in
finer detail, which even another photo of the same person taken seconds later does not share.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

Images = NDArray[np.uint8]
"""(N, S, S) small grey images."""

_COARSE = 16  # pixels a side
_COARSE_MEAN = 3.0  # pixels: standard deviation of the window of the local mean
_FINE = (1.0, 4.0)  # the band that is compared in the end, pixels of the small image
_CANDIDATE = 0.72  # least correlation of coarse patterns
_MOST = 5_000  # pairs that are verified at most, 1.2 ms each: those that correlate best
_BLOCK = 1024  # rows of the matrix of correlations at a time
_BORDER = 4  # pixels of a small image that are not compared
_OVERLAP = 0.4  # least share of the image that both show once they are aligned
_STEPS = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 30, 1e-4)


def candidates(first: Images, second: Images | None, title: str) -> NDArray[np.intp]:
    """Pairs whose coarse patterns correlate, those that correlate best first.

    Args:
        first: Images.
        second: Those to compare with; None: `first`, each pair once.
        title: Of the progress bar.

    Returns:
        (n, 2) positions in `first` and `second`.
    """
    rows = patterns(first)
    columns = rows if second is None else patterns(second)
    found: list[NDArray[np.float64]] = []
    for start in tqdm(range(0, len(rows), _BLOCK), desc=title, unit="block", delay=2):
        likeness = rows[start : start + _BLOCK] @ columns.T
        i, j = np.nonzero(likeness >= _CANDIDATE)
        values = likeness[i, j]
        kept = i + start < j if second is None else np.ones(len(i), bool)
        found.append(np.stack([values, i + start, j], axis=1)[kept].astype(np.float64))
        found = [_best(np.concatenate(found))]
    pairs = found[0] if found else np.empty((0, 3))
    return pairs[:, 1:].astype(np.intp)


def _best(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    return pairs[np.argsort(-pairs[:, 0], kind="stable")[:_MOST]]


def patterns(images: Images) -> NDArray[np.float32]:
    """(N, 256) coarse patterns, of mean 0 and length 1; 0 for an image of one colour."""
    small = np.stack([_pattern(image) for image in images]).reshape(len(images), -1)
    small -= small.mean(axis=1, keepdims=True)
    length = np.linalg.norm(small, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = np.where(length > 1, small / np.maximum(length, 1), 0)
    return scaled


def _pattern(image: Images) -> NDArray[np.float32]:
    small = cv2.resize(image, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA).astype(np.float32)
    pattern: NDArray[np.float32] = small - cv2.GaussianBlur(small, (0, 0), _COARSE_MEAN)
    return pattern


def likenesses(
    first: Images, second: Images, pairs: NDArray[np.intp], title: str
) -> NDArray[np.float64]:
    """(n,) likeness of each pair; see `likeness`."""
    return np.array(list(_likenesses(first, second, pairs, title)))


def _likenesses(
    first: Images, second: Images, pairs: NDArray[np.intp], title: str
) -> Iterator[float]:
    for i, j in tqdm(pairs.tolist(), desc=title, unit="pair", delay=2):
        yield likeness(first[i], second[j])


def likeness(first: Images, second: Images) -> float:
    """Correlation of the fine detail of two images after an affine alignment.

    Args:
        first: (S, S) small grey image.
        second: (S, S)

    Returns:
        1 for the same picture; -1 if they cannot be aligned.
    """
    side = len(first)
    start, everywhere = np.eye(2, 3, dtype=np.float32), np.ones((side, side), np.uint8)
    try:
        _, to_second = cv2.findTransformECC(
            first, second, start, cv2.MOTION_AFFINE, _STEPS, everywhere, 5
        )
    except cv2.error:  # they have nothing in common
        return -1.0
    sampling = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    aligned = cv2.warpAffine(_fine(second), to_second, (side, side), flags=sampling)
    both = cv2.warpAffine(
        np.ones((side, side), np.float32), to_second, (side, side), flags=sampling
    )
    inner = np.zeros((side, side), bool)
    inner[_BORDER:-_BORDER, _BORDER:-_BORDER] = True
    shared = (both > 0.99) & inner
    if shared.mean() < _OVERLAP:
        return -1.0
    x, y = _fine(first)[shared], aligned[shared]
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / max(np.sqrt((x * x).sum() * (y * y).sum()), 1e-6))


def _fine(image: Images) -> NDArray[np.float32]:
    values, (fine, coarse) = image.astype(np.float32), _FINE
    band: NDArray[np.float32] = cv2.GaussianBlur(values, (0, 0), fine) - cv2.GaussianBlur(
        values, (0, 0), coarse
    )
    return band
