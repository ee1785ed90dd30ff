from dataclasses import replace

import pytest

from landmarks.analysis.design import Design
from landmarks.analysis.exchange import Exchange
from landmarks.analysis.faces import FaceSheet, sheets
from landmarks.analysis.study import read_study
from landmarks.errors import InputError
from tests.analysis.studies import write_study

PNG = b"\x89PNG\r\n\x1a\n"
HEADLINE = Exchange(
    strategy="finetune",
    n_real=50,
    value=200.0,
    low=150.0,
    high=300.0,
    design=Design(seeds=(3, 5), sizes=(10, 250)),
)


def small_study(folder, **changes):
    """Two strategies at two sizes; each run's picture holds its own name."""
    values = {
        "strategies": ("real_only", "finetune"),
        "sizes": (10, 50),
        "seeds": (3, 5),
        "faces": 8,
    }
    study = read_study(write_study(folder, **{**values, **changes}))
    for run in study.runs:
        (run.directory / "faces.png").write_bytes(PNG + str((*run.cell, run.result.seed)).encode())
    return study


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    return small_study(tmp_path_factory.mktemp("rendered"))


@pytest.fixture
def photographs(tmp_path):
    return small_study(tmp_path, rendered=False)


def test_the_headlines_faces_stand_beside_those_of_photos_alone(rendered):
    found = sheets(rendered, HEADLINE, photos=False)
    assert [sheet.png for sheet in found] == [
        PNG + b"('finetune', 50, 3)",
        PNG + b"('real_only', 50, 3)",
    ]
    assert found[0].caption.startswith("Fine-tuning, 50 real faces, seed 3:")
    nme = 100 * rendered.by_cell["finetune", 50][3].nme
    assert f"NME of all 8: {nme:.2f} %" in found[0].caption


def test_photographs_are_shown_when_asked_for_and_not_else(photographs):
    assert sheets(photographs, HEADLINE, photos=False) == ()
    shown = sheets(photographs, HEADLINE, photos=True)
    assert len(shown) == 2
    assert all("photographs" in sheet.caption for sheet in shown)


def test_captions_of_rendered_faces_say_so(rendered):
    assert all("rendered" in sheet.caption for sheet in sheets(rendered, HEADLINE, photos=True))


def test_a_size_that_photos_alone_were_not_run_with_shows_the_strategy(rendered):
    runs = tuple(run for run in rendered.runs if run.cell != ("real_only", 50))
    (shown,) = sheets(replace(rendered, runs=runs), HEADLINE, photos=False)
    assert shown.png.endswith(b"('finetune', 50, 3)")


def test_without_a_headline_the_last_run_is_shown(rendered):
    (shown,) = sheets(rendered, None, photos=False)
    assert shown.png.endswith(b"('finetune', 50, 5)")


def test_a_study_without_its_pictures_shows_none_unless_they_are_asked_for(photographs):
    missing = photographs.by_cell["finetune", 50][3].directory / "faces.png"
    missing.unlink()
    rendered = replace(photographs, rendered_test=True)
    assert len(sheets(rendered, HEADLINE, photos=False)) == 1
    with pytest.raises(InputError, match=r"finetune/n_real_50/seed_3/faces\.png: no such file"):
        sheets(photographs, HEADLINE, photos=True)


def test_a_picture_that_is_no_png_is_refused():
    with pytest.raises(InputError, match=r"starts with b'<html>"):
        FaceSheet(caption="Faces", png=b"<html></html>")
