"""Every reader against every fault that its files can have: one line, which names the file."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from faces_on_disk import PIXELS, claim_huge, cut_short, distinct_pixels, draw, refusal
from formats_on_disk import (
    STANDARD,
    box_text,
    coco_annotation,
    version_1,
    wflw_line,
    write_annotated,
    write_coco,
    write_datapoint,
    write_face_synthetics,
    write_json,
    write_packing,
    write_wflw,
    write_xml,
)

from landmarks.data.coco import read_coco
from landmarks.data.crops import make_crops
from landmarks.data.datagen import read_dgfaces
from landmarks.data.dataset import FaceDataset
from landmarks.data.dlib_xml import read_dlib_xml
from landmarks.data.face_synthetics import read_face_synthetics
from landmarks.data.pts import read_pts_folder
from landmarks.data.w300 import read_w300
from landmarks.data.w300_dlib import read_w300_dlib
from landmarks.data.wflw import read_wflw
from landmarks.geometry import LandmarkCrop


@dataclass(frozen=True)
class Fault:
    """What is done to the text of an annotation, and what the message says of it, in order."""

    change: Callable[[str], str]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Format:
    """A data set of one face: how to write and read it, its two files, what can be wrong."""

    write: Callable[[Path], object]
    read: Callable[[Path], FaceDataset]
    annotation: str
    image: str
    faults: dict[str, Fault]


def fault(pattern: str, replacement: str, *words: str) -> Fault:
    """The first match of a pattern replaced."""
    return Fault(lambda text: re.sub(pattern, replacement, text, count=1), words)


def truncated(*words: str) -> Fault:
    return Fault(lambda text: text[: len(text) // 2], words)


def edited(edit: Callable[[dict], object], *words: str) -> Fault:
    """The content of a JSON file changed."""

    def change(text):
        content = json.loads(text)
        edit(content)
        return json.dumps(content)

    return Fault(change, words)


# Ten entities, each ten times the one before: a few hundred bytes that stand for 20 GB.
BOMB = "<!DOCTYPE d [<!ENTITY a 'ha'>{}]>\n".format(
    "".join(
        f"<!ENTITY {name} '{10 * f'&{before};'}'>"
        for before, name in zip("abcdefghij", "bcdefghijk", strict=True)
    )
)

PTS = {
    "truncated": truncated("no closing brace"),
    "not a number": fault(r"\{\n\S+", "{\nabc", "line 4", "'abc' is not a finite number"),
    "NaN": fault(r"\{\n\S+", "{\nnan", "line 4", "'nan' is not a finite number"),
    "too few landmarks": fault(r"\{\n.*\n", "{\n", "67 landmarks; expected 68"),
    "count of another scheme": fault("68", "194", "line 2", "194", "n_points: 68"),
    "unknown version": fault(
        "version: 1", "version: 2", "line 1", "'version: 2'", "expected 'version: 1'"
    ),
}
XML = {
    "truncated": truncated("cannot be read as XML", "line"),
    "not a number": fault(
        r"(name='30' x=)'\d+'", r"\1'abc'", "part 30", "'abc' is not a finite number"
    ),
    "NaN": fault(r"(name='30' x=)'\d+'", r"\1'nan'", "part 30", "'nan' is not a finite number"),
    "too few landmarks": fault("<part name='36'.*/>", "", "landmark 36", "is not labelled"),
    "entity bomb": fault(
        r"<dataset>((?s:.*?))a comment",
        rf"{BOMB}<dataset>\1&k;",
        "declares a document type or entities",
    ),
}
WFLW = {
    "truncated": truncated("line 1", "values; expected 207"),
    "not a number": fault(r"\A\S+", "abc", "line 1", "'abc' is not a finite number"),
    "NaN": fault(r"\A\S+", "nan", "line 1", "'nan' is not a finite number"),
    "too few landmarks": fault(r"\A\S+ \S+ ", "", "line 1", "205 values; expected 207"),
}
COCO = {
    "truncated": truncated("line 1", "not JSON"),
    "not a number": fault(
        r'("keypoints": \[)\d+', r'\1"abc"', "annotation 7", "keypoints is ['abc', ", "finite"
    ),
    "NaN": fault(
        r'("keypoints": \[)\d+', r"\1NaN", "annotation 7", "keypoints is [nan, ", "finite"
    ),
    "too few landmarks": fault(
        r'("keypoints": \[)\d+, \d+, \d+, ',
        r"\1",
        "annotation 7",
        "67 key points; expected 68",
        "`landmarks`",
    ),
}
FACE_SYNTHETICS = {
    "truncated": truncated("expected"),  # 70 rows, or two numbers in the last one
    "not a number": fault(r"\A\S+", "abc", "line 1", "'abc' is not a finite number"),
    "NaN": fault(r"\A\S+", "nan", "line 1", "'nan' is not a finite number"),
    "too few landmarks": fault(r"\A(.*\n){3}", "", "67 rows; expected 70"),
}
DGFACES = {
    "truncated": truncated("line", "not JSON"),
    "not a number": fault(
        r'("pixel_2d": \{\s*"x": )[\d.]+', r'\1"abc"', "landmark 0", "'abc'", "2 finite numbers"
    ),
    "NaN": fault(
        r'("pixel_2d": \{\s*"x": )[\d.]+', r"\1NaN", "landmark 0", "nan", "2 finite numbers"
    ),
    "too few landmarks": edited(
        lambda content: content["face"]["standard"].pop("68"), "67 landmarks; expected 68"
    ),
    "unknown version": fault("2.0.0", "3.0.0", "version '3.0.0'", "known are 1 and 2"),
}
DGFACES_1 = {
    "truncated": truncated("line", "not JSON"),
    "not a number": fault(
        r'("keypoints_2d_coordinates": \[\s*\[\s*)\d+',
        r'\1"abc"',
        "landmark 0",
        "'abc'",
        "2 finite numbers",
    ),
    "NaN": fault(
        r'("keypoints_2d_coordinates": \[\s*\[\s*)\d+',
        r"\1NaN",
        "landmark 0",
        "nan",
        "2 finite numbers",
    ),
    "too few landmarks": edited(
        lambda content: content["keypoints_2d_coordinates"].pop(), "67 landmarks; expected 68"
    ),
    "unknown version": fault(r"\A\{", '{"version": "0.9",', "version '0.9'", "known are 1 and 2"),
}


def write_datapoint_of_version_1(root: Path) -> None:
    camera = write_datapoint(root) / "camera"
    (camera / STANDARD).unlink()
    write_json(camera / "standard_keypoints.json", version_1(PIXELS, keyed=False))


FORMATS = {
    "pts": Format(
        write=lambda root: write_annotated(root / "a"),
        read=read_pts_folder,
        annotation="a.pts",
        image="a.png",
        faults=PTS,
    ),
    "300-W": Format(
        write=lambda root: write_annotated(root / "ibug/image_003_1"),
        read=read_w300,
        annotation="ibug/image_003_1.pts",
        image="ibug/image_003_1.png",
        faults=PTS,
    ),
    "dlib XML": Format(
        write=lambda root: write_xml(root / "labels.xml", {"a.png": box_text()}),
        read=lambda root: read_dlib_xml(root / "labels.xml"),
        annotation="labels.xml",
        image="a.png",
        faults=XML,
    ),
    "300-W of dlib": Format(
        write=lambda root: write_packing(root, ["ibug/image_003_1.png"]),
        read=read_w300_dlib,
        annotation="labels_ibug_300W.xml",
        image="ibug/image_003_1.png",
        faults=XML,
    ),
    "WFLW": Format(
        write=lambda root: write_wflw(root, wflw_line("a.png")),
        read=lambda root: read_wflw(root / "list.txt", root / "images"),
        annotation="list.txt",
        image="images/a.png",
        faults=WFLW,
    ),
    "COCO": Format(
        write=lambda root: write_coco(root, coco_annotation()),
        read=lambda root: read_coco(root / "labels.json", root / "images"),
        annotation="labels.json",
        image="images/photos/a.png",
        faults=COCO,
    ),
    "FaceSynthetics": Format(
        write=lambda root: write_face_synthetics(root, "000000", distinct_pixels(0, 70)),
        read=read_face_synthetics,
        annotation="000000_ldmks.txt",
        image="000000.png",
        faults=FACE_SYNTHETICS,
    ),
    "DGFaces": Format(
        write=write_datapoint,
        read=read_dgfaces,
        annotation=f"datapoint_00001/camera/{STANDARD}",
        image="datapoint_00001/camera/visible_spectrum_01.png",
        faults=DGFACES,
    ),
    "DGFaces version 1": Format(
        write=write_datapoint_of_version_1,
        read=read_dgfaces,
        annotation="datapoint_00001/camera/standard_keypoints.json",
        image="datapoint_00001/camera/visible_spectrum_01.png",
        faults=DGFACES_1,
    ),
}

IMAGE_FAULTS = {
    "gone": (Path.unlink, "no such file"),
    "truncated": (cut_short, "cannot be decoded"),
    "not an image": (
        lambda path: path.write_text("hello"),
        "not a PNG, JPEG, WebP, BMP, TIFF or HEIC",
    ),
    "20,000 x 20,000 pixels": (claim_huge, "at most 64 million"),
}


def written(name: str, root: Path) -> Format:
    """The format called `name`, with a whole data set of it below `root`."""
    chosen = FORMATS[name]
    chosen.write(root)
    draw(root / chosen.image)
    return chosen


def crop(dataset: FaceDataset, root: Path) -> None:
    (root / "crops").mkdir()
    make_crops(dataset, LandmarkCrop(1.3), 16, root / "crops")


@pytest.mark.parametrize("name", FORMATS)
def test_a_whole_data_set_is_read_and_cropped(tmp_path, name):
    dataset = written(name, tmp_path).read(tmp_path)
    assert len(dataset) == 1
    crop(dataset, tmp_path)


@pytest.mark.parametrize("name", FORMATS)
def test_the_table_has_every_fault_that_all_formats_can_have(name):
    assert {"truncated", "not a number", "NaN", "too few landmarks"} <= set(FORMATS[name].faults)


@pytest.mark.parametrize(
    ("name", "what"), [(name, what) for name in FORMATS for what in FORMATS[name].faults]
)
def test_a_malformed_annotation_is_refused_by_the_reader(tmp_path, name, what):
    chosen = written(name, tmp_path)
    path, malformed = tmp_path / chosen.annotation, chosen.faults[what]
    whole = path.read_text()
    path.write_text(malformed.change(whole))
    assert path.read_text() != whole
    with refusal(str(path), *malformed.words):
        chosen.read(tmp_path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_missing_image_is_refused_by_the_reader(tmp_path, name):
    chosen = written(name, tmp_path)
    image = tmp_path / chosen.image
    image.unlink()
    with refusal(str(tmp_path), image.stem):
        chosen.read(tmp_path)


@pytest.mark.parametrize("what", IMAGE_FAULTS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_broken_image_is_refused_when_it_is_cropped(tmp_path, name, what):
    chosen = written(name, tmp_path)
    dataset = chosen.read(tmp_path)
    spoil, words = IMAGE_FAULTS[what]
    spoil(tmp_path / chosen.image)
    with refusal(str(tmp_path / chosen.image), words):
        crop(dataset, tmp_path)


# On Linux a name may be any bytes; Python has those that are no text as lone surrogates.
@pytest.mark.parametrize("name", ["fa\udcffce", "\udce4"])
def test_a_file_name_that_is_no_text_is_refused_where_it_is_listed(tmp_path, name):
    write_annotated(tmp_path / name)
    with refusal(f"{tmp_path}: the name", repr(f"{name}.png"), "is not UTF-8; rename it"):
        read_pts_folder(tmp_path)


@pytest.mark.parametrize("name", ["fa\udcffce.png", "\ud800.png"])
def test_an_image_name_that_is_no_text_is_refused_where_it_is_read(tmp_path, name):
    path, images = write_coco(tmp_path, coco_annotation())
    path.write_text(path.read_text().replace("photos/a.png", ascii(name)[1:-1]))
    with refusal(f"the name {name!r} is not UTF-8; rename it"):
        read_coco(path, images)
