"""Augmentation: a random crop of a stored face, then a list of albumentations transforms.

A face goes through two stages:

1. `Geometry` draws one 3 x 3 map from the stored canvas to the crop: rotation, scale, shift,
   perspective and mirror. Pixels are interpolated once, landmarks move by the same matrix.
   `albumentations.Affine` and `Perspective` would follow the landmarks just as well, but each
   interpolates again and blurs the face. They also keep the size of their input, so they would warp
   the whole canvas, 2.25 times the pixels of the crop, and need a crop after that.
2. `albumentations.Compose` applies the list in the YAML to the pixels of the crop, and to its
   landmarks where a transform moves them. Add a transform by adding a line.

The mirror is part of the first stage because it also exchanges the left and right landmarks, which
`albumentations.HorizontalFlip` does not; a transform that mirrors is refused in the list.

What changed from the recipe before albumentations, which had the same strengths:

- Light, colour and grey were one matrix, clipped once. They are now separate transforms, and levels
  are rounded and clipped after each; gamma comes before colour instead of after it.
- Hue turns in HSV instead of YIQ, by the same angles.
- Noise is drawn for every face instead of taken from a table.
- GPUs get the same crops as CPUs, made by data workers, instead of a similar crop of their own.
- Random numbers differ, so batches and trained weights differ from those of earlier versions.
"""

import os

# On import, albumentations would ask a server for a newer version of itself.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

from landmarks.augmentation.geometry import Geometry
from landmarks.augmentation.recipe import Augmentation, AugmentedFace

__all__ = ["Augmentation", "AugmentedFace", "Geometry"]
