"""A model that a test can train in seconds."""

from functools import partial

from landmarks.heatmap import DistributionCodec
from landmarks.losses import CrossEntropySoftArgmax
from landmarks.models.architecture import Architecture
from landmarks.models.unet import UNet


def small_architecture(width: int = 8) -> Architecture:
    """A network that a test can train in seconds, at 64 pixels."""
    return Architecture(
        network=partial(UNet, widths=[width, 2 * width, 2 * width, 2 * width, 2 * width]),
        input_size=64,
        codec=DistributionCodec(stride=4, sigma=1.0),
        loss=CrossEntropySoftArgmax(),
    )
