"""Linear RGB colours and their conversion from sRGB (IEC 61966-2-1)."""

import numpy as np
from numpy.typing import NDArray

RGB = tuple[float, float, float]

LUMINANCE: RGB = (0.2126, 0.7152, 0.0722)
"""Share of red, green and blue in the luminance of linear light (ITU-R BT.709)."""

TONES: tuple[RGB, ...] = (
    (0.80, 0.52, 0.40), (0.66, 0.38, 0.26), (0.46, 0.23, 0.135),
    (0.26, 0.115, 0.062), (0.095, 0.042, 0.026),
)  # fmt: skip
"""Linear RGB of skin with melanin 0, 0.25, 0.5, 0.75 and 1, within the range of measured skin."""

FLUSH: RGB = (0.05, 0.38, 0.34)
"""Share of red, green and blue light that blood of amount 1 absorbs in skin."""


def skin_tone(melanin: float, blood: float = 0.0) -> RGB:
    """Linear RGB of skin, as the shader computes it: melanin in [0, 1], and blood."""
    amounts = np.linspace(0, 1, len(TONES))
    r, g, b = (
        float(np.interp(melanin, amounts, channel) * (1 - absorbed * blood))
        for channel, absorbed in zip(zip(*TONES, strict=True), FLUSH, strict=True)
    )
    return r, g, b


def linear(srgb: RGB) -> RGB:
    """Convert an sRGB colour to linear RGB, both in [0, 1]."""
    r, g, b = linear_light(np.asarray(srgb, float))
    return float(r), float(g), float(b)


def linear_light(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert sRGB values to linear light, both in [0, 1]."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def scaled(colour: RGB, factor: float) -> RGB:
    """`colour` made brighter by `factor`."""
    r, g, b = (float(c * factor) for c in colour)
    return r, g, b


def muted(rng: np.random.Generator, spread: float = 0.12) -> RGB:
    """A random colour of an everyday object: any brightness, mostly low saturation; linear RGB."""
    grey = rng.uniform(0.05, 0.9)
    r, g, b = np.clip(grey + rng.normal(0, spread, 3), 0.02, 0.95)
    return linear((float(r), float(g), float(b)))
