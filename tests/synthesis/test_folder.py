"""Folders of rendered samples stay consistent when rendering is interrupted."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from landmarks.data.files import entries
from landmarks.data.scene_lines import PACKED, UNPACKED, scene_lines
from landmarks.errors import InputError
from landmarks.synthesis.storage.folder import covers, load_manifest
from landmarks.synthesis.storage.production import produce
from tests.synthesis.disc_pictures import (
    DiscPictures,
    die_at_5,
    disc,
    divide_at_5,
    refuse_5,
)
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parents[2]


def fill(folder, start=0, stop=8, pictures=None, workers=1, **options):
    pictures = DiscPictures() if pictures is None else pictures
    return produce(folder, pictures, start=start, stop=stop, workers=workers, **options)


def contents(folder):
    """Every file but the lock, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def lines(folder):
    return [json.loads(line) for _, line in scene_lines(folder / PACKED)]


# What is in it


def test_a_line_says_everything_about_its_sample(tmp_path):
    fill(tmp_path, 3, 5)
    first, second = lines(tmp_path)
    picture = disc(0, 3)
    assert (first["id"], first["index"], second["id"]) == ("000003", 3, "000004")
    assert (first["recipe"], first["seed"], first["renderer"]) == ("discs", 0, "discs 1")
    assert first["image"] == "000003.png"
    assert set(first["labels"]) == {"surface", "contour", "annotated", "pupils", "visible"}
    np.testing.assert_allclose(first["labels"]["contour"], picture.labels.contour, atol=5.1e-4)
    assert first["labels"]["visible"] == picture.labels.visible.tolist()
    assert first["pose"] == [pytest.approx(picture.head_pose[0], rel=1e-5), 0, 0]
    np.testing.assert_allclose(first["camera"]["extrinsics"], picture.extrinsics, atol=1e-8)
    assert first["scene"]["colour"] == [float(f"{c:.6g}") for c in picture.scene.colour]
    keys = list(first)
    assert (keys[0], keys[-1]) == ("id", "scene")


def test_numbers_have_few_digits(tmp_path):
    fill(tmp_path, 0, 1)
    (line,) = lines(tmp_path)
    text = [repr(v) for pair in line["labels"]["surface"] for v in pair]
    assert max(len(number.partition(".")[2]) for number in text) <= 3


def test_the_manifest_says_which_samples_there_are(tmp_path):
    fill(tmp_path, 2, 4)
    manifest = fill(tmp_path, 6, 9)
    assert manifest == json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["count"], manifest["indices"]) == (5, ["2:4", "6:9"])
    assert manifest["spec"] == json.loads((tmp_path / "spec.json").read_text())
    assert covers(manifest, 6, 9)
    assert not covers(manifest, 2, 9)
    assert fill(tmp_path, 4, 6)["indices"] == ["2:9"]
    assert not list((tmp_path / "records").iterdir())


def test_dense_points_are_stored_if_asked_for(tmp_path):
    fill(tmp_path / "dense", 0, 2, DiscPictures(write=("dense",)))
    fill(tmp_path / "plain", 0, 2)
    assert (tmp_path / "dense/000001_dense.npz").exists()
    assert not (tmp_path / "plain/000001_dense.npz").exists()


# A sample depends on recipe, seed, size and index alone


@pytest.mark.parametrize("layout", ["face_synthetics", "datagen"])
def test_order_ranges_and_workers_change_no_byte(tmp_path, layout):
    dense = DiscPictures(write=("dense",))
    fill(tmp_path / "one", layout=layout, pictures=dense)
    fill(tmp_path / "two", 4, 8, layout=layout, pictures=dense, workers=2)
    fill(tmp_path / "two", 0, 6, layout=layout, pictures=dense)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_content_changes_with_a_pixel_a_label_and_the_seed(tmp_path):
    recipe = DiscPictures().settings
    variants = [
        DiscPictures(),
        DiscPictures(seed=1),
        DiscPictures(noise_from=7),
        DiscPictures(settings={**recipe, "labels": "surface"}),
    ]
    made = [fill(tmp_path / str(k), pictures=p)["content"] for k, p in enumerate(variants)]
    assert len(set(made)) == len(variants)


def test_existing_samples_are_not_rendered_again(tmp_path):
    fill(tmp_path)
    before = contents(tmp_path)
    fill(tmp_path, pictures=DiscPictures(fault=refuse_5))
    assert contents(tmp_path) == before


def test_scenes_are_packed_to_a_fraction(tmp_path):
    fill(tmp_path, 0, 40)
    packed = (tmp_path / PACKED).read_bytes()
    assert 2.5 * len(packed) < len(gzip.decompress(packed))


def test_a_folder_whose_scenes_are_unpacked_is_added_to(tmp_path):
    fill(tmp_path / "whole", 0, 6)
    fill(tmp_path / "parts", 0, 4)
    packed = tmp_path / "parts" / PACKED
    packed.with_name(UNPACKED).write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    fill(tmp_path / "parts", 0, 6, DiscPictures(fault=only_from_4))
    assert contents(tmp_path / "parts") | contents(tmp_path / "whole") == contents(
        tmp_path / "parts"
    )


def only_from_4(index):
    assert index >= 4


# Refusals


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pictures": DiscPictures(seed=1)}, "seed 0, not 1"),
        ({"pictures": DiscPictures(size=64)}, "size 48, not 64"),
        (
            {"pictures": DiscPictures(settings={**DiscPictures().settings, "view": {"yaw": 20.0}})},
            "recipe.view.yaw 18.0, not 20.0",
        ),
        ({"pictures": DiscPictures(renderer_version="discs 2")}, "renderer 'discs 1'"),
        ({"layout": "datagen"}, "layout 'face_synthetics', not 'datagen'"),
        ({"pictures": DiscPictures(write=("dense",))}, "dense False, not True"),
    ],
)
def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path, change, message):
    fill(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(InputError, match=message):
        fill(tmp_path, **change)
    assert contents(tmp_path) == before


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(InputError, match=r"contains files, but no spec\.json"):
        fill(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_folder_that_another_process_begins_while_it_is_looked_at_is_shared(
    tmp_path, monkeypatch
):
    def late(folder):
        monkeypatch.setattr("landmarks.synthesis.storage.folder.entries", entries)
        fill(folder, stop=4)
        return entries(folder)

    monkeypatch.setattr("landmarks.synthesis.storage.folder.entries", late)
    assert fill(tmp_path, stop=8)["count"] == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "coco"}, "choose one of face_synthetics, datagen"),
        ({"pictures": DiscPictures(size=8)}, "size is 8"),
        ({"pictures": DiscPictures(size=5000)}, "at most 4,096 pixels"),
        ({"pictures": DiscPictures(seed=-1)}, "seed is -1"),
        ({"workers": 0}, "workers is 0"),
        ({"start": 5, "stop": 5}, "stop is 5"),
        ({"start": -1}, "start is -1"),
        ({"stop": 1_000_001}, "at most 1,000,000"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        fill(tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for place in ("file", "file/below"):
        with pytest.raises(InputError, match="file"):
            fill(tmp_path / place)


# Failures


@pytest.mark.parametrize("workers", [1, 2])
def test_wrong_input_found_while_rendering_stops_with_its_own_line_and_can_be_continued(
    tmp_path, workers
):
    with pytest.raises(InputError, match="the fifth scene is wrong"):
        fill(tmp_path / "a", pictures=DiscPictures(fault=refuse_5), workers=workers)
    fill(tmp_path / "a")
    fill(tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_fault_of_the_program_in_a_worker_keeps_its_traceback(tmp_path):
    with pytest.raises(RuntimeError, match=r"in divide_at_5(.|\n)*ZeroDivisionError"):
        fill(tmp_path, pictures=DiscPictures(fault=divide_at_5), workers=2)


def test_a_worker_that_is_killed_stops_the_call_with_one_line(tmp_path):
    with pytest.raises(InputError, match=r"killed \(signal 9\).*with fewer workers"):
        fill(tmp_path, pictures=DiscPictures(fault=die_at_5), workers=2)
    assert fill(tmp_path)["indices"] == ["0:8"]


FULL = """
import resource, sys
from pathlib import Path
from landmarks.errors import InputError
from landmarks.synthesis.storage.production import produce
from tests.synthesis.disc_pictures import DiscPictures

resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
folder, workers = Path(sys.argv[1]), int(sys.argv[2])
try:
    produce(folder, DiscPictures(noise_from=5), start=0, stop=8, workers=workers)
except InputError as error:
    print(error)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_when_files_cannot_grow_one_line_says_how_far_it_came(tmp_path, workers):
    noisy = DiscPictures(noise_from=5)
    said = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path / "full", str(workers)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    done = "5" if workers == 1 else r"[45]"
    assert len(said.splitlines()) == 1
    assert f"{tmp_path / 'full'}: files may not grow that large here; " in said
    assert any(f"{n} of 8 samples are done; run the same command to resume" in said for n in done)
    fill(tmp_path / "full", pictures=noisy)
    fill(tmp_path / "roomy", pictures=noisy)
    assert contents(tmp_path / "full") == contents(tmp_path / "roomy")


def test_a_disk_that_fills_up_stops_with_one_line_and_continues_when_there_is_room(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk takes more rights")
    try:
        with pytest.raises(
            InputError, match=r"the disk is full; \d+ of 40 samples are done"
        ) as said:
            fill(disk / "faces", stop=40, pictures=DiscPictures(noise_from=0))
        assert "\n" not in str(said.value)
        subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
        fill(disk / "faces", stop=40, pictures=DiscPictures(noise_from=0))
        fill(tmp_path / "roomy", stop=40, pictures=DiscPictures(noise_from=0))
        assert contents(disk / "faces") == contents(tmp_path / "roomy")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_half_written_files_of_the_dead_are_removed_when_they_are_old(tmp_path):
    fill(tmp_path)
    old, new = tmp_path / ".000001.png.a.partial", tmp_path / "records/.000002.json.b.partial"
    for path in (old, new):
        path.touch()
    os.utime(old, (time.time() - 120,) * 2)
    fill(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)


def test_killed_between_the_steps_of_merging_the_next_call_ends_the_same(tmp_path, monkeypatch):
    fill(tmp_path / "whole")
    whole = contents(tmp_path / "whole")
    for step in ("manifest.json", "000003.json"):
        folder = tmp_path / step
        stop_at(step, monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            fill(folder)
        monkeypatch.undo()
        assert contents(folder) != whole
        fill(folder)
        assert contents(folder) == whole


def test_memory_does_not_grow_with_the_number_of_samples(tmp_path):
    pictures = DiscPictures(size=96)
    fill(tmp_path / "before", pictures=pictures)  # what is loaded once does not count
    peaks = []
    for count in (8, 108):
        tracemalloc.start()
        fill(tmp_path / str(count), stop=count, pictures=pictures)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # A hundred pictures are 2.8 MB.
    assert peaks[1] - peaks[0] < 200_000


def stop_at(name, monkeypatch):
    """End the process, as it were, before the manifest is written or a record removed."""
    replace, unlink = Path.replace, Path.unlink

    def replacing(path, target):
        if Path(target).name == name and name == "manifest.json":
            raise KeyboardInterrupt
        return replace(path, target)

    def unlinking(path, missing_ok=False):
        if path.name == name:
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "replace", replacing)
    monkeypatch.setattr(Path, "unlink", unlinking)


# Real processes

# Two seconds of work for one process: who is to be killed at it must not be done before.
MANY = 200


def start(folder, stop=30, workers=2, *fault):
    words = [folder, str(stop), str(workers), *fault]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.synthesis.disc_pictures", *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def wait_for_samples(folder, count):
    def there():
        return len(list((folder / "records").glob("[0-9]*.json"))) >= count

    wait_until(there, f"{count} samples in {folder}")


def children(pid):
    """Processes that `pid` started, and those that they did."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()[1:]]
    own = [child for child, parent in pairs if parent == pid]
    return own + [grandchild for child in own for grandchild in children(child)]


def assert_gone(pids):
    wait_until(lambda: not any(map(running, pids)), f"the end of {pids}")


def running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # a zombie here waits for the init process, not for us


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_any_moment_it_continues_to_the_same_folder(tmp_path, workers):
    rng = random.Random(workers)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    fill(whole, stop=MANY)
    for _ in range(3):
        known = len(list((killed / "records").glob("[0-9]*.json")))
        process = start(killed, stop=MANY, workers=workers)
        wait_for_samples(killed, known + 1)
        crew = children(process.pid)
        wait_for_samples(killed, known + rng.randint(2, 6))
        process.send_signal(signal.SIGKILL)
        finish(process)
        assert_gone(crew)
        assert not (killed / "manifest.json").exists()
    code, said = finish(start(killed, stop=MANY, workers=workers))
    assert code == 0, said
    left = list(killed.rglob(".*.partial"))  # too young to be removed
    for path in left:
        path.unlink()
    assert len(left) <= 3 * workers
    assert contents(killed) == contents(whole)


def test_workers_end_with_their_parent_even_while_computing(tmp_path):
    process = start(tmp_path, 30, 2, "stuck_after_2")
    wait_for_samples(tmp_path, 2)
    crew = children(process.pid)
    assert len(crew) >= 2
    process.kill()
    finish(process)
    began = time.monotonic()
    assert_gone(crew)
    assert time.monotonic() - began < PATIENCE / 10


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_all_processes_without_noise_and_the_same_command_continues(tmp_path, workers):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    fill(whole, stop=MANY)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.synthesis.disc_pictures",
            stopped,
            str(MANY),
            str(workers),
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # As in a terminal, even if these tests run in the background, where shells ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for_samples(stopped, 3)
    crew = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, said = finish(process)
    assert said.count("KeyboardInterrupt") == 1, said  # the command line says it in one line
    assert_gone(crew)
    assert not list(stopped.rglob(".*.partial"))
    code, said = finish(start(stopped, stop=MANY, workers=workers))
    assert code == 0, said
    assert contents(stopped) == contents(whole)


def test_processes_that_fill_one_folder_at_once_do_not_tear_it(tmp_path):
    fill(tmp_path / "whole", stop=30)
    crowd = [start(tmp_path / "shared", workers=workers) for workers in (1, 1, 2)]
    ended = [finish(process) for process in crowd]
    assert [code for code, _ in ended] == [0, 0, 0], ended
    assert contents(tmp_path / "shared") == contents(tmp_path / "whole")
    assert load_manifest(tmp_path / "shared")["count"] == 30
