"""Faces and backgrounds for tests of the face finder: drawn, quick, with exact outlines."""

import cv2
import numpy as np

from landmarks.data.toy import read_toy
from landmarks.synthesis.mesh.classes import Class
from landmarks.training.finder.material import Faces

SIDE = 96


def drawn_faces(count):
    """Drawn faces whose skin, magenta, is the hull of their landmarks."""
    dataset = read_toy(count=count, domain="synthetic", size=SIDE)
    pictures = np.zeros((count, SIDE, SIDE, 4), np.uint8)
    for picture, face in zip(pictures, dataset.faces, strict=True):
        hull = cv2.convexHull(np.rint(face.landmarks).astype(np.int32))
        classes = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillConvexPoly(classes, hull, int(Class.SKIN))
        picture[..., 3] = classes
        picture[classes > 0, :3] = (255, 0, 255)
    return Faces(pictures=pictures, landmarks=np.stack([f.landmarks for f in dataset.faces]))


def plain_backgrounds(count):
    """Grey, green and blue."""
    colours = np.array([(90, 90, 90), (40, 120, 40), (40, 60, 130)], np.uint8)
    return np.broadcast_to(colours[:count, None, None], (count, 160, 160, 3)).copy()
