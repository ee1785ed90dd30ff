"""Pictures whose landmarks are known, made in microseconds: a disc before a camera.

    python -m tests.synthesis.disc_pictures FOLDER STOP WORKERS [FAULT]

fills a folder with them, for tests that need a process to kill.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from landmarks.errors import InputError
from landmarks.scheme import LandmarkScheme
from landmarks.synthesis.picture import Labels, Picture, SchemeLabels
from landmarks.synthesis.storage.production import produce
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class DiscScene:
    colour: tuple[float, float, float]
    yaw: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class DiscPictures:
    """Picture i of a seed. `fault` is called with the index before a picture is made."""

    seed: int = 0
    size: int = 48
    write: tuple[str, ...] = ()
    settings: dict[str, Any] = field(
        default_factory=lambda: {"name": "discs", "labels": "contour", "view": {"yaw": 18.0}}
    )
    renderer_version: str = "discs 1"
    processes: int = 2
    fault: Callable[[int], None] | None = None
    noise_from: int = 1_000_000  # pictures from this index on do not compress

    def start(self) -> Callable[[int], Picture]:
        return self.picture

    def picture(self, index: int) -> Picture:
        if self.fault is not None:
            self.fault(index)
        return disc(self.seed, index, self.size, noisy=index >= self.noise_from)

    def labelling(self, scheme: LandmarkScheme) -> "DiscLabelling":
        return DiscLabelling(self, scheme.num_landmarks)


@dataclass(frozen=True)
class DiscLabelling:
    """The first landmarks of the same pictures. Its faults are those of the pictures."""

    pictures: DiscPictures
    count: int

    def start(self) -> Callable[[int], SchemeLabels]:
        return self.labels

    def labels(self, index: int) -> SchemeLabels:
        labels = self.pictures.picture(index).labels
        first = slice(self.count)
        return SchemeLabels(
            surface=labels.surface[first],
            contour=labels.contour[first],
            annotated=labels.annotated[first],
            visible=labels.visible[first],
        )


def disc(seed: int, index: int, size: int = 48, *, noisy: bool = False) -> Picture:
    """A disc of 8 cm about the world's origin, seen from 1.6 m, turned about the vertical."""
    rng = np.random.default_rng((seed, index))
    scene = DiscScene(tuple(rng.uniform(0.2, 1, 3)), float(rng.normal(0, 15)), seed)
    focal, centre = 7.0 * size, (size - 1) / 2
    intrinsics = np.array([[focal, 0, centre], [0, focal, centre], [0, 0, 1]])
    cos, sin = np.cos(np.radians(scene.yaw)), np.sin(np.radians(scene.yaw))
    # World: x to the person's left, y to the back, z up. Camera: x right, y down, z forward.
    rotation = np.array([[cos, -sin, 0], [0, 0, -1], [sin, cos, 0]])
    extrinsics = np.column_stack([rotation, (0.01, -0.02, 1.6)])
    angles = np.linspace(0, 2 * np.pi, 70, endpoint=False)
    points = 0.08 * np.column_stack([np.cos(angles), 0.3 * np.sin(3 * angles), np.sin(angles)])
    surface = project(points, intrinsics, extrinsics)
    rows, columns = np.mgrid[:size, :size]
    middle = surface.mean(axis=0)
    inside = np.hypot(columns - middle[0], rows - middle[1]) < 0.3 * size
    image = np.where(inside[..., None], np.array(scene.colour) * 255, 16).astype(np.uint8)
    if noisy:
        image = rng.integers(0, 256, image.shape, dtype=np.uint8)
    visible = np.arange(68) % 2 == 0
    return Picture(
        image=image,
        segmentation=np.where(inside, 1 + columns % 18, 0).astype(np.uint8),
        depth=np.where(inside, 1.6, np.inf).astype(np.float32),
        labels=Labels(
            surface=surface[:68],
            contour=surface[:68] + np.float32(1),
            annotated=surface[:68] + np.float32(2),
            pupils=surface[68:],
            visible=visible,
            points=points[:68],
            dense=surface,
            dense_visible=np.ones(70, bool),
            dense_vertices=np.arange(70, dtype=np.int32),
            dense_places=np.arange(70)[::-1],
        ),
        normals=np.where(inside[..., None], (0, 0, -1), 0).astype(np.float32),
        intrinsics=intrinsics,
        extrinsics=extrinsics,
        head_pose=(scene.yaw, 0.0, 0.0),
        scene=scene,
    )


def project(points, intrinsics, extrinsics):
    seen = (points @ extrinsics[:, :3].T + extrinsics[:, 3]) @ intrinsics.T
    return (seen[:, :2] / seen[:, 2:]).astype(np.float32)


# Faults: module-level functions, so that they can be sent to other processes.


def slow(index: int) -> None:
    time.sleep(0.02)


def stuck_after_2(index: int) -> None:
    if index >= 2:
        time.sleep(PATIENCE)


def die_at_5(index: int) -> None:
    if index == 5:
        os.kill(os.getpid(), 9)


def refuse_5(index: int) -> None:
    if index == 5:
        raise InputError("the fifth scene is wrong")


def divide_at_5(index: int) -> None:
    if index == 5:
        raise ZeroDivisionError("a fault of the program")


if __name__ == "__main__":
    folder, stop, workers, *fault = sys.argv[1:]
    pictures = DiscPictures(fault=globals()[fault[0]] if fault else slow)
    produce(Path(folder), pictures, start=0, stop=int(stop), workers=int(workers))
