"""Drawn faces: simple cartoons in two domains that need no download, for tests and first runs.

`synthetic` labels fixed points of a 3D head, hidden or not, as renderers do. `stand_in` takes the
place of photos, which it is not: heads differ and turn more, a camera adds blur, noise and colour,
and the labels are those of an annotator: on the visible outline, with habits and an unsteady hand.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.mean_face import MEAN_FACE
from landmarks.data.options import check_whole_number
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

# Raise it when a change moves a pixel or a landmark.
TOY_VERSION: Final = 2

# How far pictures and labels are those of a camera and an annotator, by the domain's name.
DOMAINS: Final = {"synthetic": 0.0, "stand_in": 1.0}

# Model units are those of the mean face: x to the right, y down, z towards the camera.
_FOREHEAD: Final = np.array(  # from the left ear to the right one
    [(0.80, -0.68, -0.75), (0.76, -0.95, -0.72), (0.66, -1.19, -0.68), (0.40, -1.40, -0.55),
     (-0.40, -1.40, -0.55), (-0.66, -1.19, -0.68), (-0.76, -0.95, -0.72), (-0.80, -0.68, -0.75)]
)  # fmt: skip


def read_toy(
    *,
    count: int,
    domain: str,
    seed: int = 0,
    size: int = 160,
    scheme: LandmarkScheme | str = IBUG68,
) -> FaceDataset:
    """Draw faces with 68 landmarks, or those of them that another scheme has.

    Face i is the same for every count; its picture is drawn when it is read.

    Args:
        count: Number of faces.
        domain: "synthetic" or "stand_in".
        seed: Another seed gives other faces.
        size: Pixels of a side of the square pictures.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.

    Raises:
        InputError: An option is out of its range.
    """
    if domain not in tuple(DOMAINS):
        raise InputError(f"domain is {domain!r}; choose one of {', '.join(DOMAINS)}")
    check_whole_number("count", count, 1)
    check_whole_number("seed", seed, 0)
    check_whole_number("size", size, 64)
    if size > 4096:
        raise InputError(f"size is {size:,}; at most 4,096 pixels a side are drawn")
    return FaceDataset(
        name=f"drawn faces ({domain.replace('_', '-')} domain)",
        origin=f"seed {seed}, drawn at {size} x {size} pixels",
        faces=tuple(DrawnFace(domain, seed, i, size).face() for i in range(count)),
        namespace="drawn faces",
        notes=("no photos: cartoons for tests and first runs",),
        rendered=True,
    ).in_scheme(scheme)


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """The image of a drawn face: an `ImageSource` that draws when it is read.

    Attributes:
        domain: "synthetic" or "stand_in".
        seed: Of the dataset.
        index: Position in the dataset.
        size: Pixels of a side.
    """

    domain: str
    seed: int
    index: int
    size: int
    variant: ClassVar[str] = ""  # all options are in `content`

    def read(self) -> Image:
        """Draw the face, (size, size, 3) uint8 RGB."""
        return _picture(self.head(), DOMAINS[self.domain], self._random(2), self.size)

    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.size, self.size

    def content(self) -> str:
        """All that the pixels depend on."""
        return f"drawing {TOY_VERSION}, {self!r}"

    def head(self) -> "Shape":
        """Where everything is, whoever annotates it."""
        return _shape(DOMAINS[self.domain], self._random(0), self.size)

    def face(self) -> Face:
        """The face with the labels of its domain; a stand-in in twenty shares another's photo."""
        name, realism = f"{self.domain}_{self.seed}", DOMAINS[self.domain]
        photo = self.index - round(realism) * (self.index % 20 == 1)
        return Face(
            id=f"{name}/{self.index:06d}",
            image=self,
            landmarks=_annotated(self.head(), realism, self._random(1)).astype(np.float32),
            group=f"{name}/{photo:06d}",
        )

    def _random(self, purpose: int) -> np.random.Generator:
        """For shape, labels or picture, so that none disturbs the others."""
        domain = list(DOMAINS).index(self.domain)
        return np.random.default_rng([self.seed, self.index, domain, purpose])


class Shape(NamedTuple):
    """A head as it appears, in source pixels.

    Attributes:
        points: (68, 2) projections of fixed points of the head, hidden or not.
        outline: (25, 2) the visible outline: of the jaw, (17, 2), then of the forehead.
        unit: Pixels of a model unit.
        turn: (2, 2) roll of the head, for row vectors.
    """

    points: Array
    outline: Array
    unit: float
    turn: Array


def _shape(realism: float, rng: np.random.Generator, size: int) -> Shape:
    """Draw a head at random and place it in the frame."""
    face = _head(0.06 + 0.03 * realism, rng)
    limits = np.radians([40.0, 20.0, 30.0])
    yaw, pitch, roll = np.clip(rng.normal(0, (0.45 + 0.1 * realism) * limits), -limits, limits)
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    rim = np.concatenate([face[:17], _FOREHEAD * (face[16, 0] / 0.8, 1, 1)])
    # A head is made of arcs from its rim to its front. An arc is seen where it is widest.
    angle = np.linspace(0, np.pi / 2, 13)
    forward = np.maximum(0.12 - 0.25 * (rim[:, 1:2] < -0.8) - rim[:, 2:], 0) * np.sin(angle) ** 0.9
    wide, level = rim[:, :1] * np.cos(angle) ** 0.8, rim[:, 1:2] + 0 * angle
    arcs = _project(np.stack([wide, level, rim[:, 2:] + forward], axis=-1), yaw, pitch)
    widest = np.argmax(arcs[..., 0] * np.sign(rim[:, :1]), axis=1)
    outline, points = arcs[np.arange(len(rim)), widest] @ turn, _project(face, yaw, pitch) @ turn
    low, high = points.min(axis=0), points.max(axis=0)
    unit = rng.uniform(0.42, 0.6) * size / (high[1] - low[1])
    room = np.maximum(size - (high - low) * unit, 0)
    shift = (size - 1) / 2 + rng.uniform(-0.35, 0.35, 2) * room - (low + high) / 2 * unit
    return Shape(points * unit + shift, outline * unit + shift, unit, turn)


def _head(spread: float, rng: np.random.Generator) -> Array:
    """(68, 3) the mean face, each region stretched and moved at random; the mouth may be open."""
    x, y = MEAN_FACE.T.copy()
    for region in ("jaw", "brows", "eyes", "nose", "mouth"):
        part = list(IBUG68.regions[region])
        wide, high, down = np.clip(rng.normal(0, spread, 3), -2 * spread, 2 * spread)
        x[part] *= 1 + wide
        y[part] += high * (y[part] - y[part].mean()) + 0.3 * down
    opening = max(rng.normal(0, 0.15), 0)
    y[[48, 54, 60, 64]] += 0.3 * opening
    y[[55, 56, 57, 58, 59, 65, 66, 67]] += opening
    y[:17] += 0.7 * opening * np.sin(np.pi * np.arange(17) / 16) ** 4
    z = 0.15 - 0.6 * x**2
    z[:17] = 0.1 - 1.33 * x[:17] ** 2
    z[27:31] += np.linspace(0, 0.27, 4)
    z[31:36] += 0.08
    return np.stack([x, y, z], axis=1)


def _project(points: Array, yaw: float, pitch: float) -> Array:
    """(..., 3) to (..., 2) model units: turned about the neck, with weak perspective."""
    x, y, z = np.moveaxis(points + np.array([0.0, 0.0, 0.6]), -1, 0)
    y, z = y * np.cos(pitch) - z * np.sin(pitch), y * np.sin(pitch) + z * np.cos(pitch)
    x, z = x * np.cos(yaw) - z * np.sin(yaw), x * np.sin(yaw) + z * np.cos(yaw)
    return np.asarray(np.stack([x, y], axis=-1) / (1 - z / 8)[..., None])


# Where an annotator marks the upright mean face, relative to its points, (68, 2).
_HABITS: Final = np.zeros_like(MEAN_FACE)
_HABITS[:17] = 0.025 * (MEAN_FACE[:17] - MEAN_FACE[30])  # outwards
_HABITS[:17] += 0.03 * (MEAN_FACE[8] - MEAN_FACE[:17])  # towards the chin
_HABITS[17:27] = 0.0, -0.03  # the upper edge of the brow
_HABITS[31:36] = 0.0, 0.015  # below the nose
_HABITS[48:60] = 0.06 * (MEAN_FACE[48:60] - MEAN_FACE[60:].mean(axis=0))  # around the mouth


def _annotated(shape: Shape, realism: float, rng: np.random.Generator) -> Array:
    distance = np.linalg.norm(shape.points[36] - shape.points[45])
    marked = np.concatenate([shape.outline[:17], shape.points[17:]])
    marked += distance * (_HABITS @ shape.turn + rng.normal(0, 0.007, (68, 2)))
    return np.asarray(shape.points + realism * (marked - shape.points))


def _picture(shape: Shape, realism: float, rng: np.random.Generator, size: int) -> Image:
    """Draw a head at twice the size, so that edges are smooth; then what a camera adds."""
    points, outline, unit, turn = shape
    corners = np.clip(rng.uniform(25, 230) + rng.normal(0, 40, (2, 2, 3)), 0, 255)
    image = cv2.resize(corners.astype(np.uint8), (2 * size, 2 * size))
    skin = np.array([228, 178, 144]) * rng.uniform(0.4, 1.1) + rng.normal(0, 6, 3)
    hair, lips = np.array([120, 100, 80]) * rng.uniform(0.2, 1.5), skin * (0.85, 0.55, 0.55)

    def fixed(path: Array) -> NDArray[np.int32]:
        """On the doubled picture, in the sixteenths of a pixel that OpenCV takes."""
        return np.asarray(np.rint((path * 2 + 0.5) * 16), np.int32)

    def fill(polygon: Array, colour: Array) -> None:
        cv2.fillPoly(image, [fixed(polygon)], colour.tolist(), cv2.LINE_AA, 4)

    def line(path: Array, colour: Array, width: float) -> None:
        thick = max(1, round(2 * width * unit))
        cv2.polylines(image, [fixed(path)], False, colour.tolist(), thick, cv2.LINE_AA, 4)

    def step(right: float, down: float) -> Array:
        return np.array([right, down]) @ turn * unit

    def disc(centre: Array, radius: float, colour: Array) -> None:
        angle = np.arange(24) * np.pi / 12
        fill(centre + radius * unit * np.stack([np.cos(angle), np.sin(angle)], axis=1), colour)

    for _ in range(rng.binomial(15, 0.1 + 0.7 * realism)):  # clutter
        fill(rng.uniform(0, size, 2) + rng.normal(0, 0.1, (4, 2)) * size, rng.uniform(0, 255, 3))
    disc(outline[17:].mean(axis=0), 1.0, hair * 0.8)
    neck = 0.8 * outline[[3, 13]] + 0.2 * outline[[13, 3]]
    fill(np.concatenate([neck, neck[::-1] + np.array([0, size])]), skin * 0.75)
    fill(outline, skin)
    line(outline[:17], skin * 0.6, 0.02)
    fill(np.concatenate([outline[17:], outline[:16:-1] + step(0, rng.uniform(0.1, 0.4))]), hair)
    line(points[27:31], skin * 0.75, 0.05)
    line(points[31:36], skin * 0.5, 0.03)
    fill(points[48:60], lips)
    fill(points[60:68], lips * 0.3)
    line(points[60:65], lips * 0.4, 0.02)
    iris, gaze = rng.uniform(30, 130, 3), step(*rng.normal(0, 0.015, 2))
    for eye in (points[36:42], points[42:48]):
        fill(eye, np.full(3, 240.0))
        disc(eye.mean(axis=0) + gaze, 0.055, iris)
        disc(eye.mean(axis=0) + gaze, 0.025, iris * 0.2)
        line(eye[:4], skin * 0.2, 0.03)
    thickness = rng.uniform(0.05, 0.09)
    for brow in (points[17:22], points[22:27]):
        line(brow, hair * 0.6, thickness)
    image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    # Light from a side; then what a camera adds: colour cast, blur and noise.
    side, place = rng.normal(0, 0.25 + 0.25 * realism, 2), np.linspace(-1, 1, size)
    light = np.clip(1 + side[0] * place + side[1] * place[:, None], 0.3, 1.5)
    gains = np.exp(realism * rng.normal(0, 0.1, 3))
    photo = image * (light[..., None] * gains).astype(np.float32)
    photo = cv2.GaussianBlur(photo, (0, 0), 0.01 + realism * rng.uniform(0, 0.008) * size)
    noise = rng.standard_normal((size, size, 1), np.float32) * (realism * rng.uniform(0, 10))
    return np.asarray(np.clip(np.rint(photo + noise), 0, 255), np.uint8)
