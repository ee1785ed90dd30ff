"""Prediction on photos without annotations: files, boxes, and what is skipped or refused."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from landmarks.cli.predict import main
from landmarks.data.coco import read_coco
from landmarks.data.photo_list import BOX_HEADER
from landmarks.data.pts import parse_pts
from landmarks.data.toy import read_toy
from landmarks.geometry import LandmarkCrop
from landmarks.inference.detector import Detector
from landmarks.inference.finders.finder import FoundBox
from landmarks.inference.finders.haar import HaarFinder
from landmarks.inference.finders.network import NetworkFinder
from landmarks.inference.pictures import SIDE
from tests.small import small_architecture, unnormalised_architecture

# `landmarks predict` that writes the first photo and the files of the second, says so, and hangs.
KILLED = """
import sys, time
from landmarks.cli.predict import main
from landmarks.inference.journal import Journal

add = Journal.add

def add_one(self, entry):
    if self.entries:
        print("predicting", flush=True)
        time.sleep(600)
    add(self, entry)

Journal.add = add_one
main(sys.argv[1:])
"""

DETECTOR = ("--detector", "~/detector.safetensors")

FILES_ROUND_BY = 0.0005 + 1e-4  # pixels; float32 adds a little


@pytest.fixture(scope="module")
def detector():
    architecture = small_architecture()
    network = architecture.start(68, seed=0).eval()
    return Detector(network=network, architecture=architecture, crop=LandmarkCrop(1.35))


@pytest.fixture
def place(tmp_path, detector, monkeypatch):
    """A folder with a detector, photos of drawn faces, and a box of the face of each."""
    monkeypatch.chdir(tmp_path)
    detector.save(tmp_path / "detector.safetensors")
    lines = []
    faces = read_toy(count=3, domain="stand_in", seed=3).faces
    for name, face in zip(("a.png", "b.jpg", "party/c.png"), faces, strict=True):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(face.image.read()).save(path)
        lines.append([name, *np.concatenate([face.landmarks.min(0), face.landmarks.max(0)])])
    write_boxes(tmp_path / "boxes.csv", *lines)
    return tmp_path


def write_boxes(path, *lines, header=BOX_HEADER):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *lines])


def predict(*words, images="photos", detector="detector.safetensors"):
    return main([images, "--detector", detector, "--out", "found", *words])


@pytest.fixture
def finds(monkeypatch):
    """Have the finder see faces in these boxes, in photos that are not one grey."""

    def see(*boxes):
        def find(_, images):
            return [tuple(FoundBox(b, 1.0) for b in boxes) * int(i.std() > 0) for i in images]

        monkeypatch.setattr(NetworkFinder, "find", find)

    return see


def table(place):
    """The points of each row by image and number of the face."""
    with (place / "found" / "predictions.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:6] == ["image", "face", "x0", "y0", "x1", "y1"]
    assert header[-4:] == ["left", "top", "right", "bottom"]
    return {(name, int(n)): np.array(v[:136], np.float64).reshape(68, 2) for name, n, *v in rows}


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_points_read_back_are_those_of_the_detector_on_the_box_of_the_csv(place, detector):
    assert predict("--boxes", "boxes.csv") == 0
    found = table(place)
    rows = list(csv.reader((place / "boxes.csv").read_text().splitlines()))[1:]
    assert [name for name, _ in found] == [name for name, *_ in rows]
    for name, *box in rows:
        (face,) = detector(place / "photos" / name, boxes=[tuple(map(float, box))])
        expected = face.points
        pts = (place / "found" / name).with_suffix(".pts")
        assert np.abs(parse_pts(pts) - 1 - expected).max() < FILES_ROUND_BY
        assert np.abs(found[name, 1] - expected).max() < FILES_ROUND_BY


def test_the_files_for_annotation_tools_have_the_points_of_the_table(place):
    assert predict("--boxes", "boxes.csv") == 0
    found = table(place)
    dataset = read_coco("found/predictions.coco.json", "photos")
    assert [face.id for face in dataset.faces] == ["a", "b", "party/c"]
    for face, points in zip(dataset.faces, found.values(), strict=True):
        assert np.abs(face.landmarks - points).max() < 2 * FILES_ROUND_BY
    tasks = json.loads((place / "found/labelling/label_studio.json").read_text())
    assert tasks[2]["data"]["image"] == "/data/local-files/?d=photos/party/c.png"
    value = tasks[2]["predictions"][0]["result"][1]["value"]  # after the box
    height, width = pixels(place / "photos/party/c.png").shape[:2]
    given = (value["x"] * width / 100 - 0.5, value["y"] * height / 100 - 0.5)
    assert np.abs(np.array(given) - found["party/c.png", 1][0]).max() < 2 * FILES_ROUND_BY


def test_each_face_has_a_picture(place):
    assert predict("--boxes", "boxes.csv") == 0
    pictures = place / "found" / "pictures"
    names = sorted(path.relative_to(pictures).as_posix() for path in pictures.rglob("*.jpg"))
    assert names == ["a.jpg", "b.jpg", "party/c.jpg"]
    for name in names:
        assert pixels(pictures / name).shape == (SIDE, SIDE, 3)


def test_without_boxes_faces_are_found_and_photos_without_one_are_listed(
    place, detector, finds, capsys
):
    Image.new("RGB", (50, 40), "grey").save(place / "photos" / "empty.png")
    finds((30, 40, 120, 130), (5, 5, 25, 25))
    assert predict() == 0
    out = capsys.readouterr().out
    assert "6 faces in 4 photos; results are in found" in out
    assert "no face in 1 photos: empty.png; see without_faces.txt" in out
    assert (place / "found" / "without_faces.txt").read_text() == "empty.png\n"
    faces = detector(place / "photos" / "a.png")
    found = table(place)
    for number, face in enumerate(faces, start=1):
        assert np.abs(found["a.png", number] - face.points).max() < FILES_ROUND_BY
    assert sorted(path.name for path in (place / "found").glob("*.pts")) == [
        *("a.pts", "a_2.pts", "b.pts", "b_2.pts"),
    ]


def test_a_network_of_another_package_is_named_on_the_command_line(place, capsys):
    architecture = unnormalised_architecture()
    network = architecture.start(68, seed=0).eval()
    Detector(network=network, architecture=architecture, crop=LandmarkCrop(1.35)).save(
        place / "own.safetensors"
    )
    write_boxes(place / "one.csv", ("a.png", 20, 20, 70, 70))
    words = {"images": "photos/a.png", "detector": "own.safetensors"}
    for given in ([], ["--class", "tests.small.Missing"], ["--class", "missing.Network"]):
        assert predict("--boxes", "one.csv", *given, **words) == 2
        complaint = capsys.readouterr().err
        assert given or "landmarks predict --class" in complaint
        assert not given or "expected package.module.Class" in complaint
    given = ("--boxes", "one.csv", "--class", "tests.small.Unnormalised")
    assert predict(*given, **words) == 0


def test_a_tilde_after_an_equals_sign_is_the_home_folder(place, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(place))
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    assert main(["~/photos", *DETECTOR, "--boxes=~/boxes.csv", "--out=~/found"]) == 0
    assert (place / "found" / "a.pts").is_file()
    assert not list((place / "elsewhere").iterdir())
    with pytest.raises(SystemExit) as ended:
        main(["~/photos", "--out=~nobody_at_all/found"])
    assert ended.value.code == 2
    assert "argument --out: ~nobody_at_all/found: there is no such home" in capsys.readouterr().err


def test_one_image_is_enough(place, finds):
    finds((30, 40, 120, 130))
    assert predict(images="photos/party/c.png") == 0
    assert list(table(place)) == [("c.png", 1)]
    assert (place / "found" / "c.pts").is_file()


def test_two_rows_of_a_photo_are_two_faces(place, detector):
    boxes = [(20, 20, 70, 70), (-5, 3, 40, 44.5)]
    write_boxes(place / "two.csv", *(("a.png", *box) for box in boxes))
    assert predict("--boxes", "two.csv") == 0
    image = pixels(place / "photos" / "a.png")
    for number, (name, box) in enumerate(zip(("a", "a_2"), boxes, strict=True), start=1):
        expected = detector(image, boxes=[box])[0].points
        points = parse_pts(place / "found" / f"{name}.pts") - 1
        assert np.abs(points - expected).max() < FILES_ROUND_BY
        assert np.abs(table(place)["a.png", number] - expected).max() < FILES_ROUND_BY


def test_photos_without_a_box_and_other_files_are_told(place, capsys):
    write_boxes(place / "one.csv", ("a.png", 20, 20, 70, 70))
    (place / "photos" / "d.gif").write_bytes(b"")
    assert predict("--boxes", "one.csv") == 0
    out = capsys.readouterr().out
    assert "one.csv: no box for 2 photos (b.jpg, party/c.png)" in out
    assert "1 .gif" in out
    assert list(table(place)) == [("a.png", 1)]


def test_a_photo_of_an_upright_phone_is_predicted_on_as_viewers_show_it(place, detector, caplog):
    upright = pixels(place / "photos" / "a.png")
    tags = Image.Exif()
    tags[274] = 6
    Image.fromarray(np.rot90(upright)).save(place / "photos" / "phone.png", exif=tags)
    write_boxes(place / "phone.csv", ("phone.png", 20, 30, 90, 110))
    assert predict("--boxes", "phone.csv", images="photos/phone.png") == 0
    expected = detector(upright, boxes=[(20, 30, 90, 110)])[0].points
    assert np.abs(table(place)["phone.png", 1] - expected).max() < FILES_ROUND_BY
    assert "images with an EXIF orientation, which were turned upright" in caplog.text


def test_the_same_command_writes_the_same_bytes(place):
    assert predict("--boxes", "boxes.csv") == 0
    (place / "found").rename(place / "first")
    (place / "found").mkdir()  # an empty folder is as good as none
    assert predict("--boxes", "boxes.csv") == 0
    written = [path for path in (place / "first").rglob("*") if path.is_file()]
    assert len(written) == 12
    for path in written:
        again = place / "found" / path.relative_to(place / "first")
        assert again.read_bytes() == path.read_bytes()


def test_the_folder_of_a_run_stands_for_its_detector(place):
    words = ("--device", "cpu", "--boxes", "boxes.csv")
    assert predict(*words, detector=str(place)) == 0


def skipped(place):
    """Photo and reason of each skipped photo."""
    with (place / "found" / "skipped.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["image", "reason"]
    return rows


def test_broken_photos_are_listed_and_predicted_once_they_are_mended(place, capsys):
    good = (place / "photos" / "b.jpg").read_bytes()
    cut_short(place)
    (place / "photos" / "party" / "c.png").write_bytes(b"")
    assert predict("--boxes", "boxes.csv") == 1
    assert list(table(place)) == [("a.png", 1)]
    rows = skipped(place)
    assert [name for name, _ in rows] == ["b.jpg", "party/c.png"]
    assert "b.jpg: cannot be decoded" in rows[0][1]
    error = capsys.readouterr().err
    assert "skipped: b.jpg: photos/b.jpg: cannot be decoded" in error
    assert "2 photos were skipped, see found/skipped.csv" in error
    (place / "photos" / "b.jpg").write_bytes(good)
    assert predict("--boxes", "boxes.csv") == 1
    assert list(table(place)) == [("a.png", 1), ("b.jpg", 1)]
    (place / "photos" / "party" / "c.png").write_bytes(good)
    assert predict("--boxes", "boxes.csv") == 0
    assert not (place / "found" / "skipped.csv").exists()
    assert "3 faces in 3 photos (2 of them before)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((0.1, 0.2, 0.8, 1.0), "box of 0.7 x 0.8 pixels; it must be in pixels, not in fractions"),
        ((9, 2, 3, 4), "it must be (x0, y0, x1, y1), finite pixels with x0 < x1 and y0 < y1"),
        ((9, 2, 9, 40), "finite pixels with x0 < x1 and y0 < y1"),
        ((1, 2, 30, "NaN"), "box is (1.0, 2.0, 30.0, nan); it must be"),
        ((1, 2, 30, ""), "box is (1.0, 2.0, 30.0, nan); it must be"),
        ((1, "x", 30, 40), "box is (1.0, nan, 30.0, 40.0); it must be"),
        ((1, 2, "inf", 40), "finite pixels"),
        ((-9, 2, -3, 40), "(-9, 2) to (-3, 40) is outside the image of 160 x 160 pixels"),
        ((9, 900, 99, 999), "is outside the image of 160 x 160 pixels"),
        ((-9000, -9000, 9000, 9000), "box of 18000 x 18000 pixels, in an image of 160 x 160"),
    ],
)
def test_a_photo_with_an_invalid_box_is_skipped_and_the_others_are_predicted(place, box, reason):
    good = (20, 20, 70, 70)
    write_boxes(place / "some.csv", ("a.png", *good), ("a.png", *box), ("b.jpg", *good))
    assert predict("--boxes", "some.csv") == 1
    assert list(table(place)) == [("b.jpg", 1)]
    assert not (place / "found" / "a.pts").exists()
    ((image, found),) = skipped(place)
    assert image == "a.png"
    assert found.startswith("some.csv, line 3: ")
    assert reason in found


def test_boxes_may_count_the_pixels_of_a_turned_photo_as_stored(place, detector):
    upright = pixels(place / "photos" / "a.png")
    tags = Image.Exif()
    tags[274] = 6
    stored = np.rot90(upright)
    Image.fromarray(stored).save(place / "photos" / "a.png", exif=tags)
    write_boxes(place / "one.csv", ("a.png", 20, 30, 90, 110))
    assert predict("--boxes", "one.csv", "--orientation", "ignore") == 0
    expected = detector(stored, boxes=[(20, 30, 90, 110)])[0].points
    assert np.abs(table(place)["a.png", 1] - expected).max() < FILES_ROUND_BY


def test_the_device_is_checked_before_anything_is_read(place, capsys):
    assert predict("--device", "cuda:99", detector="nowhere") == 2
    assert "device is 'cuda:99', but torch sees" in capsys.readouterr().err


def test_a_killed_command_is_continued_and_loses_nothing(place, capsys):
    command = [sys.executable, "-c", KILLED, "photos", "--detector", "detector.safetensors"]
    command += ["--out", "found", "--boxes", "boxes.csv"]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True) as process:
        while process.stdout.readline() != "predicting\n":
            assert process.poll() is None
        process.kill()
    journal = place / "found" / ".journal.jsonl"
    assert [json.loads(line)["image"] for line in journal.read_text().splitlines()[1:]] == ["a.png"]
    (place / "found" / "a.pts").write_text("corrected by hand")
    with journal.open("a") as file:
        file.write('{"image":"b.j{"tabled":true}\n')  # the disk was full, then not any more
        file.write('{"image":"b.j')  # as of a process that was killed while it wrote
    assert predict("--boxes", "boxes.csv") == 0
    assert "3 faces in 3 photos (1 of them before)" in capsys.readouterr().out
    assert list(table(place)) == [("a.png", 1), ("b.jpg", 1), ("party/c.png", 1)]
    assert (place / "found" / "a.pts").read_text() == "corrected by hand"
    written = sorted(path.name for path in (place / "found").rglob("*") if path.is_file())
    assert written == [
        *(".journal.jsonl", "a.jpg", "a.pts", "b.jpg", "b.pts", "c.jpg", "c.pts"),
        *("cvat_labels.json", "label_studio.json", "label_studio.xml"),
        *("predictions.coco.json", "predictions.csv"),
    ]


def test_what_was_corrected_is_kept_when_there_is_more_to_predict(place):
    write_boxes(place / "one.csv", ("a.png", 20, 20, 70, 70))
    assert predict("--boxes", "one.csv") == 0
    (place / "found" / "a.pts").write_text("corrected by hand")
    edited = (place / "found" / "predictions.csv").read_text().replace("a.png,1,", "a.png,1,7.5,")
    (place / "found" / "predictions.csv").write_text(edited.rstrip())
    assert predict("--boxes", "one.csv") == 0
    assert (place / "found" / "predictions.csv").read_text() == edited.rstrip()
    write_boxes(place / "more.csv", ("a.png", 20, 20, 70, 70), ("b.jpg", 20, 20, 70, 70))
    assert predict("--boxes", "more.csv") == 0
    assert (place / "found" / "predictions.csv").read_text().startswith(edited)
    assert len((place / "found" / "predictions.csv").read_text().splitlines()) == 3
    assert (place / "found" / "a.pts").read_text() == "corrected by hand"


def other_detector(place):
    architecture = small_architecture()
    network = architecture.start(68, seed=1).eval()
    other = Detector(network=network, architecture=architecture, crop=LandmarkCrop(1.35))
    other.save(place / "detector.safetensors")


def other_boxes(place):
    write_boxes(place / "boxes.csv", ("a.png", 20, 20, 70, 70))


def damaged(place):
    journal = place / "found" / ".journal.jsonl"
    journal.write_text(journal.read_text().replace("given", "taken"))


def no_journal(place):
    (place / "found" / ".journal.jsonl").unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (other_detector, "found: holds predictions with another detector; name another folder"),
        (other_boxes, "found: a.png was predicted with other boxes; name another folder"),
        (damaged, ".journal.jsonl: damaged ('given'); move the folder away"),
        (no_journal, "found: exists already, without predictions to continue"),
    ],
)
def test_a_folder_of_other_predictions_is_refused_and_stays(place, capsys, spoil, message):
    assert predict("--boxes", "boxes.csv") == 0
    spoil(place)
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert predict("--boxes", "boxes.csv") == 2
    assert message in capsys.readouterr().err
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_another_finder_can_be_chosen_and_has_a_folder_of_its_own(
    place, finds, monkeypatch, capsys
):
    finds((30, 40, 120, 130))
    monkeypatch.setattr(HaarFinder, "find", lambda _, images: [()] * len(images))
    assert predict() == 0
    assert predict("--finder", "haar") == 2
    assert "found: holds predictions with another finder" in capsys.readouterr().err
    (place / "found").rename(place / "before")
    assert predict("--finder", "haar") == 0
    assert "0 faces in 3 photos" in capsys.readouterr().out


def test_several_photos_and_patterns_are_predicted_together(place, finds):
    finds((30, 40, 120, 130))
    words = ("--detector", "detector.safetensors", "--out", "found")
    assert main(["photos/a.png", "photos/*.jpg", "photos/party", *words]) == 0
    assert list(table(place)) == [("a.png", 1), ("b.jpg", 1), ("c.png", 1)]


def test_results_have_a_place_of_their_own_without_out(place, finds, capsys):
    finds((30, 40, 120, 130))
    words = ("--detector", "detector.safetensors")
    for photos, name in (["photos/a.png"], "a"), (["photos/a.png", "photos/b.jpg"], "photos"):
        assert main([*photos, *words]) == 0
        assert (place / "outputs" / "predict" / name / "a.pts").is_file()
    assert main(["photos/*.jpg", *words]) == 2
    assert "name a folder with --out" in capsys.readouterr().err


def cut_short(place):
    path = place / "photos" / "b.jpg"
    path.write_bytes(path.read_bytes()[:1500])


def two_of_a_name(place):
    Image.new("RGB", (40, 30)).save(place / "photos" / "a.jpg")


def called_as_a_second_face(place):
    Image.new("RGB", (40, 30)).save(place / "photos" / "a_2.png")
    write_boxes(place / "boxes.csv", *[(n, 1, 1, 9, 9) for n in ("a.png", "a.png", "a_2.png")])


def boxes(*lines, **options):
    return lambda place: write_boxes(place / "boxes.csv", *lines, **options)


def no_match(place):
    pass


def same_name(place):
    (place / "other").mkdir()
    Image.new("RGB", (40, 30)).save(place / "other" / "a.png")


def no_detector(place):
    (place / "detector.safetensors").write_bytes(b"not weights")


def no_images(place):
    for path in (place / "photos").rglob("*.*"):
        path.unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (no_images, "photos: no image in it; expected .jpg, .jpeg, .jfif, .png"),
        (two_of_a_name, "would both be called 'a'"),
        (called_as_a_second_face, "would both be called 'a_2'"),
        (no_detector, "detector.safetensors: not a safetensors file"),
        (boxes(), "boxes.csv: no box"),
        (boxes(("x.png", 1, 2, 3, 4)), "boxes.csv, line 2: no image 'x.png' in photos"),
        (boxes(header=("file", *"abcd")), "line 1: 'file,a,b,c,d'; expected the header"),
        (boxes(("a.png", 1, 2, 3)), "boxes.csv, line 2: 4 fields"),
        (no_match, "photos/*.gif: no file matches this pattern"),
        (same_name, "a.png and other/a.png would both be called 'a.png'"),
    ],
)
def test_invalid_input_ends_with_one_line_and_code_two_and_writes_nothing(
    place, capsys, spoil, message
):
    spoil(place)
    before = sorted(place.rglob("*"))
    words = () if spoil is two_of_a_name else ("--boxes", "boxes.csv")
    images = {no_match: ["photos/*.gif"], same_name: ["photos", "other"]}.get(spoil, ["photos"])
    words += ("--detector", "detector.safetensors", "--out", "found")
    assert main([*images, *words]) == 2
    # The progress bar ends with a carriage return or a new line; the error has a line of its own.
    (error,) = (x for x in capsys.readouterr().err.splitlines() if x.startswith("error:"))
    assert message in error
    assert sorted(place.rglob("*")) == before


def test_a_folder_among_the_photos_is_refused(place, capsys):
    words = ("--detector", "detector.safetensors", "--out")
    assert main(["photos", *words, "photos/found"]) == 2
    assert "would be in photos/found, inside of photos" in capsys.readouterr().err
    assert main(["nowhere", *words, "found"]) == 2
    assert "nowhere: no such file or folder" in capsys.readouterr().err
