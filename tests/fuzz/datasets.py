"""Every format of labelled faces, two or three faces of each, read and cropped as a run does."""

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from scipy.io import savemat

from landmarks.data.coco import read_coco
from landmarks.data.crops import FaceCrops, make_crops
from landmarks.data.csv_table import read_csv
from landmarks.data.cvat_xml import read_cvat_xml
from landmarks.data.datagen import read_dgfaces
from landmarks.data.dataset import FaceDataset
from landmarks.data.dlib_xml import read_dlib_xml
from landmarks.data.face_synthetics import read_face_synthetics
from landmarks.data.label_studio import read_label_studio
from landmarks.data.photo_list import read_photos
from landmarks.data.pts import read_pts_folder
from landmarks.data.rendered import read_rendered
from landmarks.data.subset import named_faces
from landmarks.data.w300 import read_w300
from landmarks.data.w300_dlib import read_w300_dlib
from landmarks.data.wflw import read_wflw
from landmarks.geometry import GivenBoxCrop, LandmarkCrop
from landmarks.synthesis.storage.production import produce
from tests.data.faces_on_disk import PIXELS, distinct_pixels, draw
from tests.data.formats_on_disk import (
    STANDARD,
    box_text,
    coco_annotation,
    cvat_coco,
    cvat_xml,
    pts_text,
    skeleton_text,
    studio_min,
    studio_point,
    studio_task,
    triples,
    version_1,
    wflw_line,
    write_datapoint,
    write_face_synthetics,
    write_json,
    write_wflw,
    write_xml,
)
from tests.fuzz.campaign import Subject
from tests.synthesis.disc_pictures import DiscPictures

IMAGES = ("photos/a.png", "photos/b.png")
CORNERS = PIXELS + 0.5


def _pictures(root: Path, *names: str) -> None:
    draw(root.parent / "secret.png")  # what names may lead to
    draw(root / "secret.png")
    for name in names:
        draw(root / name)


# What each tool would write


def _pts(root: Path, names: tuple[str, ...] = ("a", "b")) -> None:
    _pictures(root, *(f"{name}.png" for name in names))
    (root / "secret.png").unlink()
    for name in names:
        (root / name).with_suffix(".pts").write_text(pts_text())


def _w300(root: Path) -> None:
    _pts(root, ("ibug/image_003_1", "ibug/image_004_1"))


def _w300_boxes(root: Path) -> None:
    _w300(root)
    cells = np.empty((1, 2), object)
    for i, name in enumerate(("image_003_1.png", "image_004_1.png")):
        box = np.array([[1.0, 1.5, 120.0, 90.0]])
        cells[0, i] = {"imgName": name, "bb_detector": box, "bb_ground_truth": box}
    (root / "bounding_boxes").mkdir()
    savemat(root / "bounding_boxes/bounding_boxes_ibug.mat", {"bounding_boxes": cells})


def _coco(root: Path) -> None:
    _pictures(root, *IMAGES)
    write_json(root / "labels.json", _coco_content(PIXELS))


def _coco_content(pixels: np.ndarray) -> dict:
    return {
        "info": {},
        "images": [
            {"id": i, "file_name": name, "width": 120, "height": 90}
            for i, name in enumerate(IMAGES)
        ],
        "annotations": [
            coco_annotation(id=7 + i, image_id=i, keypoints=triples(pixels)) for i in range(2)
        ],
    }


def _cvat_coco(root: Path) -> None:
    _pictures(root, *IMAGES)
    write_json(root / "labels.json", cvat_coco(_coco_content(CORNERS)))


def _cvat_xml(root: Path) -> None:
    _pictures(root, *IMAGES)
    (root / "labels.xml").write_text(cvat_xml(dict.fromkeys(IMAGES, skeleton_text(CORNERS))))


def _label_studio(root: Path, *, short: bool = False) -> None:
    _pictures(root, *IMAGES)
    tasks = [
        studio_task(
            [studio_point(f"{k:02d}", x, y) for k, (x, y) in enumerate(CORNERS)],
            image=f"/data/local-files/?d={name}",
            id=1 + i,
        )
        for i, name in enumerate(IMAGES)
    ]
    (root / "labels.json").write_text(
        json.dumps([studio_min(t) for t in tasks] if short else tasks)
    )


def _csv(root: Path, *, header: bool) -> None:
    _pictures(root, *IMAGES)
    names = ["image", *(f"{axis}{k}" for k in range(68) for axis in "xy")]
    with (root / "labels.csv").open("w", newline="") as file:
        rows = [[name, *np.ravel(PIXELS).tolist()] for name in IMAGES]
        csv.writer(file).writerows([names, *rows] if header else rows)


def _dlib_xml(root: Path, encoding: str = "ISO-8859-1") -> None:
    _pictures(root, *IMAGES)
    write_xml(root / "labels.xml", dict.fromkeys(IMAGES, box_text()), encoding)


def _w300_dlib(root: Path) -> None:
    names = "ibug/image_003_1.png", "ibug/image_004_1.png"
    _pictures(root, *names)
    write_xml(root / "labels_ibug_300W.xml", dict.fromkeys(names, box_text()))


def _wflw(root: Path) -> None:
    _pictures(root, "images/a.png", "images/b.png")
    write_wflw(root, wflw_line("a.png"), wflw_line("b.png"))


def _face_synthetics(root: Path) -> None:
    for name in ("000000", "000001"):
        write_face_synthetics(root, name, distinct_pixels(0, 70))


def _datagen(root: Path) -> None:
    for i in range(2):
        write_datapoint(root, f"datapoint_0000{i}", seed=i)


def _datagen_1(root: Path, *, keyed: bool) -> None:
    _datagen(root)
    for i in range(2):
        camera = root / f"datapoint_0000{i}/camera"
        (camera / STANDARD).unlink()
        write_json(camera / "standard_keypoints.json", version_1(distinct_pixels(i), keyed=keyed))


def _rendered(root: Path, layout: str = "face_synthetics") -> None:
    draw(root.parent / "secret.png")
    produce(root, DiscPictures(), start=0, stop=3, workers=1, layout=layout)


# Reading them


def _used(
    read: Callable[[Path], FaceDataset], root: Path, rule: object = LandmarkCrop(1.3)
) -> dict[str, tuple]:
    """Read, describe, crop; returns what is known of each face."""
    dataset = read(root)
    _check(dataset)
    (root / "crops").mkdir()
    make_crops(dataset, rule, 16, root / "crops")
    crops = FaceCrops(root / "crops", 16, dataset.scheme)
    pixels = crops.crops(np.arange(len(crops)))
    assert np.isfinite(crops.landmarks).all()
    assert crops.ids.tolist() == [face.id for face in dataset.faces]
    return {
        face.id: (face.landmarks.tobytes(), face.box, one.tobytes())
        for face, one in zip(dataset.faces, pixels, strict=True)
    }


def _check(dataset: FaceDataset) -> None:
    """What all datasets promise."""
    K = dataset.scheme.num_landmarks
    assert dataset.landmarks.shape == (len(dataset), K, 2)
    assert dataset.landmarks.dtype == np.float32
    assert np.isfinite(dataset.landmarks).all()
    assert len({face.id for face in dataset.faces}) == len(dataset)
    for face in dataset.faces:
        assert face.visible is None or (face.visible.shape == (K,) and face.visible.dtype == bool)
    assert str(dataset.describe()).encode()
    assert len(dataset.content) == 32
    assert len(dataset.photos) == len(dataset)


def _one_face_differs(before: object, after: object) -> None:
    """A file that belongs to one face cannot change another."""
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    changed = [id for id, value in before.items() if after.get(id) != value]
    assert len(changed) <= 1, f"faces {changed} differ"
    assert len(after) <= len(before), f"faces {sorted(after)}"


def _dataset(
    write: Callable[[Path], object],
    read: Callable[[Path], FaceDataset],
    *files: str,
    apart: bool = False,
    rule: object = LandmarkCrop(1.3),
) -> Subject:
    compare = _one_face_differs if apart else None
    return Subject(write, partial(_used, read, rule=rule), files or ("**/*",), compare=compare)


def _subset(root: Path) -> list[int]:
    ids = ["a", "b", "helen/trainset/1_1", "helen/trainset/2_1", "afw/1_1"]
    found = named_faces(root / "names.txt", ids)
    assert len(set(found.tolist())) == len(found) > 0
    assert set(found.tolist()) <= set(range(5))
    return found.tolist()


def _write_subset(root: Path) -> None:
    (root / "names.txt").write_text("# ours\nhelen/trainset/1_1.jpg\n\n2_1.pts\nb\n")


def _write_photos(root: Path) -> None:
    _pictures(root / "photos", "a.png", "party/b.png")
    rows = "image,x0,y0,x1,y1\na.png,10,12.5,80,70\nparty/b.png,0,0,119,89\nparty/b.png,5,5,60,60\n"
    (root / "boxes.csv").write_text(rows)


def _photos(root: Path) -> list[tuple]:
    found = read_photos(root / "photos", boxes=root / "boxes.csv")
    assert all(note.encode() for note in found.notes)
    seen = []
    for photo in found.photos:
        assert photo.boxes
        seen += [(photo.name, placed.box) for placed in photo.boxes]
        pixels = photo.read()
        assert pixels.ndim == 3
    return seen


DATASETS = {
    ".pts": _dataset(_pts, read_pts_folder, "*.pts", apart=True),
    "300-W": _dataset(_w300, read_w300, "**/*.pts", apart=True),
    "300-W boxes": _dataset(
        _w300_boxes, partial(read_w300, boxes="detector"), "**/*.mat", rule=GivenBoxCrop(1.3)
    ),
    "300-W of dlib": _dataset(_w300_dlib, read_w300_dlib, "*.xml"),
    "COCO": _dataset(_coco, lambda root: read_coco(root / "labels.json", root), "*.json"),
    "CVAT, COCO": _dataset(
        _cvat_coco, lambda root: read_coco(root / "labels.json", root, first_pixel=0.5), "*.json"
    ),
    "CVAT, XML": _dataset(_cvat_xml, lambda root: read_cvat_xml(root / "labels.xml"), "*.xml"),
    "Label Studio": _dataset(
        _label_studio, lambda root: read_label_studio(root / "labels.json", root), "*.json"
    ),
    "Label Studio, short": _dataset(
        partial(_label_studio, short=True),
        lambda root: read_label_studio(root / "labels.json", root),
        "*.json",
    ),
    "CSV": _dataset(
        partial(_csv, header=True), lambda root: read_csv(root / "labels.csv"), "*.csv"
    ),
    "CSV without header": _dataset(
        partial(_csv, header=False), lambda root: read_csv(root / "labels.csv"), "*.csv"
    ),
    "dlib XML": _dataset(_dlib_xml, lambda root: read_dlib_xml(root / "labels.xml"), "*.xml"),
    "WFLW": _dataset(_wflw, lambda root: read_wflw(root / "list.txt", root / "images"), "list.txt"),
    "FaceSynthetics": _dataset(
        _face_synthetics, read_face_synthetics, "*.txt", "*.png", apart=True
    ),
    "Datagen": _dataset(_datagen, read_dgfaces, apart=True),
    "Datagen, version 1": _dataset(
        partial(_datagen_1, keyed=False), read_dgfaces, "**/*.json", apart=True
    ),
    "Datagen, version 1, by number": _dataset(
        partial(_datagen_1, keyed=True), read_dgfaces, "**/*.json", apart=True
    ),
    "rendered": _dataset(_rendered, read_rendered, "*.json*", "*.gz", "*.png"),
    "rendered, Datagen's layout": _dataset(
        partial(_rendered, layout="datagen"), read_rendered, "*.json*", "*.gz"
    ),
    "subset file": Subject(_write_subset, _subset),
    "photos and boxes": Subject(_write_photos, _photos, ("boxes.csv", "photos/a.png")),
}
