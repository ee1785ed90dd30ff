"""The one-euro filter (Casiez, Roussel and Vogel, CHI 2012): steady when still, quick when moving.

A low-pass filter whose cut-off frequency rises with the speed of what it filters. The defaults were
chosen on rendered faces in video: see docs/predict.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from landmarks.inference.face import Face

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _State:
    """A track when it was last seen: its smoothed landmarks and their velocity, a second."""

    time: float
    points: Array
    velocity: Array


@dataclass
class OneEuroFilter:
    """Smooths the landmarks of each track.

    Speeds are in faces per second (the longer side of the face's box), so that the
    settings fit every size of face.

    Attributes:
        still: Cut-off frequency of a landmark that does not move, Hz; lower is steadier.
        gain: Hz by which a speed of one face per second raises it; higher lags less.
        velocity_cutoff: Of the filter of velocities, Hz; 1 in the paper.
    """

    still: float = 1.0
    gain: float = 40.0
    velocity_cutoff: float = 1.0
    _states: dict[int, _State] = field(default_factory=dict)

    def smooth(self, faces: Sequence[Face], time: float) -> list[Face]:
        """The faces of the next frame, `time` seconds after the first, with smoothed landmarks."""
        return [self._smooth(face, time) for face in faces]

    def _smooth(self, face: Face, time: float) -> Face:
        points = face.points.astype(np.float64)
        if face.track is None:
            return face
        before = self._states.get(face.track)
        if before is None or time <= before.time:
            self._states[face.track] = _State(time, points, np.zeros_like(points))
            return face
        step = time - before.time
        x0, y0, x1, y1 = face.box
        side = max(x1 - x0, y1 - y0)
        slow = _share(self.velocity_cutoff, step)
        velocity = before.velocity + slow * ((points - before.points) / step - before.velocity)
        speed = np.linalg.norm(velocity, axis=1, keepdims=True) / side
        smoothed = before.points + _share(self.still + self.gain * speed, step) * (
            points - before.points
        )
        self._states[face.track] = _State(time, smoothed, velocity)
        return replace(face, points=smoothed.astype(np.float32))


def _share(cutoff: float | Array, step: float) -> Array:
    """The share of a new value in a low-pass filter, `step` seconds after the last one."""
    return np.asarray(1 / (1 + 1 / (2 * math.pi * step * np.asarray(cutoff))))
