"""Augmentation: a random crop of a stored face, then a list of albumentations transforms.

A face goes through two stages:

1. `Geometry` draws one 3 x 3 map from the stored canvas to the crop: rotation, scale, shift,
   perspective and mirror. Landmarks move by the same matrix, and pixels are interpolated once.
   `albumentations.Affine` and `Perspective` follow landmarks as exactly, but each interpolates
   again, which blurs the face; and they keep the size of their input, so they would warp the whole
   canvas, 2.25 times the pixels of the crop.
2. `albumentations.Compose` applies the transforms listed in the YAML to the crop, and to its
   landmarks where a transform moves them. Add a transform by adding a line.

The mirror belongs to the first stage because it also exchanges left and right landmarks.
`albumentations.HorizontalFlip` does not, so it is refused in the list.

Changes from the recipes of version 0.1, whose pixel operations were hand-written (probabilities and
ranges are the same unless listed here):

- Colour: channels shift by up to 27 levels instead of 25.5, and hues no longer turn by up to
  9 degrees, which took longer than all other colour changes. On faces, both move the mean colour
  equally far (standard deviation of a* and b* 10.9 and 10.6, before 10.9 and 11.0).
- Light, colour and grey were one matrix, clipped once. They are separate transforms now: levels are
  rounded and clipped after each, and gamma comes before colour.
- Noise is drawn for each face instead of read from a table.
- GPUs get the same crops as CPUs, from data workers, instead of similar ones of their own.
- Random numbers differ, so batches and trained weights do too.
"""

import os

# On import, albumentations would ask a server for a newer version of itself.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

from landmarks.augmentation.geometry import Geometry
from landmarks.augmentation.recipe import Augmentation, AugmentedFace

__all__ = ["Augmentation", "AugmentedFace", "Geometry"]
