"""Camera placement: pose of the face, distance, framing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.ranges import check_range, check_share, check_strength

Degrees = float


@dataclass(frozen=True, kw_only=True)
class View:
    """Position of the camera relative to the face.

    Attributes:
        yaw: The face turns to the right of the picture, degrees.
        pitch: The face looks up, degrees.
        roll: The face is turned clockwise in the picture, degrees.
        neck: Turn of the head relative to the chest about z, x and y, degrees.
        distance: From the camera to the face, metres; affects only the perspective, because the
            focal length follows from the framing.
        face_share: Longer side of the landmarks' box as a share of the picture.
        shift: Offset of the box's centre from the picture's, share of the picture.
    """

    yaw: Degrees
    pitch: Degrees
    roll: Degrees
    neck: tuple[float, float, float]
    distance: float
    face_share: float
    shift: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class ViewRecipe:
    """Distribution of camera positions.

    Attributes:
        yaw: Standard deviation of most faces, degrees; none turns beyond `wide_yaw`.
        pitch: The same; none beyond 32 degrees.
        roll: The same.
        wide_yaw: Largest yaw, degrees; reached by the `wide` share of faces.
        wide: Share of faces with large yaw, up to `wide_yaw`.
        neck: Standard deviation of the head's turn relative to the chest, degrees.
        distance: Shortest and longest, metres.
        face_share: Smallest and largest size of the landmarks' box, share of the picture.
        shift: Standard deviation of the box's place, share of the picture.
    """

    yaw: float = 18.0
    pitch: float = 9.0
    roll: float = 8.0
    wide_yaw: float = 70.0
    wide: float = 0.1
    neck: float = 9.0
    distance: tuple[float, float] = (0.45, 2.5)
    face_share: tuple[float, float] = (0.48, 0.62)
    shift: float = 0.02

    def __post_init__(self) -> None:
        """Validate the settings."""
        for name in ("yaw", "pitch", "roll", "neck"):
            check_strength(f"view.{name}", getattr(self, name), 45)
        check_strength("view.wide_yaw", self.wide_yaw, 90)
        check_share("view.wide", self.wide)
        check_range("view.distance", self.distance, 0.3, 4.0)
        check_range("view.face_share", self.face_share, 0.1, 1.5)
        check_strength("view.shift", self.shift, 0.2)

    def draw(self, rng: np.random.Generator) -> View:
        """Draw a view; most faces are near frontal, some turned far to a side."""
        near, far = np.log(self.distance[0]), np.log(self.distance[1])
        turned = rng.random() < self.wide
        wide = rng.choice([-1, 1]) * rng.uniform(min(25.0, self.wide_yaw / 2), self.wide_yaw)
        frontal = rng.normal(0, self.yaw)
        yaw = wide if turned else frontal
        pitch = float(np.clip(rng.normal(0, self.pitch), -32, 32))
        turn, nod, tilt = (float(rng.normal(0, self.neck) * s) for s in (1.1, 0.6, 0.5))
        right, down = rng.normal(0, self.shift, 2)
        return View(
            yaw=float(np.clip(yaw, -self.wide_yaw, self.wide_yaw)),
            pitch=pitch,
            roll=float(rng.normal(0, self.roll)),
            neck=(turn, nod, tilt),
            distance=float(np.exp(rng.uniform(near, far))),
            face_share=float(rng.uniform(*self.face_share)),
            shift=(float(right), float(down)),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Camera:
    """A pinhole camera; pixel (0, 0) is the centre of the top-left pixel.

    Attributes:
        rotation: (3, 3) from the world to camera axes: x right, y down, z forward.
        position: (3,) metres in the world.
        focal: Pixels.
        centre: (2,) principal point, pixels.
        size: Width and height of the picture, pixels.
    """

    rotation: NDArray[np.float64]
    position: NDArray[np.float64]
    focal: float
    centre: tuple[float, float]
    size: int

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 2) pixels of (..., 3) points of the world."""
        x, y, z = np.moveaxis((points - self.position) @ self.rotation.T, -1, 0)
        flat = np.stack([x / z, y / z], axis=-1) * self.focal
        return np.asarray(flat + np.array(self.centre))

    @property
    def intrinsics(self) -> NDArray[np.float64]:
        """(3, 3) matrix K."""
        (cx, cy), f = self.centre, self.focal
        return np.array([[f, 0, cx], [0, f, cy], [0, 0, 1.0]])

    @property
    def extrinsics(self) -> NDArray[np.float64]:
        """(3, 4) matrix [R | t]."""
        return np.column_stack([self.rotation, -self.rotation @ self.position])


def place_camera(
    view: View,
    head: NDArray[np.float64],
    target: NDArray[np.floating],
    framed: NDArray[np.floating],
    size: int,
) -> Camera:
    """Place the camera so that it sees the head as in `view`.

    Args:
        view: Pose and framing.
        head: (3, 3) rotation from the upright head to the world.
        target: (3,) point of the world that the camera looks at.
        framed: (N, 3) points of the world whose box in the picture is framed.
        size: Pixels.
    """
    rotation = _pose(view) @ head.T
    position = target - view.distance * rotation[2]
    unit = Camera(rotation=rotation, position=position, focal=1.0, centre=(0.0, 0.0), size=size)
    seen = unit.project(framed)
    low, high = seen.min(axis=0), seen.max(axis=0)
    focal = view.face_share * size / float((high - low).max())
    middle = (size - 1) / 2 + np.array(view.shift) * size - focal * (low + high) / 2
    return Camera(
        rotation=rotation,
        position=position,
        focal=focal,
        centre=(float(middle[0]), float(middle[1])),
        size=size,
    )


def _pose(view: View) -> NDArray[np.float64]:
    """(3, 3) rotation from the upright head's axes to the camera's for a yaw, pitch and roll."""
    upright = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    (cy, cp, cr), (sy, sp, sr) = (
        f(np.radians((-view.yaw, -view.pitch, view.roll))) for f in (np.cos, np.sin)
    )
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y @ upright)
