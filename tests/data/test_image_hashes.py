"""Image hashes: of the bytes, whoever keeps them."""

import hashlib

import pytest

from landmarks.data.image_hashes import image_contents
from landmarks.data.images import ImageFile
from landmarks.data.toy import read_toy
from landmarks.errors import InputError

pytestmark = pytest.mark.usefixtures("trusted_at_once")


@pytest.fixture
def images(tmp_path):
    """Files of three folders, one of which is a link to another place."""
    elsewhere = tmp_path / "elsewhere"
    for name in ("set/a", "set/b", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "set" / "c").symlink_to(elsewhere)
    paths = [tmp_path / "set" / name for name in ("a/1.png", "b/1.png", "c/1.png", "2.png")]
    for k, path in enumerate(paths):
        path.write_bytes(bytes([k]) * (k + 1))
    return [ImageFile(path) for path in paths]


def expected(images):
    return tuple(hashlib.blake2b(i.path.read_bytes()).hexdigest()[:32] for i in images)


def count_reads(monkeypatch):
    read = []
    content = ImageFile.content
    monkeypatch.setattr(ImageFile, "content", lambda image: read.append(image) or content(image))
    return read


def test_the_hash_is_of_the_bytes_found_again_or_not(images):
    assert image_contents(images) == expected(images)
    assert image_contents(images) == expected(images)
    assert image_contents(images) == tuple(image.content() for image in images)


def test_a_file_is_read_once_however_many_faces_it_shows(images, monkeypatch):
    read = count_reads(monkeypatch)
    assert image_contents(images * 3) == expected(images) * 3
    assert len(read) == 4
    assert image_contents(images[::-1]) == expected(images)[::-1]
    assert len(read) == 4


def test_a_changed_image_has_its_new_hash(images):
    image_contents(images)
    images[2].path.write_bytes(b"other pixels")
    assert image_contents(images) == expected(images)


def test_relative_paths_do(images, monkeypatch):
    monkeypatch.chdir(images[3].path.parent)
    assert image_contents([ImageFile(images[3].path.relative_to(images[3].path.parent))]) == (
        expected(images[3:])
    )


def test_images_that_are_no_files_speak_for_themselves(images):
    drawn = [face.image for face in read_toy(count=2, domain="stand_in").faces]
    mixed = [drawn[0], images[0], drawn[1]]
    assert image_contents(mixed) == (drawn[0].content(), *expected(images[:1]), drawn[1].content())
    assert image_contents(drawn) == tuple(image.content() for image in drawn)
    assert image_contents([]) == ()


def test_a_missing_image_is_named(images):
    images[1].path.unlink()
    with pytest.raises(InputError, match=r"b/1\.png: no such file"):
        image_contents(images)
