"""Augmentation: random geometry and appearance of a face.

What happens to a face is drawn first, from one generator, into a `View`: a map from the stored
canvas to the crop and a `Look`. Pixels are made from it afterwards, one face at a time on a CPU
(`develop`) or a whole batch on a GPU (`ViewBatch`). Both do the same to what was drawn, pixel by
pixel within a few levels of 255, and compression loses as much: one recipe has one distribution
wherever it is computed. Every strength is a number in YAML; a probability of 0 switches its part
off.

The visual gap between rendered and photographed faces is bridged here: the recipe
`configs/augmentation/synthetic_to_real.yaml` does to rendered faces what cameras, light and
compression do to photographed ones.
"""

import os

# When albumentations is imported it asks a server for a newer version of itself.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

from landmarks.augmentation.appearance import Appearance
from landmarks.augmentation.geometry import Geometry
from landmarks.augmentation.look import Look, develop
from landmarks.augmentation.view import Augmentation, View
from landmarks.augmentation.view_batch import ViewBatch

__all__ = ["Appearance", "Augmentation", "Geometry", "Look", "View", "ViewBatch", "develop"]
