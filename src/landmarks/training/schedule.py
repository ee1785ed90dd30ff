"""Schedule: how long and how fast a training step optimises."""

import math
from dataclasses import dataclass

from landmarks.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a training step optimises (AdamW, linear warm-up, then a cosine to zero).

    Attributes:
        steps: Optimiser updates.
        batch_size: Faces per update.
        learning_rate: Peak of the schedule.
        warmup: Updates until the peak; half of `steps` where it is more than that.
        weight_decay: Of AdamW; biases and normalisation layers are spared.
        ema: Decay of the moving average of weights, which are the result of training.
        clip_norm: Largest norm of the gradient, which is shortened to it; None: no limit.
    """

    steps: int
    batch_size: int
    learning_rate: float
    warmup: int = 100
    weight_decay: float = 0.01
    ema: float = 0.998
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot train."""
        for name in ("steps", "batch_size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"schedule {name} is {value!r}; it must be a whole number above 0")
        if not isinstance(self.learning_rate, float) or not 0 < self.learning_rate < 1:
            raise InputError(
                f"schedule learning_rate is {self.learning_rate!r}; it must be between 0 and 1"
            )
        if isinstance(self.warmup, bool) or not isinstance(self.warmup, int) or self.warmup < 0:
            raise InputError(
                f"schedule warmup is {self.warmup!r}; it must be a whole number from 0"
            )
        if not isinstance(self.weight_decay, int | float) or not 0 <= self.weight_decay <= 1:
            raise InputError(f"schedule weight_decay is {self.weight_decay!r}; it must be 0 to 1")
        if not isinstance(self.ema, int | float) or not 0 <= self.ema < 1:
            raise InputError(f"schedule ema is {self.ema!r}; it must be from 0 to below 1")
        clip = self.clip_norm
        if clip is not None and (not isinstance(clip, int | float) or not 0 < clip < math.inf):
            raise InputError(
                f"schedule clip_norm is {clip!r}; it must be a number above 0, or null for no limit"
            )
