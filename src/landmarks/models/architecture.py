"""Architecture: a network with its input size, codec, loss and pre-trained weights."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from landmarks.errors import InputError
from landmarks.heatmap import Codec
from landmarks.losses import Loss


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The model of an experiment. `configs/model/*.yaml` has one key per field.

    Attributes:
        network: Builds the network, given the number of landmarks as `num_landmarks`.
        input_size: Side of the crop, pixels.
        codec: Decodes the network's output to landmarks.
        loss: Trains the network; it must fit the codec.
        initial: Loads pre-trained weights into a new network; None trains from scratch.
        cpu_bfloat16: Whether the network is faster in bfloat16 on CPUs that have it; networks of
            depthwise convolutions are slower.
    """

    network: Callable[..., nn.Module]
    input_size: int
    codec: Codec
    loss: Loss[Any]
    initial: Callable[[nn.Module], None] | None = None
    cpu_bfloat16: bool = True

    def __post_init__(self) -> None:
        """Refuse a missing part, and parts that do not fit each other."""
        valid = {
            "network": callable(self.network),
            "codec": hasattr(self.codec, "decode"),
            "loss": callable(self.loss),
        }
        for name, is_valid in valid.items():
            if not is_valid:
                raise InputError(f"model.{name} is {getattr(self, name)!r}; a model needs one")
        if type(self.input_size) is not int or self.input_size not in range(32, 1025, 32):
            raise InputError(
                f"input_size is {self.input_size!r}; it must be a multiple of 32, up to 1024 pixels"
            )
        network: Any = getattr(self.network, "func", self.network)
        if network.output_kind != self.codec.output_kind:
            raise InputError(
                f"{network.__name__} outputs {network.output_kind}, but the codec decodes "
                f"{self.codec.output_kind}; choose another loss, which brings its codec"
            )
        strides = getattr(network, "stride", None), getattr(self.codec, "stride", None)
        if strides[0] != strides[1]:
            raise InputError(
                f"{network.__name__} has stride {strides[0]}, the codec {strides[1]}; they must "
                "be equal"
            )
        size = getattr(self.codec, "size", self.input_size)
        if size != self.input_size:
            raise InputError(
                f"the codec is for crops of {size} pixels, but input_size is {self.input_size}; "
                "they must be equal"
            )
        if not isinstance(self.codec, self.loss.codec_type):
            raise InputError(
                f"loss {type(self.loss).__name__} needs a {self.loss.codec_type.__name__}, but "
                f"the model's codec is a {type(self.codec).__name__}; choose another loss"
            )

    def build(self, num_landmarks: int) -> nn.Module:
        """An untrained network for K = `num_landmarks`."""
        return self.network(num_landmarks=num_landmarks)

    def start(self, num_landmarks: int, seed: int) -> nn.Module:
        """The network that training starts from: random weights from `seed`, then `initial`."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = self.build(num_landmarks)
        if self.initial is not None:
            self.initial(network)
        return network

    @cached_property
    def normalises_one_value(self) -> bool:
        """Whether some BatchNorm sees one value per channel in a batch of one face."""
        seen: list[int] = []

        def look(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            seen.append(inputs[0].numel() // inputs[0].shape[1])

        with torch.device("meta"):  # shapes without arithmetic
            network = self.build(num_landmarks=1).eval()
            for module in network.modules():
                if isinstance(module, _BatchNorm):
                    module.register_forward_pre_hook(look)
            network(torch.empty(1, 3, self.input_size, self.input_size))
        return 1 in seen
