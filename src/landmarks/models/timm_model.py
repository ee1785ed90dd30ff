"""Networks of timm, by name."""

import timm
from torch import nn

from landmarks.errors import InputError


def timm_model(name: str, **options: object) -> nn.Module:
    """`timm.create_model`, from random weights.

    Raises:
        InputError: The installed timm does not know the name.
    """
    try:
        model: nn.Module = timm.create_model(name, **options)
    except RuntimeError as error:
        if "Unknown model" not in str(error):
            raise
        raise InputError(
            f"backbone {name!r} is not known to timm {timm.__version__}; "
            "timm.list_models() names those that are"
        ) from None
    return model
