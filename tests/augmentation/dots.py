"""Canvases on which one landmark is bright, and where the light is afterwards."""

import numpy as np


def canvas_with_dots(seed):
    """A 192-pixel canvas with 68 landmarks; landmark `lit` is a bright blob on black."""
    rng = np.random.default_rng(seed)
    landmarks = rng.uniform(70, 122, (68, 2)).astype(np.float32)
    lit = int(rng.integers(68))
    y, x = np.mgrid[0:192, 0:192]
    blob = np.exp(-((x - landmarks[lit, 0]) ** 2 + (y - landmarks[lit, 1]) ** 2) / (2 * 2.5**2))
    return (blob * 255).astype(np.uint8)[..., None].repeat(3, axis=2), landmarks, lit


def distances_to_light(image, landmarks):
    """Pixels from each landmark, (K, 2), to the middle of the light in an image (S, S, 3)."""
    y, x = np.mgrid[0 : len(image), 0 : len(image)]
    weight = image[..., 0].astype(float) ** 2
    found = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
    return np.linalg.norm(landmarks - found, axis=1)
