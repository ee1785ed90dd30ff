"""Predict, correct, train: predictions go to an annotation tool and come back as labels."""

import json
from functools import partial

import numpy as np
import pytest
from formats_on_disk import cvat_coco, cvat_xml, skeleton_text, studio_min
from PIL import Image

from landmarks.augmentation import Augmentation, Geometry
from landmarks.data.coco import read_coco
from landmarks.data.cvat_xml import read_cvat_xml
from landmarks.data.label_studio import read_label_studio
from landmarks.data.toy import read_toy
from landmarks.experiment.experiment import Data, Experiment
from landmarks.experiment.run import run
from landmarks.experiment.strategies import real_only
from landmarks.geometry import LandmarkCrop
from landmarks.inference.detector import Detector
from landmarks.inference.face import Face, tight_box
from landmarks.inference.labelling import COCO, LABEL_STUDIO, PredictedPhoto, write_for_labelling
from landmarks.training.device import Machine
from landmarks.training.schedule import Schedule
from landmarks.training.tracking.tracker import NoTracker
from tests.processes import forked
from tests.small import small_architecture
from tests.test_readme import FEW_OF, QUICK, ROOT, commands, landmarks_command, write_photos
from tests.waiting import PATIENCE

SIZE = 96
TRUTH = [face.landmarks for face in read_toy(count=4, domain="stand_in", seed=5, size=SIZE).faces]


@pytest.fixture
def predicted(tmp_path):
    """Toy photos, and wrong predictions on them in the files for annotation tools."""
    photos = []
    for i, one in enumerate(read_toy(count=4, domain="stand_in", seed=5, size=SIZE).faces):
        path = tmp_path / "photos" / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(one.image.read()).save(path)
        wrong = one.landmarks + np.random.default_rng(i).normal(0, 3, (68, 2)).astype(np.float32)
        face = Face(box=tight_box(wrong), points=wrong)
        photos.append(PredictedPhoto(path.name, path, SIZE, SIZE, [face]))
    write_for_labelling(tmp_path, photos)
    return tmp_path


def corrected_in_cvat(folder):
    """CVAT's COCO: every point moved to its place, stored in the order of the labels."""
    content = json.loads((folder / COCO).read_text())
    for annotation, truth in zip(content["annotations"], TRUTH, strict=True):
        points = np.concatenate([truth + 0.5, np.full((68, 1), 2)], axis=1)
        annotation["keypoints"] = points.ravel().tolist()
    path = folder / "person_keypoints_default.json"
    path.write_text(json.dumps(cvat_coco(content, np.random.default_rng(7).permutation(68))))
    return partial(read_coco, path, folder / "photos", first_pixel=0.5)


def corrected_in_cvat_xml(folder):
    names = [image["file_name"] for image in json.loads((folder / COCO).read_text())["images"]]
    shapes = {n: skeleton_text(t + 0.5) for n, t in zip(names, TRUTH, strict=True)}
    path = folder / "annotations.xml"
    path.write_text(cvat_xml(shapes, size=(SIZE, SIZE)))
    return partial(read_cvat_xml, path, images=folder / "photos")


def submitted(folder):
    """Label Studio's tasks: the predictions became annotations, and every point was moved."""
    tasks = json.loads((folder / LABEL_STUDIO).read_text())
    for id, (task, truth) in enumerate(zip(tasks, TRUTH, strict=True), start=1):
        result = task["predictions"][0]["result"]
        points = [region for region in result if region["type"] == "keypointlabels"]
        for region, (x, y) in zip(points, truth.tolist(), strict=True):
            region["value"] |= {"x": 100 * (x + 0.5) / SIZE, "y": 100 * (y + 0.5) / SIZE}
        times = dict.fromkeys(("created_at", "updated_at"), "2026-03-01T10:00:00.000000Z")
        task["annotations"] = [{"id": id, "result": result, "was_cancelled": False, **times}]
        task["id"] = id
    return tasks


def corrected_in_label_studio(folder, export=lambda task: task):
    path = folder / "export.json"
    path.write_text(json.dumps([export(task) for task in submitted(folder)]))
    return partial(read_label_studio, path, folder / "photos")


WAYS = {
    "CVAT COCO": corrected_in_cvat,
    "CVAT XML": corrected_in_cvat_xml,
    "Label Studio JSON": corrected_in_label_studio,
    "Label Studio JSON-MIN": partial(corrected_in_label_studio, export=studio_min),
}


@pytest.mark.parametrize("way", WAYS)
def test_corrected_points_come_back_where_they_were_put(predicted, way):
    dataset = WAYS[way](predicted)()
    assert [face.id for face in dataset.faces] == ["0", "1", "2", "3"]
    # CVAT rounds to hundredths of a pixel.
    assert np.abs(dataset.landmarks - np.stack(TRUTH)).max() < 0.0051


@pytest.mark.slow
def test_every_command_of_the_page_runs_in_its_order(predicted):
    """On toy photos; between prediction and training somebody corrects in both tools."""
    run_folder = predicted / "outputs/rendered/unet/finetune/n_real_50/seed_0"
    run_folder.mkdir(parents=True)
    model = small_architecture()
    network = model.start(68, seed=0).eval()
    Detector(network=network, architecture=model, crop=LandmarkCrop(1.35)).save(
        run_folder / "detector.safetensors"
    )
    (predicted / "path/to").mkdir(parents=True)
    (predicted / "photos").rename(predicted / "path/to/photos")
    write_photos(predicted / "path/to/other/photos", 4, seed=4)
    boxes = "".join(f"{i}.png,20,20,80,80\n" for i in range(len(TRUTH)))
    (predicted / "path/to/boxes.csv").write_text(f"image,x0,y0,x1,y1\n{boxes}")
    small = [*QUICK, *FEW_OF["data=own"], "strategy=real_only", "schedule.train.steps=4"]
    ran = []
    for line in commands((ROOT / "docs/labelling.md").read_text()):
        name, *words = landmarks_command(line)
        words += ["--boxes", "path/to/boxes.csv"] if name == "predict" else [*small]
        words += [] if name == "predict" else [f"out=outputs/{len(ran)}"]
        done = forked(name, *words, cwd=predicted, patience=PATIENCE)
        # Four updates on four faces teach nothing, and a run says so by exit code 1.
        assert "results are in" in done.stdout, f"{line}\n{done.stderr}"
        if name == "predict":
            correct(predicted)
        ran.append(name)
    assert ran == ["predict", "train", "train", "train"]


def correct(folder):
    """What the tools export is put where the page has it."""
    (folder / "corrected/annotations").mkdir(parents=True)
    for way, place in (
        (corrected_in_cvat, "corrected/annotations/person_keypoints_default.json"),
        (corrected_in_cvat_xml, "corrected/annotations.xml"),
        (corrected_in_label_studio, "corrected.json"),
    ):
        way(folder / "predicted").args[0].rename(folder / place)


def test_corrected_labels_train_a_detector(predicted, tmp_path):
    result = run(
        Experiment(
            strategy=real_only(Schedule(steps=4, batch_size=2, learning_rate=1e-3)),
            n_real="all",
            seed=0,
            data=Data(
                real=corrected_in_label_studio(predicted),
                test=partial(read_toy, count=3, domain="stand_in", seed=2),
            ),
            model=small_architecture(),
            crop=LandmarkCrop(1.35),
            augmentation={"real": Augmentation(geometry=Geometry(mirror=0.5))},
            machine=Machine(device="cpu", precision="float32"),
            tracker=NoTracker(),
            out=tmp_path / "out",
            artifacts=tmp_path / "artifacts",
        )
    )
    assert result.ledger["training"] == 4
    assert result.data["real"]["name"] == "Label Studio"
