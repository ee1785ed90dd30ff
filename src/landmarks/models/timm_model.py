"""Networks of timm, by name."""

import timm
from torch import nn

from landmarks.errors import InputError


def check_backbone(name: object) -> None:
    """Refuse everything but the name of a timm model, with or without the tag of its weights.

    timm also takes names such as "hf-hub:owner/model" and "local-dir:path", with which a stored
    model could make it ask a server or read other files.
    """
    if not isinstance(name, str) or name.partition(".")[0] not in timm.list_models():
        raise InputError(
            f"backbone {name!r} is unknown to timm {timm.__version__}; timm.list_models() lists "
            "the names"
        )


def timm_model(name: str, **options: object) -> nn.Module:
    """`timm.create_model` with random weights.

    Raises:
        InputError: The installed timm does not know the name.
    """
    check_backbone(name)
    try:
        model: nn.Module = timm.create_model(name, **options)
    except RuntimeError as error:
        if "Invalid pretrained tag" not in str(error):
            raise
        raise InputError(f"backbone {name!r}: {error}; remove the tag after the dot") from None
    return model
