from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from landmarks.inference import pictures
from landmarks.inference.pictures import SIDE, chosen_faces, draw_found, draw_predictions
from landmarks.inference.predictions import Predictions


def predictions_of(crops, lengths):
    """Each landmark of face i is `lengths[i]` source pixels too far right."""
    off = np.asarray(lengths, np.float32)[:, None, None] * np.array([1, 0], np.float32)
    return Predictions(
        ids=crops.ids,
        groups=crops.groups,
        subsets=crops.subsets,
        predicted=crops.source_landmarks + off,
        target=crops.source_landmarks,
        visible=crops.visible,
        scheme=crops.scheme,
    )


def growing(crops):
    """Lengths by which each face is worse than the one before."""
    right, left = (crops.source_landmarks[:, k] for k in crops.scheme.interocular)
    return np.arange(40) / 50 * np.linalg.norm(left - right, axis=1)


@pytest.fixture(scope="module")
def drawn(toy_crops, tmp_path_factory):
    """The figure of forty faces of which each is worse than the one before, and its file."""
    kept = []

    class Kept(Figure):
        def savefig(self, *args, **options):
            kept.append(self)
            super().savefig(*args, **options)

    path = tmp_path_factory.mktemp("pictures") / "faces.png"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "Figure", Kept)
        draw_predictions(predictions_of(toy_crops, growing(toy_crops)), toy_crops, "title", path)
    return kept[0], path


def test_the_best_the_median_and_the_worst_are_chosen_by_error():
    order = np.random.default_rng(0).permutation(100)
    errors = np.empty(100)
    errors[order] = np.arange(100) / 1000  # the face order[i] is the i-th best
    chosen = chosen_faces(errors)
    assert chosen["best"].tolist() == order[:8].tolist()
    assert chosen["around the median"].tolist() == order[46:54].tolist()
    assert chosen["worst"].tolist() == order[92:].tolist()


@pytest.mark.parametrize(("count", "each"), [(1, 1), (2, 1), (6, 2), (23, 7), (24, 8)])
def test_few_faces_are_a_third_each(count, each):
    chosen = chosen_faces(np.arange(count, dtype=float))
    assert [len(faces) for faces in chosen.values()] == [each] * 3
    assert chosen["best"][0] == 0
    assert chosen["worst"][-1] == count - 1


def test_a_face_without_an_error_is_not_shown():
    errors = np.array([0.3, np.nan, 0.1, 0.2, np.nan, 0.4])
    chosen = chosen_faces(errors)
    assert {name: faces.tolist() for name, faces in chosen.items()} == {
        "best": [2],
        "around the median": [3],
        "worst": [5],
    }


def test_rows_show_their_group_and_faces_their_error(drawn, toy_crops):
    figure, _ = drawn
    predictions = predictions_of(toy_crops, growing(toy_crops))
    assert [row.get_suptitle() for row in figure.subfigs] == [
        "best of 40 faces",
        "around the median of 40 faces",
        "worst of 40 faces",
    ]
    worst = figure.subfigs[2].axes
    assert len(worst) == 8
    assert worst[-1].get_title() == f"NME {100 * predictions.errors[39]:.1f} %"


def test_landmarks_are_drawn_at_their_place_on_the_crop(drawn, toy_crops):
    figure, _ = drawn
    face = figure.subfigs[2].axes[-1]
    assert np.array_equal(face.images[0].get_array(), toy_crops.crops(np.array([39]))[0])
    points = {part.get_label(): np.asarray(part.get_offsets()) for part in face.collections}
    target = toy_crops.landmarks[39] - toy_crops.border
    assert points["target"] == pytest.approx(target, abs=1e-3)
    scale = toy_crops.to_canvas[39][0, 0]  # crop pixels for a source pixel
    assert points["predicted"] == pytest.approx(
        target + np.array([growing(toy_crops)[39] * scale, 0]), abs=1e-2
    )


def test_each_group_has_a_frame_of_its_own_colour(drawn):
    figure, _ = drawn
    colours = [
        {to_hex(s.get_edgecolor()) for ax in row.axes for s in ax.spines.values()}
        for row in figure.subfigs
    ]
    assert [len(colour) for colour in colours] == [1, 1, 1]
    assert len(set.union(*colours)) == 3


def test_invisible_landmarks_are_not_drawn(toy_crops, tmp_path, monkeypatch):
    counted = []
    scatter = pictures.Axes.scatter
    monkeypatch.setattr(
        pictures.Axes,
        "scatter",
        lambda ax, x, *a, **k: (counted.append(len(x)), scatter(ax, x, *a, **k))[1],
    )
    visible = toy_crops.visible.copy()
    visible[:, 0] = False
    predictions = replace(predictions_of(toy_crops, np.ones(40)), visible=visible)
    draw_predictions(predictions, toy_crops, "title", tmp_path / "faces.png")
    assert set(counted) == {67}


def test_the_same_predictions_are_the_same_picture(drawn, toy_crops, tmp_path):
    _, first = drawn
    predictions = predictions_of(toy_crops, growing(toy_crops))
    draw_predictions(predictions, toy_crops, "title", tmp_path / "faces.png")
    assert (tmp_path / "faces.png").read_bytes() == first.read_bytes()
    with Image.open(first) as image:
        assert image.width == pytest.approx(1555, abs=1)


@pytest.mark.parametrize("size", [100, 3000])
def test_predictions_are_drawn_at_their_place_whatever_the_size_of_the_photo(tmp_path, size):
    image = np.full((size, size, 3), 128, np.uint8)
    last = size - 1
    landmark = np.array([[last / 2, last / 5]], np.float32)
    draw_found(image, landmark, (0, 0, last, last), tmp_path / "face.jpg")
    with Image.open(tmp_path / "face.jpg") as picture:
        assert picture.size == (SIDE, SIDE)
        red, green, blue = np.asarray(picture).astype(int).transpose(2, 0, 1)
    rows, columns = np.nonzero((red > 180) & (green > 180) & (blue < 120))
    assert columns.mean() == pytest.approx(255.5, abs=0.5)
    assert rows.mean() == pytest.approx(255.5 - 512 / 1.15 * 0.3, abs=0.5)
