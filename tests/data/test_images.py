"""Images of a dataset: in the orientation that its annotations count, at the annotated size."""

import numpy as np
import PIL.ImageFile
import PIL.PngImagePlugin
import pytest
from faces_on_disk import refusal, tiff
from formats_on_disk import (
    box_text,
    coco_annotation,
    distinct_pixels,
    write_annotated,
    write_coco,
    write_datapoint,
    write_face_synthetics,
    write_pts,
    write_xml,
)
from PIL import Image, ImageOps

from landmarks.data.coco import read_coco
from landmarks.data.datagen import read_dgfaces
from landmarks.data.dlib_xml import read_dlib_xml
from landmarks.data.face_synthetics import read_face_synthetics
from landmarks.data.images import ImageFile, ImageOptions, labelled_size, read_image
from landmarks.data.photo_list import read_photos
from landmarks.data.pts import read_pts_folder

NOISE = np.random.default_rng(0).integers(1, 256, (9, 7, 3), np.uint8)
ROTATED = 6  # by 90 degrees: what a phone held upright stores
UPSIDE_DOWN = 3
SAVED = {"png": {}, "jpg": {"quality": 95}, "webp": {"lossless": True}, "tif": {}}


def save(path, orientation, pixels=NOISE):
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif, **SAVED[path.suffix[1:]])
    return path


@pytest.mark.parametrize("suffix", SAVED)
def test_all_orientations_are_read_as_viewers_show_them_or_as_stored(tmp_path, suffix):
    for orientation in range(1, 9):
        path = save(tmp_path / f"{orientation}.{suffix}", orientation)
        with Image.open(path) as image:
            shown = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        assert np.array_equal(ImageFile(path).read(), shown)
        assert ImageFile(path).shape() == shown.shape[:2]
        as_stored = ImageFile(path, ImageOptions(orientation="ignore"))
        stored = as_stored.read()
        assert stored.shape == NOISE.shape
        assert as_stored.shape() == NOISE.shape[:2]
        if suffix != "jpg":
            assert np.array_equal(stored, NOISE)


def test_deep_images_are_turned_once(tmp_path):
    values = NOISE.astype(np.uint16) << 4
    for orientation in range(1, 9):
        path = tmp_path / f"{orientation}.tif"
        path.write_bytes(tiff(values, orientation))
        with Image.open(save(tmp_path / f"{orientation}.png", orientation)) as image:
            assert np.array_equal(ImageFile(path).read(), ImageOps.exif_transpose(image))
        assert np.array_equal(ImageFile(path, ImageOptions(orientation="ignore")).read(), NOISE)
        assert ImageFile(path).shape() == ImageFile(path).read().shape[:2]


@pytest.mark.parametrize("suffix", SAVED)
def test_the_shape_is_known_without_decoding(tmp_path, suffix, monkeypatch):
    def load(_):
        pytest.fail("the pixels were decoded")

    upright, turned = (save(tmp_path / f"{k}.{suffix}", k) for k in (1, ROTATED))
    Image.fromarray(NOISE).save(tmp_path / f"plain.{suffix}")
    monkeypatch.setattr(PIL.ImageFile.ImageFile, "load", load)
    monkeypatch.setattr(PIL.PngImagePlugin.PngImageFile, "load", load)
    assert ImageFile(upright).shape() == NOISE.shape[:2]
    assert ImageFile(turned).shape() == NOISE.shape[1::-1]
    assert ImageFile(tmp_path / f"plain.{suffix}").shape() == NOISE.shape[:2]


def test_tags_behind_the_pixels_of_a_png_count_as_well(tmp_path):
    content = save(tmp_path / "a.png", ROTATED).read_bytes()
    start = content.index(b"eXIf") - 4
    length = int.from_bytes(content[start : start + 4]) + 12
    tags, others = content[start : start + length], content[:start] + content[start + length :]
    (tmp_path / "a.png").write_bytes(others[:-12] + tags + others[-12:])  # before IEND
    assert np.array_equal(read_image(tmp_path / "a.png"), np.rot90(NOISE, -1))
    assert ImageFile(tmp_path / "a.png").shape() == NOISE.shape[1::-1]


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_outside_the_standard_is_upright(tmp_path, orientation):
    assert np.array_equal(read_image(save(tmp_path / "a.png", orientation)), NOISE)


def test_broken_tags_are_upright(tmp_path):
    Image.fromarray(NOISE).save(tmp_path / "a.png", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert np.array_equal(read_image(tmp_path / "a.png"), NOISE)


# Which suffix


@pytest.mark.parametrize("there", ["a.gif", "A.PNG.txt", "a.psd"])
def test_a_missing_image_names_the_file_that_is_there(tmp_path, there):
    write_pts(tmp_path / "a.pts")
    (tmp_path / there).touch()
    found = {"a.gif": "; found a.gif there", "a.psd": "; found a.psd there"}.get(there, "")
    with refusal("a.pts: no image beside it", f"{found}; expected a with one of .jpg, .jpeg"):
        read_pts_folder(tmp_path)


def test_names_in_another_case_or_format_are_found_for_the_message(tmp_path):
    path, images = write_coco(tmp_path, coco_annotation(), images=[{"id": 1, "file_name": "b.jpg"}])
    save(images / "B.png", 1)
    with refusal("no image 'b.jpg' in", "; found B.png there"):
        read_coco(path, images)
    write_face_synthetics(tmp_path / "faces", "000000", distinct_pixels(0, 70))
    (tmp_path / "faces/000000.png").rename(tmp_path / "faces/000000.gif")
    with refusal("its image 000000.png is missing; found 000000.gif there"):
        read_face_synthetics(tmp_path / "faces")


@pytest.mark.parametrize("suffix", [".JPG", ".webp", ".tif"])
def test_face_synthetics_may_have_images_of_another_format(tmp_path, suffix):
    write_face_synthetics(tmp_path, "000000", distinct_pixels(0, 70))
    (tmp_path / "000000.png").unlink()
    Image.fromarray(NOISE).save(tmp_path / f"000000{suffix}")
    (face,) = read_face_synthetics(tmp_path).faces
    assert face.image.read().shape == NOISE.shape
    Image.fromarray(NOISE).save(tmp_path / "000000.png")
    with refusal("has the same name; keep one of the two"):
        read_face_synthetics(tmp_path)


# Which reader, and which command


def written_coco(root, orientation, **size):
    path, images = write_coco(
        root, coco_annotation(), images=[{"id": 1, "file_name": "photos/a.png", **size}]
    )
    save(images / "photos/a.png", orientation)
    return lambda **options: read_coco(path, images, **options)


def written_pts(root, orientation):
    write_pts(root / "a.pts")
    save(root / "a.png", orientation)
    return lambda **options: read_pts_folder(root, **options)


def written_dlib(root, orientation):
    write_xml(root / "labels.xml", {"a.png": box_text()})
    text = (root / "labels.xml").read_text().replace(" width='120' height='90'>", ">", 1)
    (root / "labels.xml").write_text(text)
    save(root / "a.png", orientation)
    return lambda **options: read_dlib_xml(root / "labels.xml", **options)


def written_face_synthetics(root, orientation):
    write_face_synthetics(root, "000000", distinct_pixels(0, 70))
    save(root / "000000.png", orientation)
    return lambda **options: read_face_synthetics(root, **options)


def written_datagen(root, orientation):
    save(write_datapoint(root) / "camera/visible_spectrum_01.png", orientation)
    return lambda **options: read_dgfaces(root, **options)


WRITTEN = [written_coco, written_pts, written_dlib, written_face_synthetics, written_datagen]


@pytest.mark.parametrize("written", WRITTEN)
def test_each_reader_has_the_option_and_its_content_follows_it(tmp_path, written):
    read = written(tmp_path, ROTATED)
    applied, ignored = read(), read(orientation="ignore")
    assert applied.faces[0].image.read().shape == (7, 9, 3)
    assert ignored.faces[0].image.read().shape == (9, 7, 3)
    assert applied.content == read(orientation="apply").content
    assert applied.content != ignored.content
    assert applied.image_contents == ignored.image_contents  # so that leakage is found
    with refusal("orientation is 'turn'; choose one of apply, ignore"):
        read(orientation="turn")


def test_photos_to_predict_on_are_read_by_the_same_rule(tmp_path):
    save(tmp_path / "photos/a.jpg", ROTATED)
    (photo,) = read_photos(tmp_path / "photos").photos
    image = photo.read()
    assert image.shape == (7, 9, 3)
    (photo,) = read_photos(tmp_path / "photos", orientation="ignore").photos
    assert photo.read().shape == (9, 7, 3)


def test_it_is_logged_once_for_a_dataset(tmp_path, caplog):
    for name in "abc":
        write_pts(tmp_path / "one" / f"{name}.pts")
        save(tmp_path / "one" / f"{name}.jpg", ROTATED)
    write_annotated(tmp_path / "other" / "a")
    for folder in ("one", "other"):
        for face in read_pts_folder(tmp_path / folder).faces:
            face.image.read()
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith(f"{tmp_path}/one: images with an EXIF orientation, which were turned")
    assert "(the first: a.jpg)" in message


# Annotated sizes

STORED, UPRIGHT = {"width": 7, "height": 9}, {"width": 9, "height": 7}


@pytest.mark.parametrize(("size", "shape"), [(STORED, (9, 7, 3)), (UPRIGHT, (7, 9, 3))])
def test_the_annotated_size_decides_which_pixels_are_counted(tmp_path, size, shape, caplog):
    (face,) = written_coco(tmp_path, ROTATED, **size)().faces
    assert face.image.read().shape == shape
    assert ("read as stored" in caplog.text) == (size is STORED)


NO_SIZES = [{}, {"width": None, "height": None}, {"width": 0, "height": 0}]


@pytest.mark.parametrize("size", [STORED, *NO_SIZES])
def test_a_size_that_does_not_decide_leaves_it_to_the_option(tmp_path, size):
    read = written_coco(tmp_path, UPSIDE_DOWN, **size)
    assert np.array_equal(read().faces[0].image.read(), NOISE[::-1, ::-1])
    assert np.array_equal(read(orientation="ignore").faces[0].image.read(), NOISE)


def test_ignore_with_a_size_that_counts_upright_pixels_is_refused(tmp_path):
    (face,) = written_coco(tmp_path, ROTATED, **UPRIGHT)(orientation="ignore").faces
    for ask in (face.image.read, face.image.shape):
        with refusal("says 9 x 7", "has 7 x 9 pixels as stored", "leave out orientation=ignore"):
            ask()


@pytest.mark.parametrize("orientation", [1, UPSIDE_DOWN, ROTATED])
@pytest.mark.parametrize("size", [(14, 18), (5, 5), (7, 10)])
def test_a_size_that_contradicts_the_image_is_refused_with_both(tmp_path, size, orientation):
    width, height = size
    (face,) = written_coco(tmp_path / "coco", orientation, width=width, height=height)().faces
    with refusal("labels.json, image 1: says", f"{width} x {height} pixels", "a.png has 7 x 9"):
        face.image.read()
    path = write_xml(tmp_path / "labels.xml", {"a.png": box_text()})  # says 120 x 90
    save(tmp_path / "a.png", orientation)
    with refusal("labels.xml, image 'a.png': says 120 x 90 pixels", "has 7 x 9"):
        read_dlib_xml(path).faces[0].image.read()


def test_an_annotated_size_is_part_of_the_content(tmp_path):
    contents = [
        written_coco(tmp_path, 1, **size)().content
        for size in ({}, {"width": 7, "height": 9}, {"width": 9, "height": 7})
    ]
    assert len(set(contents)) == 3


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(7, 9, (7, 9)), ("7", "9", (7, 9)), (7.0, 9.0, (7, 9)), (7, None, None), ("0", "0", None)],
)
def test_a_size_is_taken_as_files_write_it(width, height, expected):
    size = labelled_size(width, height, "here")
    assert (size and (size.width, size.height)) == expected


@pytest.mark.parametrize("width", [-7, 7.5, "7px", "", [7], True, float("nan")])
def test_a_size_that_is_not_one_is_refused(width):
    with refusal("here: width", "expected whole numbers of pixels"):
        labelled_size(width, 9, "here")
