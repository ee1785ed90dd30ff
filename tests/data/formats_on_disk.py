"""Writes annotations as the authors of each format would."""

import json
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from landmarks.scheme import IBUG68
from tests.data.faces_on_disk import HEIGHT, PIXELS, WIDTH, distinct_pixels, draw, png, touch_image

# .pts


def pts_text(pixels=PIXELS):
    """A `.pts` file as iBUG writes them: the top-left pixel is (1, 1)."""
    rows = "".join(f"{column + 1:.6f} {row + 1:.6f}\n" for column, row in pixels)
    return f"version: 1\nn_points:  68\n{{\n{rows}}}\n"


def write_pts(path, pixels=PIXELS):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(pts_text(pixels))
    return path


def write_annotated(stem: Path, pixels=PIXELS, suffix=".png"):
    """`stem` with a small image and a `.pts` file."""
    touch_image(stem.with_name(stem.name + suffix))
    return write_pts(stem.with_name(stem.name + ".pts"), pixels)


# dlib

BOX = {"top": 5, "left": 10, "width": 40, "height": 30}


def part_lines(pixels=PIXELS):
    """The parts as imglab writes them: whole pixels from 0."""
    return [
        f"      <part name='{k:02d}' x='{column}' y='{row}'/>"
        for k, (column, row) in enumerate(pixels)
    ]


def box_text(pixels=PIXELS, parts=None, extra="", **sides):
    attributes = " ".join(f"{name}='{value}'" for name, value in {**BOX, **sides}.items())
    body = "\n".join(part_lines(pixels) if parts is None else parts)
    return f"    <box {attributes}{extra}>\n      <label>face</label>\n{body}\n    </box>\n"


def xml_text(boxes_of, encoding="ISO-8859-1", prolog="", size=(120, 90)):
    """An XML file as imglab writes it; `boxes_of` is the text of the boxes by image."""
    width, height = size
    images = "".join(
        f"  <image file={quoteattr(name)} width='{width}' height='{height}'>\n{boxes}  </image>\n"
        for name, boxes in boxes_of.items()
    )
    return (
        f"<?xml version='1.0' encoding='{encoding}'?>\n"
        "<?xml-stylesheet type='text/xsl' href='image_metadata_stylesheet.xsl'?>\n"
        f"{prolog}<dataset>\n<name>faces</name>\n<comment>a comment</comment>\n"
        f"<images>\n{images}</images>\n</dataset>\n"
    )


def write_xml(path, boxes_of, encoding="ISO-8859-1", prolog="", size=(120, 90)):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(xml_text(boxes_of, encoding, prolog, size).encode(encoding))
    return path


def write_packing(root, names):
    """dlib's packing of 300-W with one face in each of `names`."""
    for name in names:
        touch_image(root / name)
    write_xml(root / "labels_ibug_300W.xml", {name: box_text() for name in names})
    return root


# WFLW

# The 30 landmarks that 300-W does not have, from Figure 4 of Wu et al., 2018: every second of the
# jaw, the lower edges of the brows, the middles of the lids, the pupils.
ONLY_WFLW = [*range(1, 32, 2), *range(38, 42), *range(47, 51), 62, 66, 70, 74, 96, 97]


def points98(pixels=PIXELS):
    """98 points: those that 300-W has too are `pixels`, in order; the others lie elsewhere."""
    points = np.full((98, 2), -7)
    points[np.setdiff1d(np.arange(98), ONLY_WFLW)] = pixels
    return points


def wflw_line(
    name="0--Parade/a.png", points=None, box=(10, 5, 60, 70), attributes=(0, 1, 0, 0, 1, 0)
):
    """A line as released: coordinates with six places, whole numbers for the rest."""
    points = points98() if points is None else points
    coordinates = " ".join(f"{value:.6f}" for value in np.ravel(points))
    return f"{coordinates} {' '.join(map(str, box))} {' '.join(map(str, attributes))} {name}"


def write_wflw(root, *lines, end="\n"):
    """The list and the folder of its images."""
    path = root / "list.txt"
    path.write_bytes(end.join([*lines, ""]).encode())
    (root / "images").mkdir(exist_ok=True)
    return path, root / "images"


# COCO


def triples(pixels=PIXELS, v=2):
    """x, y, v of each point in one flat list; what is not labelled is 0, 0, 0."""
    v = np.broadcast_to(v, len(pixels))
    points = np.where(v[:, None] > 0, pixels, 0)
    return [
        number
        for (x, y), seen in zip(points.tolist(), v.tolist(), strict=True)
        for number in (x, y, seen)
    ]


def coco_annotation(**changes):
    """A face with its 68 landmarks, as an exporter writes it."""
    content = {
        "id": 7,
        "image_id": 1,
        "category_id": 1,
        "iscrowd": 0,
        "keypoints": triples(),
        "num_keypoints": 68,
        "bbox": [10, 20, 40, 30.5],
    }
    return {key: value for key, value in {**content, **changes}.items() if value is not None}


def write_coco(root, *annotations, images=None):
    """The JSON file and the folder of its one image, "photos/a.png"."""
    touch_image(root / "images/photos/a.png")
    content = {
        "info": {},
        "images": [{"id": 1, "file_name": "photos/a.png", "width": 120, "height": 90}]
        if images is None
        else images,
        "annotations": list(annotations),
    }
    path = root / "labels.json"
    path.write_text(json.dumps(content))
    return path, root / "images"


# CVAT: coordinates count from the corner of the top-left pixel


NAMES = IBUG68.point_names


def cvat_coco(content, order=range(68)):
    """A COCO file as CVAT's exporter, Datumaro, writes it: points in the order of its labels."""
    order = list(order)
    annotations = []
    for annotation in content["annotations"]:
        points = np.reshape(annotation["keypoints"], (-1, 3))[order].round(2)
        kept = {key: annotation[key] for key in ("id", "image_id", "category_id", "bbox")}
        annotations.append(
            {
                **kept,
                "segmentation": [],
                "area": 1.0,
                "iscrowd": 0,
                "attributes": {"occluded": False, "keyframe": False},
                "keypoints": points.ravel().tolist(),
                "num_keypoints": int((points[:, 2] > 0).sum()),
            }
        )
    images = [
        {**image, "license": 0, "flickr_url": "", "coco_url": "", "date_captured": 0}
        for image in content["images"]
    ]
    blank = dict.fromkeys(("contributor", "date_created", "description", "url", "version"), "")
    return {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {**blank, "year": ""},
        "categories": [
            {
                "id": 1,
                "name": "face",
                "supercategory": "",
                "keypoints": [NAMES[k] for k in order],
                "skeleton": [[1, 2]],
            }
        ],
        "images": images,
        "annotations": annotations,
    }


def skeleton_text(points, outside=(), occluded=(), names=NAMES):
    """A face as CVAT writes it, two decimal places; `outside` are the points without label."""
    parts = "".join(
        f'      <points label="{names[k]}" source="manual" outside="{int(k in outside)}" '
        f'occluded="{int(k in occluded)}" points="{x:.2f},{y:.2f}">\n      </points>\n'
        for k, (x, y) in enumerate(np.asarray(points).tolist())
    )
    return f'    <skeleton label="face" source="manual" z_order="0">\n{parts}    </skeleton>\n'


def cvat_xml(shapes_of, size=(WIDTH, HEIGHT)):
    """A file of "CVAT for images 1.1"; `shapes_of` is the text of the shapes by image."""
    images = "".join(
        f'  <image id="{id}" name={quoteattr(name)} width="{size[0]}" height="{size[1]}">\n'
        f"{shapes}  </image>\n"
        for id, (name, shapes) in enumerate(shapes_of.items())
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
        "  <meta>\n    <job>\n      <id>1</id>\n      <labels>\n        <label>\n"
        "          <name>face</name>\n          <type>skeleton</type>\n        </label>\n"
        f"      </labels>\n    </job>\n  </meta>\n{images}</annotations>\n"
    )


# Label Studio: per cent of the image


def studio_point(name, x, y, size=(WIDTH, HEIGHT), **more):
    """A key point as Label Studio writes it; x and y from the corner of the top-left pixel."""
    return {
        "original_width": size[0],
        "original_height": size[1],
        "image_rotation": 0,
        "value": {
            "x": 100 * float(x) / size[0],
            "y": 100 * float(y) / size[1],
            "width": 0.4,
            "keypointlabels": [name],
        },
        "id": f"id-{name}",
        "from_name": "points",
        "to_name": "image",
        "type": "keypointlabels",
        "origin": "manual",
        **more,
    }


def studio_task(result, image="/data/local-files/?d=photos/a.png", id=1, **annotation):
    """A task of the export "JSON" with one annotation."""
    return {
        "id": id,
        "annotations": [
            {
                "id": 10 * id,
                "completed_by": 1,
                "result": result,
                "was_cancelled": False,
                "ground_truth": False,
                "created_at": "2026-03-01T10:00:00.000000Z",
                "updated_at": "2026-03-01T10:00:00.000000Z",
                **annotation,
            }
        ],
        "predictions": [],
        "data": {"image": image},
        "project": 1,
    }


def studio_min(task):
    """The task in the export "JSON-MIN", as `label_studio_sdk.converter` makes it."""
    (annotation,) = task["annotations"]
    outputs = {}
    for region in annotation["result"]:
        value = {**region["value"]}
        value |= {key: region[key] for key in ("original_width", "original_height")}
        outputs.setdefault(region["from_name"], []).append(value)
    record = {"id": task["id"], "annotator": 1, "annotation_id": annotation["id"]}
    times = {key: annotation[key] for key in ("created_at", "updated_at")}
    return {**task["data"], **record, **outputs, **times, "lead_time": 12.5}


# Microsoft FaceSynthetics


def write_face_synthetics(root: Path, name: str, pixels: np.ndarray, first_pixel: float = 0.0):
    """A face of 70 pixels: bright at its landmarks, a segmentation beside it."""
    draw(root / f"{name}.png", pixels)
    touch_image(root / f"{name}_seg.png")
    rows = [f"{x + first_pixel:.4f} {y + first_pixel:.4f}" for x, y in pixels]
    (root / f"{name}_ldmks.txt").write_text("\n".join(rows) + "\n")


# Datagen

STANDARD = "key_points/face_standard_key_points.json"


def version_2(pixels: np.ndarray, *, key: str = "{:02d}", visible: str | None = "true") -> dict:
    """Key points as the platform writes them: x is the row, y the column, corner-based."""
    landmarks = {}
    for k, (x, y) in enumerate(pixels, start=1):
        landmarks[key.format(k)] = {
            "global_3d": {"x": 0.1, "y": 0.2, "z": 0.3},
            "pixel_2d": {"x": float(y) + 0.5, "y": float(x) + 0.5},
        }
        if visible is not None:
            landmarks[key.format(k)]["is_visible"] = visible
    return {"version": "2.0.0", "face": {"standard": landmarks}}


def version_1(pixels: np.ndarray, *, keyed: bool) -> dict:
    """Key points of the first version: pairs of row and column, in lists or by number."""

    def packed(values: list) -> list | dict:
        return {str(k): v for k, v in enumerate(values, start=1)} if keyed else values

    return {
        "keypoints_3d_coordinates": packed([[0.1, 0.2, 0.3]] * 68),
        "keypoints_2d_coordinates": packed([[int(y), int(x)] for x, y in pixels]),
        "is_visible": packed([True] * 68),
    }


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=3))


def write_deep_image(path: Path, pixels: np.ndarray) -> None:
    """16-bit RGBA, bright at the landmarks, transparent everywhere; Pillow cannot write these."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.zeros((HEIGHT, WIDTH, 4), ">u2")
    image[pixels[:, 1], pixels[:, 0], :3] = 65535
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    path.write_bytes(png(WIDTH, HEIGHT, bits=16, colour=6, rows=rows))


def write_datapoint(root: Path, name: str = "datapoint_00001", *, seed: int = 0) -> Path:
    """A datapoint as the platform writes it; returns its folder."""
    pixels = distinct_pixels(seed)
    scene = root / name
    camera = scene / "camera"
    actor = {"version": "1.0.0", "identity_id": f"person-{seed}"}
    write_json(scene / "actor_metadata.json", actor)
    write_json(camera / STANDARD, version_2(pixels))
    write_json(
        camera / "environment.json",
        {"version": "1.0.0", "environments": [{"image_name": "visible_spectrum_01.png"}]},
    )
    write_json(
        camera / "face_bounding_box.json",
        {"version": "1.0.0", "min_x": 10, "min_y": -2, "max_x": 40, "max_y": 30},
    )
    write_deep_image(camera / "visible_spectrum_01.png", pixels)
    return scene
