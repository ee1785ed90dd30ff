"""Encode arrays as files, deterministically."""

import json

import cv2
import numpy as np
from numpy.typing import NDArray

# Noise and skin compress poorly: above 3, encoding takes four times as long to save a tenth.
_COMPRESSION = 3


def png(image: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Encode a PNG with the bit depth of the array.

    Args:
        image: (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA, 8 or 16 bits.
    """
    swapped = image if image.ndim == 2 else image[..., [2, 1, 0, 3][: image.shape[2]]]
    written, content = cv2.imencode(".png", swapped, [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION])
    if not written:
        raise ValueError(f"an image of {image.shape} {image.dtype} cannot be stored as PNG")
    return content.tobytes()


def json_file(content: object) -> bytes:
    """Human-readable JSON."""
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()
