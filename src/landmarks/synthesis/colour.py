"""Linear RGB colours and their conversion from sRGB (IEC 61966-2-1)."""

import numpy as np

RGB = tuple[float, float, float]


def linear(srgb: RGB) -> RGB:
    """Convert an sRGB colour to linear RGB, both in [0, 1]."""
    c = np.asarray(srgb, float)
    r, g, b = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(r), float(g), float(b)


def scaled(colour: RGB, factor: float) -> RGB:
    """`colour` made brighter by `factor`."""
    r, g, b = (float(c * factor) for c in colour)
    return r, g, b


def muted(rng: np.random.Generator, spread: float = 0.12) -> RGB:
    """A random colour of an everyday object: any brightness, mostly low saturation; linear RGB."""
    grey = rng.uniform(0.05, 0.9)
    r, g, b = np.clip(grey + rng.normal(0, spread, 3), 0.02, 0.95)
    return linear((float(r), float(g), float(b)))
