"""The constants that a wrong index hides in."""

import pytest

from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme

# HRNet-Facial-Landmark-Detection's pairs for 300-W, which count from 1.
HRNET_PAIRS = """1 17, 2 16, 3 15, 4 14, 5 13, 6 12, 7 11, 8 10, 18 27, 19 26, 20 25, 21 24, 22 23,
32 36, 33 35, 37 46, 38 45, 39 44, 40 43, 41 48, 42 47, 49 55, 50 54, 51 53, 62 64, 61 65, 68 66,
59 57, 60 56"""


def test_mirror_agrees_with_the_pairs_of_another_project():
    expected = list(range(68))
    for pair in HRNET_PAIRS.split(","):
        right, left = (int(k) - 1 for k in pair.split())
        expected[right], expected[left] = left, right
    assert list(IBUG68.mirror) == expected


def test_outer_eye_corners_and_eyes_are_mirror_partners():
    right, left = IBUG68.interocular
    assert (right, left) == (36, 45)
    assert IBUG68.mirror[right] == left
    assert {IBUG68.mirror[k] for k in IBUG68.pupils[0]} == set(IBUG68.pupils[1])


@pytest.mark.parametrize("region", IBUG68.regions)
def test_each_region_is_its_own_mirror_image(region):
    indices = set(IBUG68.regions[region])
    assert {IBUG68.mirror[k] for k in indices} == indices


def test_regions_cover_the_face_once():
    parts = [k for name, part in IBUG68.regions.items() if name != "inner51" for k in part]
    assert sorted(parts) == list(range(68))
    assert len(IBUG68.regions["inner51"]) == 51


def test_a_mirror_that_does_not_pair_up_is_refused():
    with pytest.raises(InputError, match=r"mirror\[1\] = 2, but mirror\[2\] is not 1"):
        LandmarkScheme(
            name="broken", mirror=(0, 2, 0), interocular=(0, 1), pupils=((0,), (1,)), regions={}
        )


def test_a_region_outside_the_face_is_refused():
    with pytest.raises(InputError, match="region 'nose' names landmark 9"):
        LandmarkScheme(
            name="x", mirror=(1, 0), interocular=(0, 1), pupils=((0,), (1,)), regions={"nose": (9,)}
        )


def test_wflw_map_keeps_the_mirror_symmetry():
    # WFLW's own mirror: jaw 0-32, brows 33-50, nose 51-59, eyes 60-75, mouth 76-95 (Wu et al.).
    wflw_mirror = {k: 32 - k for k in range(33)}
    for a, b in [(33, 46), (34, 45), (35, 44), (36, 43), (37, 42)]:
        wflw_mirror |= {a: b, b: a}
    wflw_mirror |= {k: k for k in (51, 52, 53, 54)} | {55 + i: 59 - i for i in range(5)}
    right_eye, left_eye = (60, 61, 62, 63, 64, 65, 66, 67), (72, 71, 70, 69, 68, 75, 74, 73)
    for a, b in zip(right_eye, left_eye, strict=True):
        wflw_mirror |= {a: b, b: a}
    wflw_mirror |= {76 + i: 82 - i for i in range(7)} | {83 + i: 87 - i for i in range(5)}
    wflw_mirror |= {88 + i: 92 - i for i in range(5)} | {93 + i: 95 - i for i in range(3)}
    picked = IBUG68.picked_from("wflw98")
    for k, source in enumerate(picked):
        assert wflw_mirror[source] == picked[IBUG68.mirror[k]]
    assert (picked[36], picked[45]) == (60, 72)  # outer corners of the eyes


def test_lines_pass_every_landmark_and_are_mirrored_onto_lines():
    assert {k for line in IBUG68.lines.values() for k in line} == set(range(68))
    edges = {frozenset(edge) for edge in IBUG68.edges}
    assert {frozenset(IBUG68.mirror[k] for k in edge) for edge in edges} == edges
    assert [IBUG68.point_names[k] for k in (0, 36, 45, 67)] == [
        *("jaw_00", "right_eye_36", "left_eye_45", "inner_lip_67"),
    ]


def test_a_scheme_finds_its_landmarks_in_itself_and_refuses_one_that_it_does_not_know():
    assert IBUG68.picked_from(IBUG68) == tuple(range(68))
    with pytest.raises(InputError, match="labels in the scheme 'mine' cannot become these 68"):
        IBUG68.picked_from("mine")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"normaliser": "width"}, "normaliser is 'width'; expected one of interocular"),
        ({"normaliser": "interpupil"}, "normaliser interpupil needs landmarks that are not given"),
        ({"names": ("a",)}, "1 names for 2 landmarks"),
        ({"names": ("a", "a")}, "two landmarks are named 'a'"),
        ({"lines": {"nose": (0, 2)}}, "line 'nose' names landmark 2"),
        ({"sources": {"other": (0,)}}, "source 'other' has 1 landmarks; expected 2"),
        ({"interocular": (0,)}, "two outer eye corners and two eyes"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        LandmarkScheme(name="x", **{"mirror": (1, 0), "interocular": (0, 1), **wrong})


def test_landmarks_without_which_a_face_has_no_error_follow_the_normaliser():
    pair = {"name": "x", "mirror": (1, 0, 2), "interocular": (0, 1), "pupils": ((0,), (1,))}
    assert LandmarkScheme(**pair).normalising == (0, 1)
    assert LandmarkScheme(**pair, normaliser="box").normalising == (0, 1, 2)
    assert LandmarkScheme(name="x", mirror=(0,), normaliser="box").normalisers == ("box",)
