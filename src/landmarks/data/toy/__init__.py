"""Drawn faces: a data set of two domains that needs no download, for tests and first runs.

read_toy -> DrawnFace -> head (3D) -> shape (image) -> labels
                                                    -> drawing (features, on a canvas)
"""

from landmarks.data.toy.domains import REAL, SYNTHETIC, Domain
from landmarks.data.toy.reader import DrawnFace, read_toy

__all__ = ["REAL", "SYNTHETIC", "Domain", "DrawnFace", "read_toy"]
