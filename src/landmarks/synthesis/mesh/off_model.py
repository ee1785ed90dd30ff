"""Shape changes outside the head model: smooth waves over the face."""

import numpy as np

from landmarks.synthesis.mesh.blocks import Array
from landmarks.synthesis.mesh.regions import Regions
from landmarks.synthesis.scene import OffModel

WAVES = 10
FREQUENCY = 28.0  # radians a metre, standard deviation: features of about ten centimetres


def displaced(upright: Array, regions: Regions, off_model: OffModel) -> Array:
    """(V, 3) displaced vertices of the upright head; nothing below the chin moves."""
    if not off_model.amplitude:
        return upright
    rng = np.random.default_rng(off_model.seed)
    place = np.stack([upright[:, 0], regions.depth, regions.height], axis=1)
    phases = place @ rng.normal(0, FREQUENCY, (3, WAVES)) + rng.uniform(0, 2 * np.pi, WAVES)
    step = np.cos(phases) @ rng.normal(0, 1, (WAVES, 3))
    step *= off_model.amplitude / np.sqrt(WAVES / 2)
    fade = np.clip((regions.height + 0.16) / 0.05, 0, 1)[:, None]
    return np.asarray(upright + fade * step, np.float32)
