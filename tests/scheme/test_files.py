"""Schemes in YAML: what is read, and what is refused."""

from dataclasses import replace

import pytest

from landmarks.errors import InputError
from landmarks.scheme import (
    IBUG68,
    Corners,
    OnLine,
    Pupil,
    Vertex,
    as_mapping,
    load_scheme,
    restored_scheme,
    scheme_from,
    shipped_schemes,
    stored_scheme,
)

MINE = """
name: mine
points: [right_pupil, left_pupil, nose, right_lobe, left_lobe]
normaliser: interpupil
eyes: {right: right_pupil, left: left_pupil}
regions: {eyes: [right_pupil, left_pupil], rest: 2-4}
lines: {middle: [nose, 0]}
places:
  right_pupil: {pupil: right}
  nose: {corners: [1, 2, 3], weights: [0.5, 0.25, 0.25]}
  3-4: {line: jaw, at: [0, 16]}
"""


def write(folder, text=MINE, name="mine.yaml"):
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_file_is_read_with_names_indices_and_spans(tmp_path):
    scheme = load_scheme(write(tmp_path))
    assert scheme.mirror == (1, 0, 2, 4, 3)  # by the words right and left
    assert scheme.pupils == ((0,), (1,))
    assert scheme.regions == {"eyes": (0, 1), "rest": (2, 3, 4)}
    assert scheme.edges == ((2, 0),)
    assert scheme.places == {
        0: Pupil("right"),
        2: Corners((1, 2, 3), (0.5, 0.25, 0.25)),
        3: OnLine("jaw", 0.0),
        4: OnLine("jaw", 16.0),
    }
    assert scheme.point_names[3] == "right_lobe"


def test_vertices_of_a_span_can_be_listed():
    content = {"name": "x", "points": 2, "mirror": {"0": 1}, "normaliser": "box"}
    scheme = scheme_from({**content, "places": {"0-1": {"vertex": [7, 9]}}})
    assert scheme.places == {0: Vertex(7), 1: Vertex(9)}


def test_a_written_scheme_has_a_revision_that_follows_its_meaning(tmp_path):
    first = load_scheme(write(tmp_path))
    commented = load_scheme(write(tmp_path, "# mine" + MINE, "other.yaml"))
    moved = load_scheme(write(tmp_path, MINE.replace("[0, 16]", "[1, 15]"), "moved.yaml"))
    assert first == commented
    assert first.identity.startswith("mine-")
    assert moved.identity != first.identity
    assert IBUG68.identity == "ibug68"


@pytest.mark.parametrize("name", shipped_schemes())
def test_shipped_schemes_survive_being_stored(name):
    scheme = load_scheme(name)
    assert stored_scheme(scheme) == name
    assert restored_scheme(name) == scheme
    assert scheme_from(as_mapping(scheme)) == scheme


def test_an_own_scheme_is_stored_whole(tmp_path):
    scheme = load_scheme(write(tmp_path))
    assert restored_scheme(stored_scheme(scheme)) == scheme


@pytest.mark.parametrize("text", ["nothing", "[1]", "{", '{"name": "x"}', "[" * 100_000])
def test_text_that_is_no_scheme_is_refused(text):
    with pytest.raises(InputError):
        restored_scheme(text)


def test_a_scheme_object_is_itself():
    other = replace(IBUG68, name="other")
    assert load_scheme(other) is other


def test_an_unknown_scheme_is_refused_with_those_that_exist():
    with pytest.raises(InputError, match=r"scheme is 'ibug86'; expected .*ibug68.*YAML file"):
        load_scheme("ibug86")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: mine", "name: ibug68", "named 'ibug68', as one that comes with the package"),
        ("name: mine", "name: 3d", "name is '3d'; expected a letter"),
        ("points: [", "point: [", "unknown key 'point'"),
        ("points: [", "points: [1, ", "points are .*; expected their number"),
        ("points: [right_pupil", "points: [right_pupil, right_ear", "but no 'left_ear'"),
        ("rest: 2-4", "rest: 2-5", "'2-5' is outside the landmarks 0 to 4"),
        ("rest: 2-4", "rest: lobes", "'lobes' is no landmark; expected an index"),
        ("rest: 2-4", "rest: 2-4, rest: 1", "not a scheme in YAML .'rest' is there twice"),
        ("regions: {", "regions: &a {again: *a, ", r"aliases .\*name. are not read"),
        ("eyes: {right: right_pupil, ", "eyes: {", "eyes has the keys .'left'.; expected right"),
        ("pupil: right}", "pupil: middle}", "a pupil is 'middle'; it must be right or left"),
        ("pupil: right}", "eye: right}", "expected vertex, corners and weights, line and at"),
        ("0.5, 0.25", "0.9, 0.25", "must be at least 0 and sum to 1"),
        ("normaliser: interpupil", "normaliser: iod", "normaliser is 'iod'"),
        ("at: [0, 16]", "at: [-1, 16]", "must be a number from 0"),
        (MINE, "- 1", "expected a mapping"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_it(tmp_path, old, new, message):
    assert old in MINE
    path = write(tmp_path, MINE.replace(old, new, 1))
    with pytest.raises(InputError, match=message) as error:
        load_scheme(path)
    assert str(error.value).startswith(path)
    assert "\n" not in str(error.value)


def test_mirror_pairs_of_different_lengths_or_twice_are_refused():
    content = {"name": "x", "points": 4, "normaliser": "box"}
    with pytest.raises(InputError, match="0-1 are 2 landmarks and 3 are 1"):
        scheme_from({**content, "mirror": {"0-1": 3}})
    with pytest.raises(InputError, match="landmark 0 is in two pairs"):
        scheme_from({**content, "mirror": {"0": 3, "1": 0}})
    with pytest.raises(InputError, match="mirror is lacking"):
        scheme_from(content)
