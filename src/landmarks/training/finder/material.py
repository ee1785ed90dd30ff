"""What scenes are made of, in memory: rendered faces with their classes, and backgrounds."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.data.dataset import Face
from landmarks.data.face_synthetics import read_face_synthetics
from landmarks.data.files import IMAGE_BYTES, open_file
from landmarks.data.images import ImageFile
from landmarks.data.threads import in_threads
from landmarks.errors import InputError
from landmarks.scheme import IBUG68
from landmarks.synthesis.background import Background, BackgroundRecipe, paint
from landmarks.synthesis.camera.film import rolled_off, srgb
from landmarks.synthesis.panoramas import SUFFIXES, view_of
from landmarks.synthesis.user_files import find_files

Image = NDArray[np.uint8]

BACKGROUND_SIZE = 384  # pixels
# Drawn people have eyes: whoever finds them is right, so they are no example of "no face".
BACKGROUNDS = BackgroundRecipe(plain=0.04, gradient=0.06, crowd=0.0)
PANORAMA_SHARE = 0.2
HALVINGS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Faces:
    """Rendered faces.

    Attributes:
        pictures: (N, size, size, 4) uint8: RGB, and the class of `synthesis.mesh.classes`.
        landmarks: (N, 68, 2) float32 pixels.
    """

    pictures: Image
    landmarks: NDArray[np.float32]

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.pictures)

    @cached_property
    def halved(self) -> tuple[Image, ...]:
        """The pictures, and copies of a half, a quarter and an eighth of their size."""
        levels = [self.pictures]
        for _ in range(HALVINGS):
            levels.append(np.stack([_half(picture) for picture in levels[-1]]))
        return tuple(levels)


def _half(picture: Image) -> Image:
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    pixels = cv2.resize(np.ascontiguousarray(picture[..., :3]), size, interpolation=cv2.INTER_AREA)
    return np.dstack([pixels, picture[1::2, 1::2, 3][: size[1], : size[0]]])


def read_faces(folders: list[Path], first: int | None = None) -> Faces:
    """Read folders in FaceSynthetics' layout, segmentation included.

    Args:
        folders: Each is a folder made by `landmarks synthesize`.
        first: Faces to take of each; None: all.

    Raises:
        InputError: A file is missing or malformed, or pictures differ in size.
    """
    faces = [face for root in folders for face in read_face_synthetics(root, first=first).faces]
    pictures: Image | None = None
    for i, picture in enumerate(in_threads(_with_classes, faces)):
        if pictures is None:
            pictures = np.empty((len(faces), *picture.shape), np.uint8)
        if picture.shape != pictures.shape[1:]:
            raise InputError(
                f"{faces[i].id}: is {picture.shape[1]} x {picture.shape[0]} pixels, the first face "
                f"{pictures.shape[2]} x {pictures.shape[1]}; all must be of one size"
            )
        pictures[i] = picture
    assert pictures is not None  # readers refuse empty folders
    landmarks = np.stack([face.landmarks[: IBUG68.num_landmarks] for face in faces])
    return Faces(pictures=pictures, landmarks=landmarks)


def _with_classes(face: Face) -> Image:
    picture = face.image.read()
    assert isinstance(face.image, ImageFile)  # of a folder
    path = face.image.path.with_name(f"{face.image.path.stem}_seg.png")
    classes = cv2.imdecode(np.frombuffer(_content(path), np.uint8), cv2.IMREAD_GRAYSCALE)
    if classes is None or classes.shape != picture.shape[:2]:
        raise InputError(f"{path}: not a segmentation of the picture beside it; render it again")
    return np.dstack([picture, classes]).astype(np.uint8, copy=False)


def _content(path: Path) -> bytes:
    with open_file(path, IMAGE_BYTES) as file:
        return file.read()


def paint_backgrounds(count: int, seed: int, panoramas: str | None = None) -> Image:
    """Backgrounds without a face, (count, 384, 384, 3) uint8 RGB.

    Args:
        count: How many.
        seed: Decides all of them.
        panoramas: A folder of .hdr files, of which a fifth of the backgrounds are views; None:
            all are painted.
    """
    files = () if panoramas is None else find_files(panoramas, "panoramas", SUFFIXES)
    found = np.empty((count, BACKGROUND_SIZE, BACKGROUND_SIZE, 3), np.uint8)
    for i in range(count):
        rng = np.random.default_rng([seed, i, 7])
        if files and rng.random() < PANORAMA_SHARE:
            light = _view(files[int(rng.integers(len(files)))], rng)
        else:
            light = paint(_varied(BACKGROUNDS.draw(rng), rng), BACKGROUND_SIZE)
        found[i] = np.rint(255 * srgb(rolled_off(light)))
    return found


def _varied(background: Background, rng: np.random.Generator) -> Background:
    """More texture than behind a portrait, where it is out of focus."""
    return replace(background, texture=float(rng.uniform(0.0, 0.25)))


def _view(file: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """What a camera in the middle of a panorama sees, linear RGB."""
    half = np.tan(np.radians(rng.uniform(30, 55)))
    across, down = np.meshgrid(*2 * (np.linspace(-half, half, BACKGROUND_SIZE),))
    pitch = np.radians(rng.uniform(-30, 30))
    forward, up = np.cos(pitch) + down * np.sin(pitch), np.sin(pitch) - down * np.cos(pitch)
    light = view_of(file, rng.uniform(-np.pi, np.pi), np.stack([across, forward, up], axis=-1))
    return np.asarray(np.clip(light * 2 ** rng.normal(-0.7, 0.7), 0, 4), np.float32)
