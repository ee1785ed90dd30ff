"""Batches of scenes: each a function of the seed and the step's number alone."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from landmarks.training.finder.photo import tinted
from landmarks.training.finder.scene import Material, Scene, compose

WINDOW = 400  # scenes


@dataclass(frozen=True, slots=True)
class SceneBatch:
    """Scenes of one step.

    Attributes:
        images: (B, size, size, 3) uint8 RGB.
        boxes: (B, M, 4) float32 pixels, filled up with zeros.
        kinds: (B, M) uint8, see `scene`.
    """

    images: Tensor
    boxes: Tensor
    kinds: Tensor


class SceneBatches(Dataset[SceneBatch]):
    """Batch number t of a training, for t from 0 to `steps` - 1.

    Composing takes longer than a step on a small network, so each scene is in a few batches, far
    apart, mirrored or not and in another light: batch t is drawn from `WINDOW` scenes, of which
    `new` leave and as many come from batch to batch.

    Args:
        material: Of which scenes are made.
        size: Pixels of a side of a scene.
        batch_size: Scenes in a batch.
        steps: Number of batches.
        seed: Decides every draw.
        new: Scenes composed for each batch.
    """

    def __init__(
        self, material: Material, *, size: int, batch_size: int, steps: int, seed: int, new: int = 2
    ) -> None:
        self.material = material
        self.size = size
        self.batch_size = batch_size
        self.steps = steps
        self.seed = seed
        self.new = new
        self._composed: dict[int, Scene] = {}

    def __len__(self) -> int:
        """Number of batches."""
        return self.steps

    def __getitem__(self, step: int) -> SceneBatch:
        """Batch number `step`."""
        rng, first = np.random.default_rng([self.seed, step]), step * self.new
        numbers = first + rng.choice(max(WINDOW, self.batch_size), self.batch_size, replace=False)
        scenes = [_shown_anew(self._scene(int(number)), rng) for number in numbers]
        self._composed = {n: scene for n, scene in self._composed.items() if n >= first}
        most = max(1, *(len(scene.boxes) for scene in scenes))
        boxes = np.zeros((len(scenes), most, 4), np.float32)
        kinds = np.zeros((len(scenes), most), np.uint8)
        for i, scene in enumerate(scenes):
            boxes[i, : len(scene.boxes)] = scene.boxes
            kinds[i, : len(scene.kinds)] = scene.kinds
        images = np.stack([scene.image for scene in scenes])
        return SceneBatch(*(torch.from_numpy(array) for array in (images, boxes, kinds)))

    def _scene(self, number: int) -> Scene:
        if number not in self._composed:
            rng = np.random.default_rng([self.seed, number, 1])
            self._composed[number] = compose(self.material, self.size, rng)
        return self._composed[number]


def _shown_anew(scene: Scene, rng: np.random.Generator) -> Scene:
    """The same scene, perhaps mirrored, perhaps in another light."""
    image, boxes = scene.image, scene.boxes
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image[:, ::-1])
        boxes = boxes[:, [2, 1, 0, 3]] * (-1, 1, -1, 1) + (len(image) - 1) * np.array([1, 0, 1, 0])
    if rng.random() < 0.5:
        image = tinted(image, rng)
    return Scene(image, boxes.astype(np.float32), scene.kinds)
