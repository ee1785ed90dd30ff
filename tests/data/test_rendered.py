import gzip
import json

import numpy as np
import pytest

from landmarks.data import rendered
from landmarks.data.face_synthetics import read_face_synthetics
from landmarks.data.rendered import read_rendered
from landmarks.errors import InputError
from landmarks.synthesis.storage.production import produce
from tests.synthesis.disc_pictures import DiscPictures, disc


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Samples 2 to 7."""
    folder = tmp_path_factory.mktemp("rendered")
    produce(folder, DiscPictures(seed=3), start=2, stop=8, workers=1)
    return folder


@pytest.mark.parametrize(
    ("labels", "offset"), [("surface", 0), ("contour", 1), ("annotated", 2), (None, 1)]
)
def test_landmarks_are_of_the_label_set_asked_for_or_of_the_recipes_own(folder, labels, offset):
    dataset = read_rendered(folder, labels=labels)
    expected = np.stack([disc(3, i).labels.surface + offset for i in range(2, 8)])
    np.testing.assert_allclose(dataset.landmarks, expected, atol=6e-4)
    assert dataset.landmarks.dtype == np.float32


def test_each_face_has_its_picture_and_counts_whole(folder):
    dataset = read_rendered(folder)
    assert [face.id for face in dataset.faces] == [f"discs_3/{i:06d}" for i in range(2, 8)]
    for i, face in enumerate(dataset.faces, start=2):
        np.testing.assert_array_equal(face.image.read(), disc(3, i).image)
        assert face.group == face.id
        assert face.visible is None
        assert face.box is None


def test_the_data_set_says_what_it_is(folder):
    dataset = read_rendered(folder)
    assert dataset.name == "rendered faces (recipe discs)"
    assert dataset.rendered
    text = str(dataset.describe())
    assert "landmarks: contour (of the recipe); seed: 3" in text
    assert "renderer: discs 1" in text
    assert "landmarks: surface; seed: 3" in str(read_rendered(folder, labels="surface").describe())


def test_any_layout_is_read_alike(folder, tmp_path):
    produce(tmp_path, DiscPictures(seed=3), start=2, stop=8, workers=1, layout="datagen")
    one, other = read_rendered(folder), read_rendered(tmp_path)
    np.testing.assert_array_equal(one.landmarks, other.landmarks)
    for a, b in zip(one.faces, other.faces, strict=True):
        np.testing.assert_array_equal(a.image.read(), b.image.read())


def test_it_agrees_with_the_reader_of_its_layout(folder):
    np.testing.assert_allclose(
        read_rendered(folder).landmarks, read_face_synthetics(folder).landmarks, atol=6e-4
    )


def test_a_part_is_chosen_by_index(folder):
    def ids(**options):
        return [int(face.id[-6:]) for face in read_rendered(folder, **options).faces]

    assert ids(first=2) == [2, 3]
    assert ids(start=5) == [5, 6, 7]
    assert ids(start=4, first=2) == [4, 5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first": 7}, "first is 7, but .* holds 6 faces"),
        ({"start": 6, "first": 3}, "holds 2 faces"),
        ({"start": 8}, "no faces"),
        ({"first": 0}, "first is 0"),
        ({"start": -1}, "start is -1"),
        ({"labels": "dense"}, "labels are 'dense'; choose one of surface, contour, annotated"),
    ],
)
def test_wrong_options_are_refused(folder, options, message):
    with pytest.raises(InputError, match=message):
        read_rendered(folder, **options)


def test_scenes_are_read_once_for_each_part_and_again_when_there_are_more(
    tmp_path, monkeypatch, trusted_at_once
):
    def part(stop, **options):
        produce(tmp_path, DiscPictures(seed=3), start=0, stop=stop, workers=1)
        return read_rendered(tmp_path, **options)

    parsed = []
    whole = rendered._record
    monkeypatch.setattr(rendered, "_record", lambda *line: parsed.append(line) or whole(*line))
    first, second = part(4), part(4)
    assert len(parsed) == 4
    np.testing.assert_array_equal(first.landmarks, second.landmarks)
    assert [face.image for face in first.faces] == [face.image for face in second.faces]
    assert len(part(4, start=1, first=2)) == 2
    surface = part(4, labels="surface")
    np.testing.assert_allclose(first.landmarks, surface.landmarks + 1, atol=2e-3)
    more = part(6)
    assert len(more) == 6
    np.testing.assert_array_equal(more.landmarks[:4], first.landmarks)


def test_an_unfinished_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        read_rendered(tmp_path / "none")
    with pytest.raises(InputError, match=r"no scene\.jsonl\.gz; expected a folder made by"):
        read_rendered(tmp_path)


def unpack(folder):
    """The folder's scenes as text, in place of the packed ones."""
    packed, path = folder / "scene.jsonl.gz", folder / "scene.jsonl"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    return path


def spoil(folder, change):
    """The folder's second line after `change`."""
    path = unpack(folder)
    lines = path.read_text().splitlines()
    record = json.loads(lines[1])
    change(record)
    path.write_text("\n".join([lines[0], json.dumps(record), *lines[2:]]) + "\n")


@pytest.fixture
def own_folder(tmp_path):
    produce(tmp_path, DiscPictures(), start=0, stop=3, workers=1)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("labels"), "not the record of a face"),
        (lambda r: r["labels"].pop("contour"), "not the record of a face"),
        (lambda r: r.update(index="1"), "index, id and image"),
        (lambda r: r.update(image=5), "index, id and image"),
        (lambda r: r["labels"].update(contour="x"), "pairs of finite numbers"),
        (lambda r: r["labels"]["contour"].__setitem__(4, [1]), "pairs of finite numbers"),
        (lambda r: r["labels"]["contour"].__setitem__(4, [1, None]), "pairs of finite numbers"),
    ],
)
def test_a_malformed_line_is_named(own_folder, change, message):
    spoil(own_folder, change)
    with pytest.raises(InputError, match=f"scene.jsonl, line 2: .*{message}"):
        read_rendered(own_folder)


def test_a_line_cut_short_is_named(own_folder):
    path = unpack(own_folder)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(InputError, match=r"scene.jsonl, line 3: not the record"):
        read_rendered(own_folder)


def test_scenes_that_someone_unpacked_are_read_alike(own_folder):
    before = read_rendered(own_folder)
    unpack(own_folder)
    assert read_rendered(own_folder).content == before.content


DAMAGES = {
    "half": lambda packed: packed[: len(packed) // 2],
    "without its end": lambda packed: packed[:-8],
    "of another length": lambda packed: packed[:-1] + bytes([packed[-1] ^ 1]),
    "a hole": lambda packed: packed[:900] + bytes(40) + packed[940:],
    "not packed": gzip.decompress,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_scenes_are_named(own_folder, damage):
    path = own_folder / "scene.jsonl.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"scene\.jsonl\.gz: cut short or damaged after line \d"):
        read_rendered(own_folder)


def test_too_few_landmarks_are_refused(own_folder):
    spoil(own_folder, lambda r: r["labels"]["contour"].pop())
    with pytest.raises(InputError, match=r"line 2: the landmarks must be 68 pairs"):
        read_rendered(own_folder)


def test_lines_written_anew_with_spaces_are_read_alike(own_folder):
    before = read_rendered(own_folder).landmarks
    spoil(own_folder, lambda record: None)
    np.testing.assert_array_equal(read_rendered(own_folder).landmarks, before)


def test_a_spec_without_a_recipe_is_refused(own_folder):
    (own_folder / "spec.json").write_text("{}")
    with pytest.raises(InputError, match=r"spec\.json: expected a recipe"):
        read_rendered(own_folder)


def test_a_missing_image_is_told_when_it_is_read(own_folder):
    (own_folder / "000001.png").unlink()
    with pytest.raises(InputError, match=r"000001\.png: no such file"):
        read_rendered(own_folder).faces[1].image.read()
