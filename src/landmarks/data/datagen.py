"""Reader of DGFaces (Datagen, "Facial Landmark Detection Using Synthetic Data", 2022).

Other faces rendered by Datagen's platform have the same format. This module finds the files;
`landmarks.data.datagen_files` reads them.

    root/{datapoint_*, scene_*, environment_*}/             a scene
        actor_metadata.json
        <camera>/ ...                                       of a scene with one face
        frames/001/<camera>/ ...                            of a scene that moves
            environment.json                                names the images
            visible_spectrum_01.png                         or visible_spectrum.png
            face_bounding_box.json
            key_points/face_standard_key_points.json        or face_standard_keypoints.json
            standard_keypoints.json                         in version 1 instead

A file can also be in the folder of the frame or of the scene: the nearest to the camera is used.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from landmarks.data.datagen_files import read_actor, read_box, read_image_names, read_points
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.files import entries, entry_names, existing_folder, is_file, is_folder
from landmarks.data.images import ImageFile, ImageOptions
from landmarks.data.labels import LabelRule
from landmarks.data.names import found_instead
from landmarks.data.options import check_enough, check_whole_number
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme

_SCENES = ("datapoint_", "scene_", "environment_")  # what the names of scenes begin with
_KEY_POINTS = (
    "key_points/face_standard_key_points.json",
    "key_points/face_standard_keypoints.json",
    "standard_keypoints.json",  # version 1
)
_CAMERA_FILE = re.compile(r".*\.json$|key_points$|visible_spectrum")
_LAYOUT = "datapoint_*, scene_* or environment_* folders, each with folders of cameras"


def read_dgfaces(
    root: Path | str,
    *,
    first: int | None = None,
    first_pixel: float = 0.5,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read faces rendered by Datagen, versions 1 and 2 of its format.

    A camera that shows its scene in several environments gives several faces with the same
    landmarks. All 68 landmarks count: the format's `is_visible`, false where a landmark turns away
    or leaves the image, is not read, because annotators of real photos mark those as well.

    Args:
        root: The folder of the scenes.
        first: Number of faces to take; scenes, frames and cameras are sorted by name.
        first_pixel: The coordinate that the files give to the centre of the top-left pixel. The
            camera's principal point is half the image size, hence 0.5; the integers of version 1
            are such coordinates rounded, so the same holds.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        The faces; the group is the person if `actor_metadata.json` has one, else the scene.

    Raises:
        InputError: A file is missing or malformed, or there are fewer than `first` faces.
    """
    check_whole_number("first", first, 1, or_null=True)
    rule = LabelRule(first_pixel)
    folder = existing_folder(root, _LAYOUT)
    options = ImageOptions(str(folder), orientation)
    scenes = _scenes(folder)
    views = (view for scene in scenes for view in _views(scene))
    found = (face for view in views for face in _faces(folder, view, rule, options))
    faces = tuple(islice(found, first))
    check_enough("first", first, len(faces), folder)
    notes = [f"scenes: {len(scenes):,} found; Datagen's article trained on 10,000 images"]
    if first is not None:
        notes.append(f"faces: the first {first:,} by scene, frame and camera")
    return FaceDataset(
        name="DGFaces",
        origin=str(folder),
        namespace=str(folder.resolve()),
        faces=faces,
        notes=(*notes, *rule.notes),
        rendered=True,
    ).in_scheme(scheme)


@dataclass(frozen=True)
class _View:
    """One camera in one frame of a scene."""

    camera: Path
    levels: tuple[Path, ...]  # folders of its files, the nearest first; the scene is the last

    def find(self, *names: str) -> Path | None:
        """The nearest file of one of these names."""
        paths = (level / name for level in self.levels for name in names)
        return next((path for path in paths if is_file(path)), None)

    def require(self, *names: str) -> Path:
        """The nearest file of one of these names, which has to exist."""
        path = self.find(*names)
        if path is None:
            raise InputError(
                f"{self.camera}: no {' or '.join(names)}, here or in the folders above it "
                f"up to {self.levels[-1].name}{found_instead(self.camera / names[0])}"
            )
        return path


def _scenes(root: Path) -> list[Path]:
    scenes = [path for path in _folders(root) if path.name.startswith(_SCENES)]
    if not scenes:
        raise InputError(f"{root}: no scenes; expected {_LAYOUT}")
    return scenes


def _views(scene: Path) -> list[_View]:
    """Cameras of a scene, frame by frame."""
    frames = scene / "frames"
    if is_folder(frames):
        numbered = [path for path in _folders(frames) if path.name.isdecimal()]
        views = [_View(c, (c, frame, scene)) for frame in numbered for c in _cameras(frame)]
    else:
        views = [_View(c, (c, scene)) for c in _cameras(scene)]
    if not views:
        raise InputError(f"{scene}: no folder of a camera (with its .json files) in it")
    return views


def _cameras(folder: Path) -> list[Path]:
    """Sub-folders with annotations or images of a camera."""
    return [path for path in _folders(folder) if any(map(_CAMERA_FILE.match, entry_names(path)))]


def _folders(folder: Path) -> list[Path]:
    return [path for path in entries(folder) if is_folder(path)]


def _faces(root: Path, view: _View, rule: LabelRule, options: ImageOptions) -> Iterator[Face]:
    """The faces of a view: one for each environment it was rendered in."""
    names = read_image_names(view.find("environment.json"))
    images = [ImageFile(view.require(name), options) for name in names]
    path = view.require(*_KEY_POINTS)
    points = read_points(path, view.find("camera_metadata.json"), images[0])
    box_path = view.find("face_bounding_box.json")
    actor_path = view.find("actor_metadata.json")
    actor = None if actor_path is None else read_actor(actor_path)
    for name, image in zip(names, images, strict=True):
        yield rule.face(
            points,
            str(path),
            id=(view.camera.relative_to(root) / name).with_suffix("").as_posix(),
            image=image,
            group=actor or view.levels[-1].name,
            box=None if box_path is None else read_box(box_path),
        )
