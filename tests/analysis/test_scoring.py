"""Predictions of other systems: formats, matching, metrics, and the mistakes that are found."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from landmarks.analysis.scoring.checks import Scored, constant_offset, warnings_about
from landmarks.analysis.scoring.matching import match
from landmarks.analysis.scoring.prediction_files import Predicted, read_predicted
from landmarks.analysis.scoring.score import Score, difference
from landmarks.cli.score import main
from landmarks.data.pts import write_pts
from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.geometry import mirror_order
from landmarks.scheme import IBUG68
from landmarks.scheme.units import interocular


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Six drawn faces with labels, as .pts beside .png."""
    folder = tmp_path_factory.mktemp("labelled")
    for i, face in enumerate(read_toy(count=6, domain="stand_in").faces):
        Image.fromarray(face.image.read()).save(folder / f"photo{i}.png")
        write_pts(folder / f"photo{i}.pts", face.landmarks)
    return folder


@pytest.fixture(scope="module")
def points():
    """Predictions for them: 1.5 pixels too far right."""
    faces = read_toy(count=6, domain="stand_in").faces
    return {f"photo{i}": face.landmarks + np.array([1.5, 0]) for i, face in enumerate(faces)}


def as_pts(points, folder):
    folder.mkdir()
    for name, face in points.items():
        write_pts(folder / f"{name}.pts", face)
    return folder


def as_csv(points, folder):
    path = folder.with_suffix(".csv")
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "face", *(f"{axis}{k}" for k in range(68) for axis in "xy")])
        for name, face in points.items():
            table.writerow([f"{name}.png", 1, *face.ravel()])
    return path


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def flat(face):
    return np.column_stack([face, np.full(68, 0.9)]).ravel().tolist()


def as_coco(points, folder):
    images = [{"id": i, "file_name": f"{name}.png"} for i, name in enumerate(points)]
    marks = [{"image_id": i, "keypoints": flat(face)} for i, face in enumerate(points.values())]
    return write(folder.with_suffix(".json"), {"images": images, "annotations": marks})


def as_coco_results(points, folder):
    marks = [{"image_id": f"{name}.png", "keypoints": flat(face)} for name, face in points.items()]
    return write(folder.with_suffix(".json"), marks)


def as_spiga(points, folder):
    faces = [
        {"imgpath": f"images/test/{name}.png", "ids": [101], "landmarks": face.tolist()}
        for name, face in points.items()
    ]
    return write(folder.with_suffix(".json"), faces)


def as_mmpose_folder(points, folder):
    folder.mkdir()
    for name, face in points.items():
        found = [
            {"keypoints": face.tolist(), "keypoint_scores": [0.9] * 68, "bbox": [[0, 0, 1, 1]]}
        ]
        write(folder / f"{name}.json", found)
    return folder


FORMATS = [as_pts, as_csv, as_coco, as_coco_results, as_spiga, as_mmpose_folder]


@pytest.mark.parametrize("as_format", FORMATS)
def test_every_format_gives_the_same_points(as_format, points, tmp_path):
    found = {one.image: one.points for one in read_predicted(as_format(points, tmp_path / "p"))}
    for name, face in points.items():
        key = f"images/test/{name}" if as_format is as_spiga else name
        np.testing.assert_allclose(found[key], face, atol=0.001)


def test_numbers_of_images_need_the_file_that_names_them(points, tmp_path):
    marks = [{"image_id": 7, "keypoints": flat(points["photo3"])}]
    path = write(tmp_path / "results.json", marks)
    with pytest.raises(InputError, match=r"image_id is 7, and no file says .* --images"):
        read_predicted(path)
    names = write(tmp_path / "labels.json", {"images": [{"id": 7, "file_name": "a/photo3.png"}]})
    assert read_predicted(path, images=names)[0].image == "a/photo3"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"predictions": []}, "not predictions that can be read"),
        ([], "no predictions"),
        ([{"image_id": "a.png", "keypoints": [1, 2]}], "has 2 numbers; expected x, y, score each"),
        ([{"imgpath": "a.png", "landmarks": [[1, 2]] * 98}], "98 landmarks; expected 68"),
        ([{"imgpath": "a.png"}], "expected a list of pairs"),
        ([{"image_id": {}, "keypoints": [1, 2, 3]}], "image_id is {}, and no file says"),
        ([{"imgpath": "a.png", "landmarks": [[1]] * 68}], "list of one number; expected pairs"),
    ],
)
def test_other_files_are_refused(content, problem, tmp_path):
    with pytest.raises(InputError, match=problem):
        read_predicted(write(tmp_path / "results.json", content))


def test_folders_tell_photos_of_the_same_name_apart():
    faces = read_toy(count=2, domain="stand_in")
    named = [Predicted(f"x/{face.id}", face.landmarks.astype(float)) for face in faces.faces]
    assert match(named, faces).found.all()
    assert match(named[:1], faces).found.tolist() == [True, False]
    with pytest.raises(InputError, match="no prediction is of a labelled face"):
        match([Predicted("other", named[0].points)], faces)


def test_a_missing_face_is_a_failure_and_is_listed(labelled, points, tmp_path, capsys):
    some = {name: face for name, face in points.items() if name != "photo2"}
    predicted = as_csv(some | {"unknown": points["photo0"]}, tmp_path / "some")
    out = tmp_path / "out"
    assert main([str(predicted), "--truth", str(labelled), "--out", str(out)]) == 1
    report = json.loads((out / "score.json").read_text())
    assert report["missing"] == ["photo2"]
    assert report["surplus"] == ["unknown"]
    metrics = report["metrics"]["all"]
    faces = read_toy(count=6, domain="stand_in").faces
    seen = np.stack([face.landmarks for i, face in enumerate(faces) if i != 2])
    errors = 1.5 / interocular(seen, np.ones((5, 68), bool), IBUG68)
    assert metrics["NME interocular"]["value"] == pytest.approx(errors.mean(), rel=1e-3)
    assert metrics["FR@10"]["value"] == pytest.approx((1 + (errors > 0.1).sum()) / 6)
    assert metrics["AUC@10"]["value"] == pytest.approx(
        (1 - errors / 0.1).clip(0).sum() / 6, rel=1e-3
    )
    assert "photo2" in capsys.readouterr().out
    rows = (out / "ced.csv").read_text().splitlines()
    assert float(rows[5].split(",")[1]) == pytest.approx(5 / 6)
    assert (out / "ced.png").stat().st_size > 1000


def test_two_systems_are_compared_on_the_faces_that_both_have(labelled, points, tmp_path):
    better = {name: face - np.array([1.0, 0]) for name, face in points.items()}
    truth = read_toy(count=6, domain="stand_in")
    ids = [face.id for face in truth.faces]
    one, other = (
        Score(
            name="s",
            truth=truth,
            matched=match(
                [Predicted(i, own[f"photo{k}"]) for k, i in enumerate(ids) if k > skipped], truth
            ),
        )
        for own, skipped in ((points, 0), (better, 1))
    )
    gap, faces = difference(one, other)
    assert faces == 4
    expected = 1.0 / interocular(truth.landmarks[2:], np.ones((4, 68), bool), IBUG68)
    assert gap.value == pytest.approx(expected.mean(), rel=1e-4)
    assert gap.low <= gap.value <= gap.high


@pytest.fixture(scope="module")
def clean():
    """120 faces of many sizes, predicted with errors that grow with the size."""
    rng = np.random.default_rng(0)
    faces = read_toy(count=120, domain="stand_in").landmarks.astype(np.float64)
    size = np.exp(rng.uniform(np.log(0.5), np.log(4), 120))[:, None, None]
    target = faces * size
    habit = rng.normal(0, 1.0, (1, 68, 2)) + rng.normal(0, 0.5, (120, 1, 2))
    predicted = target + size * (habit + rng.normal(0, 1.0, target.shape))
    return Scored(
        predicted=predicted,
        target=target.astype(np.float32),
        visible=np.ones((120, 68), bool),
        groups=np.arange(120).astype(str),
        widths=160 * size[:, 0, 0],
        scheme=IBUG68,
    )


def spoilt(clean, predicted):
    return Scored(**(vars(clean) | {"predicted": predicted}))


def test_predictions_without_a_mistake_raise_no_alarm(clean):
    assert warnings_about(clean, clean.error(clean.predicted)) == []


@pytest.mark.parametrize("amount", [-1.0, -0.5, 0.5, 1.0])
def test_an_offset_in_pixels_is_found_with_its_cost(clean, amount):
    other = spoilt(clean, clean.predicted + amount)
    (warning,) = warnings_about(other)
    assert f"about {amount:+g} pixels off" in warning
    assert f"without this offset {100 * clean.error(clean.predicted):.2f} %" in warning
    offset = constant_offset(other)
    np.testing.assert_allclose(offset.value, amount, atol=0.25)


def test_an_error_that_grows_with_the_face_is_not_taken_for_an_offset(clean):
    unit = interocular(clean.target, clean.visible, IBUG68)[:, None, None]
    assert warnings_about(spoilt(clean, clean.predicted + 0.02 * unit)) == []


def test_coordinates_that_were_cut_off_are_told_from_rounded_ones(clean):
    assert "cut off" in warnings_about(spoilt(clean, np.floor(clean.predicted)))[0]
    (rounded,) = warnings_about(spoilt(clean, np.rint(clean.predicted)))
    assert "100% of the coordinates are whole numbers" in rounded
    assert "cut off" not in rounded


def test_mistakes_of_order_are_told_apart(clean):
    order = mirror_order(IBUG68)
    reflected = clean.predicted * [-1, 1] + [1, 0] * (clean.widths - 1)[:, None, None]
    for predicted, words in (
        (clean.predicted[:, order], "indices of left and right landmarks are exchanged"),
        (reflected[:, order], "those of the mirrored images"),
        (reflected, "x was not reflected back"),
        (clean.predicted[..., ::-1], "x and y are exchanged"),
    ):
        found = warnings_about(spoilt(clean, predicted))
        assert any(words in warning for warning in found), words
        assert all("pixels off" not in warning for warning in found)


def test_a_claim_by_another_normaliser_is_recognised(clean):
    claimed = float(np.mean(clean.errors(clean.predicted, "interpupil")))
    (warning,) = warnings_about(clean, claimed)
    assert "by another normaliser: interpupil" in warning
    (unknown,) = warnings_about(clean, 3 * claimed)
    assert "no normaliser gives it" in unknown


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--format", "toy"], "makes its faces, so it takes no --truth"),
        (["--format", "wflw"], "needs images: add --set images=..."),
        (["--set", "nothing=1"], "has no 'nothing'"),
        (["--claimed", "-3"], "must be an NME in per cent"),
    ],
)
def test_wrong_arguments_are_refused(arguments, problem, labelled, points, tmp_path, capsys):
    predicted = as_csv(points, tmp_path / "p")
    assert main([str(predicted), "--truth", str(labelled), *arguments]) == 2
    assert problem in capsys.readouterr().err
