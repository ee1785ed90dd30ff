"""Pipes, devices, endless and unreadable files: each reader refuses them in one line, at once."""

import gzip
import json
import os
import signal
from pathlib import Path

import pytest
from faces_on_disk import refusal
from formats_on_disk import (
    STANDARD,
    coco_annotation,
    version_2,
    write_annotated,
    write_coco,
    write_datapoint,
    write_json,
)
from test_malformed import FORMATS, crop, written

from landmarks.data import files
from landmarks.data.coco import read_coco
from landmarks.data.datagen import read_dgfaces
from landmarks.data.files import files_below, open_file
from landmarks.data.images import read_image
from landmarks.data.photo_list import read_photos
from landmarks.data.pts import read_pts_folder
from landmarks.data.rendered import read_rendered
from landmarks.errors import InputError
from landmarks.synthesis.storage.production import produce
from tests.synthesis.disc_pictures import DiscPictures


@pytest.fixture(autouse=True)
def no_test_may_hang():
    def too_long(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def sparse(path):
    """A file that claims 64 GiB and takes no room on the disk."""
    path.touch()
    os.truncate(path, 2**36)


def in_a_circle(path):
    path.symlink_to(path)


REPLACEMENTS = {
    "a pipe": os.mkfifo,
    "a device without end": lambda path: path.symlink_to("/dev/zero"),
    "a terabyte": sparse,
    "a folder": Path.mkdir,
    "a link to itself": in_a_circle,
}


@pytest.mark.parametrize("what", REPLACEMENTS)
@pytest.mark.parametrize("name", FORMATS)
def test_only_regular_files_of_sensible_size_are_read(tmp_path, name, what):
    for part in ("annotation", "image"):
        (tmp_path / part).mkdir()
        chosen = written(name, tmp_path / part)
        path = tmp_path / part / getattr(chosen, part)
        path.unlink()
        REPLACEMENTS[what](path)
        with refusal(str(tmp_path / part)):
            crop(chosen.read(tmp_path / part), tmp_path / part)


@pytest.mark.parametrize("what", REPLACEMENTS)
def test_scenes_and_pictures_of_rendered_faces_are_regular_files(tmp_path, what):
    for name in ("scene.jsonl.gz", "spec.json", "000001.png"):
        root = tmp_path / name
        produce(root, DiscPictures(), start=0, stop=2, workers=1)
        (root / name).unlink()
        REPLACEMENTS[what](root / name)
        with refusal(str(root)):
            crop(read_rendered(root), root)


@pytest.mark.parametrize("what", REPLACEMENTS)
def test_photos_to_predict_on_and_their_boxes_are_regular_files(tmp_path, what):
    REPLACEMENTS[what](tmp_path / "a.jpg")
    with refusal(str(tmp_path)):
        for photo in read_photos(tmp_path).photos:
            photo.read()


# Unreadable: tests may run as root, whom nothing is forbidden, so the refusal is simulated.


@pytest.fixture
def forbid(monkeypatch):
    """Make a file or folder unreadable, as the operating system reports it."""

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    def forbid(place):
        def hidden(path):
            return place == Path(path) or place in Path(path).parents

        opened, listed, looked_at = Path.open, files.listdir, Path.stat
        monkeypatch.setattr(
            Path, "open", lambda p, *a, **k: denied(p) if hidden(p) else opened(p, *a, **k)
        )
        monkeypatch.setattr(files, "listdir", lambda p: denied(p) if hidden(p) else listed(p))
        monkeypatch.setattr(
            Path, "stat", lambda p, **k: denied(p) if place in p.parents else looked_at(p, **k)
        )

    return forbid


@pytest.mark.parametrize("name", FORMATS)
def test_an_unreadable_file_is_named(tmp_path, name, forbid):
    chosen = written(name, tmp_path)
    forbid(tmp_path / chosen.annotation)
    with refusal(str(tmp_path / chosen.annotation), "cannot be read (permission denied)"):
        chosen.read(tmp_path)


@pytest.mark.parametrize("name", FORMATS)
def test_an_unreadable_image_is_named(tmp_path, name, forbid):
    chosen = written(name, tmp_path)
    forbid(tmp_path / chosen.image)
    with refusal(str(tmp_path / chosen.image), "cannot be read (permission denied)"):
        crop(chosen.read(tmp_path), tmp_path)


@pytest.mark.parametrize("folder", ["", "datapoint_00001", "datapoint_00001/camera/key_points"])
def test_an_unreadable_folder_of_datagen_is_named(tmp_path, folder, forbid):
    write_datapoint(tmp_path / "faces")
    forbid(tmp_path / "faces" / folder)
    with refusal(str(tmp_path / "faces" / folder), "cannot be read (permission denied)"):
        read_dgfaces(tmp_path / "faces")


@pytest.mark.parametrize("name", ["", "spec.json", "scene.jsonl.gz", "000001.png"])
def test_unreadable_parts_of_rendered_faces_are_named(tmp_path, name, forbid):
    produce(tmp_path / "faces", DiscPictures(), start=0, stop=2, workers=1)
    forbid(tmp_path / "faces" / name)
    with refusal(str(tmp_path / "faces" / name), "cannot be read (permission denied)"):
        crop(read_rendered(tmp_path / "faces"), tmp_path)


# Names


def rewritten(root, change):
    """A folder of rendered faces with the record of its first face changed."""
    produce(root, DiscPictures(), start=0, stop=2, workers=1)
    path = root / "scene.jsonl.gz"
    first, rest = gzip.decompress(path.read_bytes()).split(b"\n", 1)
    record = json.loads(first)
    change(record)
    path.write_bytes(gzip.compress(json.dumps(record).encode() + b"\n" + rest))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("../secret.png", "is not a path below"),
        ("a/../../secret.png", "is not a path below"),
        ("..\\secret.png", "is not a path below"),
        ("{root}/secret.png", "is not a path below"),
        ("C:\\secret.png", "is not a path below"),
        ("", "is not a path below"),
        ("secret.png\0", "contains a null byte"),
        ("\ud800.png", "is not UTF-8"),
    ],
)
def test_rendered_faces_cannot_name_an_image_outside_their_folder(tmp_path, image, words):
    read_image(write_annotated(tmp_path / "secret").with_suffix(".png"))
    root = tmp_path / "faces"
    rewritten(root, lambda record: record.update(image=image.format(root=tmp_path)))
    with refusal("scene.jsonl.gz, line 1", words):
        read_rendered(root)


@pytest.mark.parametrize("name", ["\udcff", "a\0b"])
def test_ids_that_results_cannot_store_are_refused(tmp_path, name):
    rewritten(tmp_path / "faces", lambda record: record.update(id=name))
    with refusal("rendered faces (recipe discs): the name"):
        read_rendered(tmp_path / "faces")
    scene = write_datapoint(tmp_path / "datagen")
    write_json(scene / "actor_metadata.json", {"identity_id": name})
    with refusal("DGFaces: the name"):
        read_dgfaces(tmp_path / "datagen")


@pytest.mark.parametrize("name", ["a\0.png", "photos/a.png\0", "\0"])
def test_a_null_byte_in_the_name_of_an_image_is_refused(tmp_path, name):
    path, images = write_coco(tmp_path, coco_annotation(), images=[{"id": 1, "file_name": name}])
    with refusal("annotation 7", "contains a null byte"):
        read_coco(path, images)
    camera = write_datapoint(tmp_path / "datagen") / "camera"
    write_json(camera / "environment.json", {"environments": [{"image_name": name}]})
    with refusal(str(camera)):
        read_dgfaces(tmp_path / "datagen")


@pytest.mark.parametrize("key", ["9" * 5000, "00000", "\u0663" * 4400])
def test_keys_of_thousands_of_digits_are_refused(tmp_path, key):
    camera = write_datapoint(tmp_path) / "camera"
    content = version_2([(k, k) for k in range(68)])
    content["face"]["standard"][key] = content["face"]["standard"].pop("68")
    write_json(camera / STANDARD, content)
    with refusal(str(camera / STANDARD), "numbers as keys"):
        read_dgfaces(tmp_path)


# Folders


@pytest.fixture(params=[65, 1200])
def deep(tmp_path, monkeypatch, request):
    """A folder with so many below each other, which no path of all their names could reach."""
    monkeypatch.chdir(tmp_path)
    for _ in range(request.param):
        os.mkdir("d")  # noqa: PTH102
        os.chdir("d")
    yield tmp_path
    for _ in range(request.param):  # pytest's own recursion would fail
        os.chdir("..")
        os.rmdir("d")  # noqa: PTH106


def test_folders_that_are_too_deep_are_refused(deep):
    for read in (read_pts_folder, read_photos):
        with refusal(f"{deep}: more than 64 folders deep"):
            read(deep)


def test_a_folder_that_is_linked_twice_is_refused(tmp_path):
    for level in range(30):  # 2^30 paths lead to the last
        folder = tmp_path / f"root/{level}"
        folder.mkdir(parents=True)
        (folder / "one").symlink_to(tmp_path / f"root/{level + 1}")
        (folder / "two").symlink_to(tmp_path / f"root/{level + 1}")
    with refusal("a link to", "which is read already"):
        list(files_below(tmp_path / "root"))


def test_a_path_longer_than_any_file_has_is_not_there(tmp_path):
    with refusal("cannot be read (File name too long)"):
        open_file(tmp_path / ("x" * 5000))
    with refusal("no such folder"):
        read_pts_folder("x/" * 3000)


# Files that unpack to more than they are


def test_a_line_of_scenes_without_end_is_refused(tmp_path):
    produce(tmp_path, DiscPictures(), start=0, stop=2, workers=1)
    path = tmp_path / "scene.jsonl.gz"
    path.write_bytes(gzip.compress(b" " * 2**25, 1))
    with refusal("scene.jsonl.gz, line 1: too long for a face"):
        read_rendered(tmp_path)


def test_text_of_zeros_is_refused_before_it_is_read(tmp_path):
    sized = tmp_path / "labels.json"
    sized.touch()
    os.truncate(sized, files.DATASET_BYTES)  # as large as may be
    with refusal("labels.json: not a text file"):
        read_coco(sized, tmp_path)
    os.truncate(sized, files.DATASET_BYTES + 1)
    with refusal("labels.json: 2,048 MiB; files of this kind are read up to 2,048 MiB"):
        read_coco(sized, tmp_path)


def test_a_file_that_memory_cannot_hold_is_one_line(tmp_path, monkeypatch):
    path, images = write_coco(tmp_path, coco_annotation())

    class Exhausted:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def read(self, *_):
            raise MemoryError

    monkeypatch.setattr(files, "open_file", lambda *_: Exhausted())
    with pytest.raises(InputError, match="too large for the memory of this machine"):
        read_coco(path, images)
