"""Mutations of a detector's file, as accidents and attackers make them; all from one seed."""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import torch
from safetensors.torch import load, save

from landmarks.inference.detector_file import checksum

Bytes = Callable[[bytes, Random], bytes]

# Values that a JSON text may hold where another one belongs.
ODD = (
    None, True, False, 0, 1, -1, 2, 64, 10**9, -(10**9), 10**400, 0.5, 1e300, -0.0, "", "1", "cpu",
    "..", "/dev/zero", "UNet", "HeatmapNet", "CoordinateNet", "HeatmapCodec", "LandmarkCrop",
    "Square", "ResidualBlock", "os.system", "landmarks.training.device.Machine", "__class__",
    "hf-hub:timm/resnet18.a1_in1k", "local-dir:/etc", "resnet18.a1_in1k", "resnet18.bogus",
    "vit_tiny_patch16_224", "\ud800", "x" * 5000, [], [1], [8, 16], [8] * 40, {}, {"a": {}},
    {"_target_": "UNet"}, {"_target_": "LandmarkCrop", "scale": 1.0},
)  # fmt: skip

# JSON that Python's parser refuses, or should.
TEXTS = ("", "NaN", "[Infinity]", "1e999", "[" * 100_000, '{"a":' * 5_000, "9" * 5_000, "{", "\0")

KEYS = (
    "_target_", "_partial_", "_args_", "backbone", "channels", "widths", "num_landmarks", "stride",
    "sigma", "size", "scale", "distance", "self", "extra",
)  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """A broken file.

    Attributes:
        what: How it was broken.
        content: The file.
        damaged: Whether bytes were changed without a new checksum, as accidents do.
    """

    what: str
    content: bytes
    damaged: bool


def mutation(content: bytes, seed: int) -> Mutation:
    """The mutation number `seed` of a detector's file."""
    random = Random(seed)
    how = random.choice((*DAMAGES, *(FORGERIES * 2)))
    return Mutation(how.__name__, how(content, random), how in DAMAGES)


def parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and data of a safetensors file."""
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def joined(header: object, data: bytes) -> bytes:
    """A safetensors file, of whatever header."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def rewritten(metadata: dict[str, str], tensors: dict[str, torch.Tensor]) -> bytes:
    """A file with the checksum of its new content."""
    return save(tensors, {**metadata, "checksum": checksum(metadata, tensors)})


# Accidents: bytes change, and the checksum stays.


def flip_bits(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 30))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def flip_a_bit_of_the_header(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    (length,) = struct.unpack("<Q", content[:8])
    changed[random.randrange(8 + length)] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut_short(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content))]


def append_bytes(content: bytes, random: Random) -> bytes:
    return content + random.randbytes(random.randrange(1, 100))


def overwrite_a_block(content: bytes, random: Random) -> bytes:
    start, size = random.randrange(len(content)), random.choice((4, 512, 4096))
    block = random.choice((bytes(size), random.randbytes(size)))
    return (content[:start] + block + content[start + size :])[: len(content)]


def change_the_header_s_length(content: bytes, random: Random) -> bytes:
    length = random.choice((0, 1, 7, 100, 2**31, 2**63, 2**64 - 1, len(content)))
    return struct.pack("<Q", length) + content[8:]


def change_a_tensor_s_entry(content: bytes, random: Random) -> bytes:
    header, data = parts(content)
    entry = header[random.choice([name for name in header if name != "__metadata__"])]
    field = random.choice(("dtype", "shape", "data_offsets"))
    entry[field] = random.choice(("F64", "F16", "BF16", "I8", [], [1], [0, 4], [-1, 2], [2**62], 3))
    return joined(header, data)


def metadata_of_another_type(content: bytes, random: Random) -> bytes:
    header, data = parts(content)
    key = random.choice(list(header["__metadata__"]))
    header["__metadata__"][key] = random.choice((None, 1, 1.5, [], {}, True))
    return joined(header, data)


# Forgeries: the checksum fits, so that other checks must find what is wrong.


def replace_metadata(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    key = random.choice(list(metadata))
    metadata[key] = random.choice((*TEXTS, json.dumps(random.choice(ODD)), str(random.choice(ODD))))
    return rewritten(printable(metadata), tensors)


def remove_metadata(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    del metadata[random.choice(list(metadata))]
    return rewritten(metadata, tensors)


def change_an_argument(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    name = random.choice(("network", "codec", "loss", "crop"))
    record = json.loads(metadata[name])
    key = random.choice((*record, *record, *KEYS))
    if random.random() < 0.15 and key in record:
        del record[key]
    else:
        record[key] = random.choice(ODD)
    metadata[name] = json.dumps(record)
    return rewritten(metadata, tensors)


def exchange_two_records(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    one, other = random.sample(("network", "codec", "loss", "crop", "input_size", "scheme"), 2)
    metadata[one], metadata[other] = metadata[other], metadata[one]
    return rewritten(metadata, tensors)


def change_a_value(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    values = tensors[random.choice(sorted(tensors))]
    value = random.choice((float("nan"), float("inf"), -float("inf"), -1.0, 0.0, 3e38, 1e-45, 7.0))
    if not values.is_floating_point():
        value = random.choice((-1, 0, 67, 68, 2**62))
    values.view(-1)[random.randrange(values.numel())] = value
    return rewritten(metadata, tensors)


def fill_a_tensor(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    name = random.choice(sorted(tensors))
    tensors[name].fill_(random.choice((0, 1, -1, 1_000_000)))
    return rewritten(metadata, tensors)


def scale_all_tensors(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    factor = random.choice((0.0, 1e3, 1e20, 1e38))
    scaled = {k: v * factor if v.is_floating_point() else v for k, v in tensors.items()}
    return rewritten(metadata, scaled)


def another_shape_or_type(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    name = random.choice(sorted(tensors))
    values = tensors[name]
    flat = values.reshape(-1)
    shapes = values[None], flat, flat[:0], flat[:1]
    types = values.double(), values.half(), values.to(torch.int8), values.bool()
    tensors[name] = random.choice((*shapes, *types)).clone()
    return rewritten(metadata, tensors)


def remove_or_add_a_tensor(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    name = random.choice(sorted(tensors))
    if random.random() < 0.5:
        del tensors[name]
    else:
        new = random.choice(("extra", "network.extra", "adapter.extra", "adapter.", "", "network"))
        tensors[new] = tensors[name].clone()
    return rewritten(metadata, tensors)


def exchange_two_tensors(content: bytes, random: Random) -> bytes:
    metadata, tensors = opened(content)
    one, other = random.sample(sorted(tensors), 2)
    tensors[one], tensors[other] = tensors[other], tensors[one]
    return rewritten(metadata, tensors)


def opened(content: bytes) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    metadata = parts(content)[0]["__metadata__"]
    del metadata["checksum"]
    return metadata, load(content)


def printable(metadata: dict[str, str]) -> dict[str, str]:
    """What a header can hold: it has no lone surrogates."""
    return {k: v.encode("utf-8", "replace").decode() for k, v in metadata.items()}


DAMAGES: tuple[Bytes, ...] = (
    flip_bits,
    flip_a_bit_of_the_header,
    cut_short,
    append_bytes,
    overwrite_a_block,
    change_the_header_s_length,
    change_a_tensor_s_entry,
    metadata_of_another_type,
)
FORGERIES: tuple[Bytes, ...] = (
    replace_metadata,
    remove_metadata,
    change_an_argument,
    exchange_two_records,
    change_a_value,
    fill_a_tensor,
    scale_all_tensors,
    another_shape_or_type,
    remove_or_add_a_tensor,
    exchange_two_tensors,
)
