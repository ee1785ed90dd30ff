"""The command `landmarks audit`: what it reads, writes and returns."""

import json

import numpy as np
import pytest
from PIL import Image

from landmarks.data.toy import read_toy
from tests.processes import forked
from tests.waiting import PATIENCE


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of labelled photos, one of them twice."""
    folder = tmp_path_factory.mktemp("photos")
    for i, face in enumerate(read_toy(count=6, domain="stand_in", seed=3).faces):
        for name in (f"{i}", *(["copy"] if i == 0 else [])):
            Image.fromarray(face.image.read()).save(folder / f"{name}.png")
            np.savetxt(folder / f"{name}.pts", face.landmarks + 1, fmt="%.3f")
    return folder


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "error: nothing to audit; give a dataset, e.g. data.real.root=my/photos, or runs="),
        (["data.real.root=x", "sample=0"], "sample is 0; it must be a whole number from 1"),
        (["data.real=5"], "data.real is 5, which is not a dataset"),
        (
            ["faces@data.real=coco", "data.real.annotations=x"],
            "data.real.images is missing; give it as well as annotations, or set data.real=null",
        ),
    ],
)
def test_wrong_input_is_refused_in_one_line_and_leaves_nothing(tmp_path, photos, words, message):
    words = [word.replace("root=x", f"root={photos}") for word in words]
    done = forked("audit", *words, cwd=tmp_path, patience=PATIENCE)
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_an_audit_of_one_folder_of_photos_finds_a_copy_and_ends_with_code_1(tmp_path, photos):
    done = forked("audit", f"data.real.root={photos}", cwd=tmp_path, patience=PATIENCE)
    assert done.returncode == 1, done.stderr
    assert "data.test is left out: data.test.root is not given" in done.stdout
    assert "photos that are there" in done.stdout
    stored = json.loads((tmp_path / "outputs" / "audit" / "audit.json").read_text())
    (finding,) = stored["findings"]
    assert sorted(finding["faces"] + finding["beside"]) == ["0", "copy"]
    assert "Nothing found by these checks:" in done.stdout
    assert "data:image/jpeg" in (tmp_path / "outputs" / "audit" / "audit.html").read_text()


def test_an_audit_that_finds_nothing_ends_with_code_0(tmp_path):
    few = [f"data.{role}.count=4" for role in ("real", "test")]
    words = ["data=toy", *few, "data.synthetic=null", "out=clean"]
    done = forked("audit", *words, cwd=tmp_path, patience=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert "no findings" in done.stdout
    assert sorted(path.name for path in (tmp_path / "clean").iterdir()) == [
        "audit.html",
        "audit.json",
    ]
