"""The bundled face finder finds rendered faces and nothing else; damaged files are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from landmarks.errors import InputError
from landmarks.inference.finders.network import NetworkFinder
from landmarks.inference.finders.network_file import BUNDLED, read_finder, write_finder
from landmarks.models.box_maps import box_network
from landmarks.training.finder.material import paint_backgrounds

SHEET = Path(__file__).parents[2] / "docs" / "results" / "rendered-synthetic.jpg"
CELL = 160  # pixels of a face on the sheet; every second row is without landmarks


@pytest.fixture(scope="module")
def faces():
    """32 rendered faces, (160, 160, 3) each, about in the middle."""
    sheet = np.asarray(Image.open(SHEET).convert("RGB"))
    rows = range(0, len(sheet), 2 * CELL)
    return [sheet[y : y + CELL, x : x + CELL] for y in rows for x in range(0, len(sheet), CELL)]


@pytest.fixture(scope="module")
def finder():
    return read_finder()


def middle_and_side(box):
    x0, y0, x1, y1 = box
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2]), max(x1 - x0, y1 - y0)


def test_rendered_faces_are_found_once_each(finder, faces):
    found = finder.find(faces)
    counts = [len(one) for one in found]
    assert counts.count(1) >= 28
    assert max(counts) <= 2
    for one in (one for one in found if one):
        middle, side = middle_and_side(one[0].box)
        assert np.abs(middle - CELL / 2).max() < 40
        assert 60 < side < 125


def test_no_face_is_found_where_none_is(finder):
    empty = [*paint_backgrounds(3, seed=123), np.full((200, 300, 3), 128, np.uint8)]
    assert finder.find(empty) == [(), (), (), ()]


def test_boxes_are_in_pixels_of_the_photo_however_large(finder, faces):
    small = faces[0]
    large = np.asarray(Image.fromarray(small).resize((1600, 1600), Image.Resampling.BICUBIC))
    (near,), (far,) = finder.find([small, large])
    (middle, side), (large_middle, large_side) = (middle_and_side(one.box) for one in (near, far))
    assert large_side / side == pytest.approx(10, rel=0.15)
    np.testing.assert_allclose(large_middle / 10, middle, atol=0.1 * side)


def test_a_photo_gives_the_same_boxes_alone_and_among_others(finder, faces):
    together = finder.find([faces[0], faces[1][:100], faces[2], faces[3]])
    alone = [finder.find([face])[0] for face in (faces[0], faces[1][:100], faces[2], faces[3])]
    for one, other in zip(together, alone, strict=True):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a.box, b.box, atol=0.05)
    assert finder.find([]) == []


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (33, 31)])
def test_pictures_of_any_shape_are_searched(finder, shape):
    (found,) = finder.find([np.zeros((*shape, 3), np.uint8)])
    assert found == ()


def test_boxes_are_moved_and_scaled_as_the_file_says(finder, faces):
    moved = NetworkFinder(
        network=finder.network,
        longest=finder.longest,
        sides=finder.sides,
        threshold=finder.threshold,
        scale=1.1 * finder.scale,
        shift=(finder.shift[0] + 0.1, finder.shift[1] - 0.2),
    )
    (one,), (other,) = finder.find([faces[0]])[0], moved.find([faces[0]])[0]
    (middle, side), (new_middle, new_side) = (middle_and_side(f.box) for f in (one, other))
    assert new_side == pytest.approx(1.1 * side, rel=1e-4)
    raw = side / finder.scale
    np.testing.assert_allclose(new_middle - middle, (0.1 * raw, -0.2 * raw), rtol=0.05)


def test_what_is_written_is_read(tmp_path, faces):
    torch.manual_seed(1)
    finder = NetworkFinder(
        network=box_network((4, 8)), longest=(96, 64), threshold=0.004, scale=1.05, shift=(0.1, 0.0)
    )
    path = tmp_path / "finder.safetensors"
    write_finder(path, finder)
    read = read_finder(path)
    for name in ("longest", "sides", "threshold", "scale", "shift"):
        assert getattr(read, name) == getattr(finder, name)
    assert read.find(faces[:1]) == finder.find(faces[:1])


def changed(path, metadata=None, tensors=None):
    """A copy of the bundled file with some parts replaced."""
    with safe_open(BUNDLED, framework="pt") as file:
        own = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        save_file(own | (tensors or {}), path, file.metadata() | (metadata or {}))
    return path


@pytest.mark.parametrize(
    ("metadata", "tensors", "message"),
    [
        ({"format": "9"}, {}, "no face finder of format 1"),
        ({"widths": "[16, 0]"}, {}, "widths are"),
        ({"widths": "[8, 8]"}, {}, "its tensors do not fit its network"),
        ({"settings": "[]"}, {}, "its settings cannot be read"),
        ({"checksum": "0"}, {}, "does not match its checksum"),
        ({}, {"head.bias": torch.full((5,), torch.nan)}, "does not match its checksum"),
        ({}, {"more": torch.zeros(1)}, "its tensors do not fit its network"),
    ],
)
def test_a_changed_file_is_refused(tmp_path, metadata, tensors, message):
    path = changed(tmp_path / "finder.safetensors", metadata, tensors)
    with pytest.raises(InputError, match=message):
        read_finder(path)


def test_a_damaged_or_missing_file_is_refused(tmp_path):
    path = tmp_path / "finder.safetensors"
    with pytest.raises(InputError, match="finder"):
        read_finder(path)
    path.write_bytes(BUNDLED.read_bytes()[:1000])
    with pytest.raises(InputError, match="not a safetensors file"):
        read_finder(path)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    finder = NetworkFinder(network=box_network((4, 8)))
    finder.network.head.bias.data[0] = torch.inf
    write_finder(tmp_path / "finder.safetensors", finder)
    with pytest.raises(InputError, match=r"head\.bias.* must be finite"):
        read_finder(tmp_path / "finder.safetensors")


@pytest.mark.parametrize(
    "wrong", [{"threshold": 1.0}, {"longest": ()}, {"scale": 5.0}, {"shift": (0.0,)}]
)
def test_settings_that_cannot_be_right_are_refused(wrong):
    with pytest.raises(InputError, match="the finder's"):
        NetworkFinder(network=box_network((4, 8)), **wrong)


def test_the_bundled_file_is_small_and_says_how_it_is_used():
    with safe_open(BUNDLED, framework="pt") as file:
        settings = json.loads(file.metadata()["settings"])
    assert BUNDLED.stat().st_size < 3e6
    assert set(settings) == {"longest", "sides", "threshold", "scale", "shift"}
