"""Simple scenes with known content: a bare head from the front, with optional changes."""

from dataclasses import replace

import numpy as np

from landmarks.scheme import IBUG68
from landmarks.synthesis.background import Background
from landmarks.synthesis.camera import CameraSettings
from landmarks.synthesis.mesh.assets import head_arrays
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.annotator import Annotator
from landmarks.synthesis.scene.expression import Expression
from landmarks.synthesis.scene.view import View

FRONT = View(
    yaw=0.0, pitch=0.0, roll=0.0, neck=(0.0, 0.0, 0.0), distance=1.0, face_share=0.6, shift=(0, 0)
)
NEUTRAL = Expression({})
MIRROR = list(IBUG68.mirror)


def view(**numbers) -> View:
    return replace(FRONT, **numbers)


def bare(seed: int = 0, **parts) -> Scene:
    """Person and skin of a seed; neutral, bald and bare, from the front, in a plain photograph."""
    drawn = Recipe(name="any").draw(seed, 0)
    hair = replace(drawn.hair, density=0.0, length=0.0, long=0.0, bun=0.0)
    nothing = {
        "expression": NEUTRAL,
        "view": FRONT,
        "hair": hair,
        "beard": replace(drawn.beard, stubble=0.0, density=0.0, length=0.0),
        "glasses": None,
        "headwear": None,
        "occluder": None,
        "background": Background(kind="plain", seed=1),
        "photo": CameraSettings(),
        "annotator": Annotator(offsets=0.0, noise=0.0, seed=0),
    }
    return replace(drawn, **(nothing | parts))


def class_at(picture, point) -> int:
    """Class of the pixel at (x, y)."""
    x, y = np.round(point).astype(int)
    return int(picture.segmentation[y, x])


def interocular(landmarks) -> float:
    right, left = IBUG68.interocular
    return float(np.hypot(*(landmarks[left] - landmarks[right])))


def actions() -> list[str]:
    """Names of the facial actions of the head's asset."""
    return [str(name) for name in head_arrays()["A_labels"]]


def distance_to_line(points, line):
    """(N,) distances of points (N, 2) from the broken line through (M, 2) points."""
    start, step = line[:-1], np.diff(line, axis=0)
    from_start = points[:, None] - start
    share = (from_start * step).sum(-1) / (step**2).sum(-1)
    nearest = start + np.clip(share, 0, 1)[..., None] * step
    return np.linalg.norm(points[:, None] - nearest, axis=-1).min(axis=1)
