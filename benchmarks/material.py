"""Material for the benchmarks: the default configuration, and any number of drawn faces.

No timing depends on what the faces show, so nothing needs to be downloaded.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from numpy.typing import NDArray
from omegaconf import OmegaConf
from PIL import Image

from landmarks.augmentation import Augmentation
from landmarks.cli.hydra_command import CONFIGS
from landmarks.data.crops import FaceCrops, make_crops
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.images import ImageFile
from landmarks.data.toy import read_toy
from landmarks.geometry import LandmarkCrop
from landmarks.models.architecture import Architecture
from landmarks.training.batches import FaceSource, MixtureBatches

K = 68
PICTURE = 512  # pixels of a picture's side, as in FaceSynthetics
GRAIN = 4.0  # of 255, so that files compress about as well as photographs


@cache
def _configuration(words: tuple[str, ...]) -> dict[str, Any]:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        composed = compose("train", [*words, "out=."])
    return cast(dict[str, Any], OmegaConf.to_container(composed, resolve=True))


def configured(*words: str) -> dict[str, Any]:
    """The YAML of a run, composed as `landmarks train` does with these arguments."""
    return dict(_configuration(words))


def architecture(model: str) -> Architecture:
    """The model of `configs/model/<model>.yaml`, with the default loss."""
    return cast(Architecture, instantiate(configured(f"model={model}")["model"], _convert_="all"))


def augmentations() -> dict[str, Augmentation]:
    """The default augmentation of "real" and of "synthetic" faces."""
    made = instantiate(configured()["augmentation"], _convert_="all")
    return {domain: made[domain] for domain in ("real", "synthetic")}


@dataclass(frozen=True)
class Pixels:
    """An image in memory.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        name: Distinguishes it from others.
        variant: Always empty: there is one way to read it.
    """

    image: NDArray[np.uint8]
    name: str
    variant: ClassVar[str] = ""

    def read(self) -> NDArray[np.uint8]:
        """The image."""
        return self.image

    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.image.shape[:2]
        return height, width

    def content(self) -> str:
        """Its name."""
        return self.name


def faces_in_memory(count: int, size: int) -> tuple[Face, ...]:
    """Drawn faces in square pictures of `size` pixels, with film grain."""
    rng = np.random.default_rng(0)
    found = []
    for face in read_toy(count=count, domain="stand_in", seed=7, size=size).faces:
        image = face.image.read() + GRAIN * rng.standard_normal((size, size, 3))
        pixels = Pixels(image.clip(0, 255).astype(np.uint8), face.id)
        found.append(replace(face, image=pixels))
    return tuple(found)


def faces_on_disk(faces: tuple[Face, ...], folder: Path, suffix: str) -> tuple[Face, ...]:
    """The same faces, their pictures in files: ".png", or ".jpg" at quality 95."""
    folder.mkdir(parents=True)
    files = []
    for number, face in enumerate(faces):
        path = folder / f"{number:05}{suffix}"
        Image.fromarray(face.image.read()).save(path, quality=95)
        files.append(replace(face, image=ImageFile(path)))
    return tuple(files)


def copies(faces: tuple[Face, ...], count: int) -> FaceDataset:
    """A dataset of `count` faces: the given ones repeated under other names."""
    many = (faces[i % len(faces)] for i in range(count))
    named = (replace(face, id=str(i), group=str(i)) for i, face in enumerate(many))
    return FaceDataset(name="copies", origin="memory", faces=tuple(named))


def stored_crops(faces: FaceDataset, size: int, directory: Path) -> FaceCrops:
    """Crops of `size` pixels of these faces, stored in `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    make_crops(faces, LandmarkCrop(), size, directory)
    return FaceCrops(directory, size, faces.scheme)


def mixture(crops: FaceCrops, batch_size: int, steps: int) -> MixtureBatches:
    """Batches with half real and half synthetic augmentation, as in the strategy `mixing`."""
    sources = [
        FaceSource(
            crops=crops,
            indices=np.arange(len(crops)),
            landmarks=crops.landmarks,
            visible=crops.visible,
            augmentation=augmentation,
            share=0.5,
        )
        for augmentation in augmentations().values()
    ]
    return MixtureBatches(sources, batch_size, steps, seed=0)
