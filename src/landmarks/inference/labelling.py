"""Predictions in the formats that annotation tools import, to be corrected there.

- `predictions.coco.json`: COCO's key points (https://cocodataset.org/#format-results), which CVAT
  imports as "COCO Keypoints 1.0".
- `labelling/cvat_labels.json`: the skeleton for CVAT's label constructor, "Raw".
- `labelling/label_studio.json`: tasks with predictions for Label Studio
  (https://labelstud.io/guide/predictions); `labelling/label_studio.xml`: its labelling interface.

Written for CVAT 2.x and Label Studio 1.x; checked with the libraries that these import and export
with, datumaro 1.13 and label-studio-sdk 2.1, not in the programs. Both count from the corner of
the top-left pixel, so that its centre is (0.5, 0.5); Label Studio in per cent of the image's width
and height. The readers are `landmarks.data.coco`, `cvat_xml` and `label_studio`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from landmarks import __version__
from landmarks.data.coco import FIRST_PIXEL
from landmarks.data.coordinates import from_pixel_centres
from landmarks.data.mean_face import drawn_face
from landmarks.inference.face import Face
from landmarks.scheme import IBUG68, LandmarkScheme
from landmarks.storage.atomic import atomic_write

COCO = "predictions.coco.json"
FOLDER = "labelling"
CVAT_LABELS = f"{FOLDER}/cvat_labels.json"
LABEL_STUDIO = f"{FOLDER}/label_studio.json"
LABEL_STUDIO_CONFIG = f"{FOLDER}/label_studio.xml"

CORNER = 0.5  # the coordinate of the centre of the top-left pixel in both tools
HIDDEN, SEEN = 1, 2  # COCO's v of a labelled point
FACE = "face"  # the name of the label in both tools
DOT = 0.4  # per cent of the image's width: a point in Label Studio


@dataclass(frozen=True, eq=False)
class PredictedPhoto:
    """A photo and what was predicted on it.

    Attributes:
        name: Its path below the folder of photos.
        path: The file.
        width: Pixels, upright.
        height: Pixels, upright.
        faces: In the photo's pixels.
    """

    name: str
    path: Path
    width: int
    height: int
    faces: Sequence[Face]

    @property
    def path_with_folder(self) -> str:
        """The name of the folder of photos, and the path below it."""
        depth = len(PurePosixPath(self.name).parts)
        return PurePosixPath(*self.path.resolve().parts[-depth - 1 :]).as_posix()


def write_for_labelling(
    folder: Path, photos: Sequence[PredictedPhoto], scheme: LandmarkScheme = IBUG68
) -> None:
    """Write the four files that the module describes to `folder`."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, text in {
        COCO: json.dumps(coco(photos, scheme)),
        CVAT_LABELS: json.dumps(cvat_labels(scheme), indent=1),
        LABEL_STUDIO: json.dumps(label_studio(photos, scheme)),
        LABEL_STUDIO_CONFIG: label_studio_config(scheme),
    }.items():
        with atomic_write(folder / name) as path:
            path.write_text(text + "\n", encoding="utf-8")


def coco(photos: Sequence[PredictedPhoto], scheme: LandmarkScheme) -> dict[str, Any]:
    """Predictions as COCO's key points, ids from 1."""
    faces = [(number, face) for number, p in enumerate(photos, start=1) for face in p.faces]
    return {
        "info": {"description": f"predictions of landmarks {__version__}", FIRST_PIXEL: CORNER},
        "licenses": [],
        "images": [
            {"id": number, "file_name": p.name, "width": p.width, "height": p.height}
            for number, p in enumerate(photos, start=1)
        ],
        "categories": [
            {
                "id": 1,
                "name": FACE,
                "supercategory": "",
                "keypoints": list(scheme.point_names),
                "skeleton": [[a + 1, b + 1] for a, b in scheme.edges],
            }
        ],
        "annotations": [
            {"id": id, "image_id": image, "category_id": 1, **_annotation(face, scheme)}
            for id, (image, face) in enumerate(faces, start=1)
        ],
    }


def _annotation(face: Face, scheme: LandmarkScheme) -> dict[str, Any]:
    points = from_pixel_centres(face.points, CORNER).round(3)
    seen = np.ones(len(points), bool) if face.visible is None else face.visible >= 0.5
    flags = np.where(seen, SEEN, HIDDEN)
    x0, y0, x1, y1 = (round(side + CORNER, 3) for side in face.box)
    triples = [[x, y, v] for (x, y), v in zip(points.tolist(), flags.tolist(), strict=True)]
    return {
        "keypoints": [number for triple in triples for number in triple],
        "num_keypoints": len(points),
        "bbox": [x0, y0, round(x1 - x0, 3), round(y1 - y0, 3)],
        "area": round((x1 - x0) * (y1 - y0), 3),
        "segmentation": [],
        "iscrowd": 0,
        "score": score(face),
    }


def score(face: Face) -> float:
    """The mean confidence of its landmarks, by which tools sort: the least sure faces first.

    1 for a detector that does not say how sure it is.
    """
    return 1.0 if face.confidence is None else round(float(face.confidence.mean()), 4)


def cvat_labels(scheme: LandmarkScheme) -> list[dict[str, Any]]:
    """The skeleton, for the "Raw" form of CVAT's labels; its picture is the mean face."""
    places = (drawn_face(scheme) * 45 + 50).round(2).tolist()  # in a square of 100
    lines = [
        f'<line x1="{places[a][0]}" y1="{places[a][1]}" x2="{places[b][0]}" y2="{places[b][1]}" '
        f'data-type="edge" data-node-from="{a + 1}" data-node-to="{b + 1}"></line>'
        for a, b in scheme.edges
    ]
    circles = [
        f'<circle r="0.75" cx="{x}" cy="{y}" data-type="element node" data-element-id="{k}" '
        f'data-node-id="{k}" data-label-name="{name}"></circle>'
        for k, ((x, y), name) in enumerate(zip(places, scheme.point_names, strict=True), start=1)
    ]
    points = [{"name": name, "type": "points", "attributes": []} for name in scheme.point_names]
    return [
        {
            "name": FACE,
            "type": "skeleton",
            "attributes": [],
            "sublabels": points,
            "svg": "".join(lines + circles),
        }
    ]


def label_studio(photos: Sequence[PredictedPhoto], scheme: LandmarkScheme) -> list[dict[str, Any]]:
    """A task for each photo, with the predictions to start from.

    Label Studio serves the images from its folder of local files, which must be the one that holds
    the folder of photos.
    """
    return [
        {
            "data": {"image": f"/data/local-files/?d={quote(photo.path_with_folder)}"},
            "predictions": [
                {
                    "model_version": f"landmarks {__version__}",
                    "score": min((score(face) for face in photo.faces), default=1.0),
                    "result": [
                        region
                        for number, face in enumerate(photo.faces, start=1)
                        for region in _regions(photo, face, f"{FACE}{number}", scheme)
                    ],
                }
            ],
        }
        for photo in photos
    ]


def _regions(
    photo: PredictedPhoto, face: Face, id: str, scheme: LandmarkScheme
) -> list[dict[str, Any]]:
    """The box of a face, and its points as children of it."""
    image = {
        "to_name": "image",
        "original_width": photo.width,
        "original_height": photo.height,
        "image_rotation": 0,
    }
    percent = 100 / np.array([photo.width, photo.height])
    corners = np.reshape(np.array(face.box) + CORNER, (2, 2)) * percent
    (x, y), (width, height) = _rounded(corners[0]), _rounded(corners[1] - corners[0])
    value: Mapping[str, Any] = {"x": x, "y": y, "width": width, "height": height, "rotation": 0}
    box = {
        "id": id,
        "from_name": FACE,
        "type": "rectanglelabels",
        **image,
        "value": {**value, "rectanglelabels": [FACE]},
    }
    places = from_pixel_centres(face.points, CORNER) * percent
    points = [
        {
            "id": f"{id}_{name}",
            "parentID": id,
            "from_name": "points",
            "type": "keypointlabels",
            **image,
            "value": {
                **dict(zip("xy", _rounded(place), strict=True)),
                "width": DOT,
                "keypointlabels": [name],
            },
        }
        for name, place in zip(scheme.point_names, places, strict=True)
    ]
    return [box, *points]


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(value, 5) for value in values.tolist()]


def label_studio_config(scheme: LandmarkScheme) -> str:
    """The labelling interface, for Settings > Labeling Interface > Code."""
    labels = "\n".join(f"    <Label value={quoteattr(name)}/>" for name in scheme.point_names)
    return f"""<View>
  <Image name="image" value="$image" zoom="true" zoomControl="true"/>
  <RectangleLabels name="{FACE}" toName="image">
    <Label value="{FACE}"/>
  </RectangleLabels>
  <KeyPointLabels name="points" toName="image" strokeWidth="1">
{labels}
  </KeyPointLabels>
</View>"""
