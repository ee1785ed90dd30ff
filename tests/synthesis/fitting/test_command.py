"""The command `landmarks scheme`."""

import csv

import numpy as np
import pytest
from PIL import Image

from landmarks.cli.scheme import main
from landmarks.scheme import OnLine, Pupil, load_scheme
from landmarks.synthesis.studio import Studio
from tests.synthesis.scenes import bare, view

MINE = """
name: mine
points: [right_pupil, left_pupil, right_jaw, left_jaw, chin]
normaliser: interpupil
eyes: {right: right_pupil, left: left_pupil}
"""
PLACES = """
places: {right_pupil: {pupil: right}, left_pupil: {pupil: left}, right_jaw: {line: jaw, at: 4},
  left_jaw: {line: jaw, at: 12}, chin: {line: jaw, at: 8}}
"""
VIEWS = ((0, 0.5), (-20, 0.5), (20, 0.45), (10, 0.55), (-10, 0.5))  # yaw, share of the picture


def write_photo(folder, name, image, points):
    Image.fromarray(image).save(folder / f"{name}.png")
    rows = "\n".join(f"{x + 1:.3f} {y + 1:.3f}" for x, y in points)
    (folder / f"{name}.pts").write_text(f"version: 1\nn_points: {len(points)}\n{{\n{rows}\n}}\n")


@pytest.fixture
def photos(tmp_path, studio: Studio):
    """Five rendered heads, labelled in the scheme of `mine.yaml`."""
    (tmp_path / "mine.yaml").write_text(MINE)
    (tmp_path / "true.yaml").write_text(MINE + PLACES)
    (tmp_path / "photos").mkdir()
    places = studio.places_of(load_scheme(str(tmp_path / "true.yaml")))
    for i, (yaw, share) in enumerate(VIEWS):
        scene = bare(i + 1, view=view(yaw=yaw, face_share=share))
        points = studio.label(scene, 224, places).contour
        write_photo(tmp_path / "photos", f"face{i}", studio.render(scene, 224).image, points)
    return tmp_path


def run(capsys, *words):
    code = main([str(word) for word in words])
    return code, capsys.readouterr()


def test_places_from_five_labelled_photos(photos, capsys):
    out = photos / "out"
    code, shown = run(capsys, photos / "mine.yaml", "--from", photos / "photos", "--out", out)
    assert code == 0, shown.err
    assert "found in their photos: 5 of 5 faces" in shown.out
    found = load_scheme(str(out / "mine.yaml"))
    assert [found.places[k] for k in (0, 1)] == [Pupil("right"), Pupil("left")]
    assert isinstance(found.places[2], OnLine)
    assert found.places[2].at == pytest.approx(4, abs=0.5)
    with (out / "places.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == list(found.point_names)
    assert all(0 < float(row["spread"]) < 0.15 for row in rows)
    picture = np.asarray(Image.open(out / "places.png"))
    assert picture.shape == (600, 1800, 3)


def test_a_scheme_with_places_is_drawn(tmp_path, capsys):
    code, shown = run(capsys, "five_points", "--out", tmp_path / "out")
    assert code == 0, shown.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["places.png"]


def test_a_scheme_without_places_needs_photos(tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text(MINE)
    code, shown = run(capsys, tmp_path / "mine.yaml", "--out", tmp_path / "out")
    assert code == 2
    assert "no place on the head for 5 of 5 landmarks" in shown.err
    assert not (tmp_path / "out").exists()


def test_photos_on_which_no_face_is_found_are_refused(tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text(MINE)
    (tmp_path / "photos").mkdir()
    grey = np.full((64, 64, 3), 128, np.uint8)
    for i in range(5):
        points = [[20, 20], [40, 20], [15, 35], [45, 35], [30, 50]]
        write_photo(tmp_path / "photos", f"face{i}", grey, points)
    code, shown = run(
        capsys,
        *(tmp_path / "mine.yaml", "--from", tmp_path / "photos", "--out", tmp_path / "out"),
    )
    assert code == 2
    assert "the detector found 0 of 5 labelled faces; at least 5 are needed" in shown.err
    assert not (tmp_path / "out").exists()
