"""A scheme that somebody wrote, from training to predictions, scores and a report."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from landmarks.cli.report import main as report
from landmarks.cli.score import main
from landmarks.data.pts import write_pts
from landmarks.data.toy import read_toy
from landmarks.inference.detector import Detector
from landmarks.scheme import load_scheme
from tests.processes import forked
from tests.waiting import PATIENCE

MINE = """
name: mine
points: [right_eye, left_eye, nose, right_mouth, left_mouth]
normaliser: interpupil
eyes: {right: right_eye, left: left_eye}
regions: {eyes: 0-1, rest: 2-4}
lines: {mouth: [right_mouth, left_mouth]}
sources: {ibug68: [36, 45, 30, 48, 54]}
"""
SETTINGS = (
    *("data=toy", "schedule=tiny", "n_real=20", "model=unet_small", "model.input_size=64"),
    *("data.real.count=30", "data.test.count=12", "data.synthetic.count=30"),
    *("machine.device=cpu", "machine.threads=1"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """With the scheme and a finished run of label adaptation in it."""
    folder = tmp_path_factory.mktemp("own_scheme")
    (folder / "mine.yaml").write_text(MINE)
    for strategy in ("label_adaptation", "real_only"):
        words = (*SETTINGS, "scheme=mine.yaml", f"strategy={strategy}")
        done = forked("train", *words, f"out=runs/{strategy}", cwd=folder, patience=PATIENCE)
        assert done.returncode in (0, 1), done.stderr  # 1: so few updates may teach nothing
    return folder


def test_results_are_normalised_and_divided_into_regions_as_the_scheme_says(folder):
    result = json.loads((folder / "runs" / "label_adaptation" / "result.json").read_text())
    assert (result["scheme"], result["normaliser"]) == ("mine", "interpupil")
    assert set(result["metrics"]["all"]["nme"]) == {"interpupil", "box"}
    assert set(result["metrics"]["all"]["regions"]) == {"eyes", "rest"}


def test_the_detector_carries_the_whole_scheme(folder):
    scheme = load_scheme(str(folder / "mine.yaml"))
    detector = Detector.load(folder / "runs" / "label_adaptation", device="cpu")
    assert detector.scheme == scheme
    face = read_toy(count=1, domain="stand_in").faces[0]
    (found,) = detector.on_boxes([face.image.read()], [[(20.0, 20.0, 140.0, 140.0)]])[0]
    assert found.points.shape == (5, 2)


def test_the_test_set_of_an_evaluation_is_read_in_the_scheme_of_the_run(folder):
    done = forked(
        *(
            "evaluate",
            "run=runs/real_only",
            "faces@data.test=toy",
            "data.test.count=8",
            "out=tested",
        ),
        cwd=folder,
        patience=PATIENCE,
    )
    assert done.returncode in (0, 1), done.stderr
    evaluation = json.loads((folder / "tested" / "evaluation.json").read_text())
    assert evaluation["scheme"] == "mine"
    assert set(evaluation["metrics"]["all"]["nme"]) == {"interpupil", "box", "diagonal"}


def test_a_report_names_the_unit_and_the_regions(folder):
    assert report([str(folder / "runs")]) in (0, 1)
    page = (folder / "runs" / "report" / "report.html").read_text()
    assert "in per cent of the inter-pupil distance" in page
    assert "inter-ocular" not in page
    with (folder / "runs" / "report" / "tables" / "figure4.csv").open() as table:
        assert {"eyes", "rest"} <= set(next(csv.DictReader(table)))


def test_predictions_are_scored_against_labels_of_the_scheme(folder, tmp_path, capsys):
    scheme = str(folder / "mine.yaml")
    faces = read_toy(count=6, domain="stand_in", scheme=scheme).faces
    for name, moved in (("labelled", 0.0), ("predicted", 1.0)):
        (tmp_path / name).mkdir()
        for i, face in enumerate(faces):
            points = face.landmarks + np.array([moved, 0], np.float32)
            write_pts(tmp_path / name / f"{i}.pts", points)
            Image.fromarray(face.image.read()).save(tmp_path / "labelled" / f"{i}.png")
    words = [str(tmp_path / "predicted"), "--truth", str(tmp_path / "labelled")]
    assert main([*words, "--scheme", scheme, "--out", str(tmp_path / "out")]) == 0
    metrics = json.loads((tmp_path / "out" / "score.json").read_text())["metrics"]["all"]
    eyes = np.stack([face.landmarks[0] - face.landmarks[1] for face in faces])
    expected = (1 / np.linalg.norm(eyes, axis=1)).mean()
    assert metrics["NME interpupil"]["value"] == pytest.approx(expected, rel=1e-3)
    assert "NME eyes" in metrics
    assert main(words) == 2
    complaint = capsys.readouterr().err
    assert "'n_points: 5'; expected 'n_points: 68'; for labels of another scheme" in complaint


def test_a_scheme_that_the_labels_cannot_become_is_refused(folder):
    (folder / "other.yaml").write_text(
        MINE.replace("name: mine", "name: other").replace("ibug68", "x")
    )
    done = forked("train", *SETTINGS, "scheme=other.yaml", cwd=folder, patience=PATIENCE)
    assert done.returncode == 2
    assert "labels in the scheme 'ibug68' cannot become these 5 landmarks" in done.stderr
    assert done.stderr.count("\n") == 1
