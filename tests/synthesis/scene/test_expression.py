"""Expressions use existing actions at the requested strength."""

from collections import Counter

import numpy as np
import pytest

from landmarks.synthesis.scene.expression import ACCENTS, COMBINATIONS, SHARES, ExpressionRecipe
from tests.synthesis.scenes import actions, bare

GAZE = "eyeLook"


def drawn(count=50, **recipe):
    return [ExpressionRecipe(**recipe).draw(np.random.default_rng(k)).actions for k in range(count)]


def face_of(expression):
    return {name: w for name, w in expression.items() if not name.startswith(GAZE)}


def test_every_action_is_one_of_the_head():
    known = set(actions())
    assert len(known) == 52  # as ARKit has them
    assert set(ACCENTS) <= known
    for combination in COMBINATIONS.values():
        assert set(combination) <= known
    for expression in drawn(200):
        assert set(expression) <= known


def test_shares_are_of_all_combinations_and_sum_to_one():
    assert SHARES.keys() == COMBINATIONS.keys()
    assert sum(SHARES.values()) == pytest.approx(1)


def test_without_strength_only_the_gaze_is_left():
    for expression in drawn(strength=0.0):
        assert face_of(expression) == {}
    assert drawn(strength=0.0, gaze=0.0) == [{}] * 50


def test_weights_are_positive_and_bounded():
    weights = [w for expression in drawn(200, strength=2.0) for w in expression.values()]
    assert min(weights) > 0
    assert max(weights) == 1.5


def test_strength_scales_every_action():
    plain = {"accents": 0, "extremes": 0.0, "mouth_open": 0.0}
    for whole, half in zip(drawn(**plain), drawn(strength=0.5, **plain), strict=True):
        assert face_of(half) == pytest.approx({k: 0.5 * w for k, w in face_of(whole).items()})


def test_a_blink_closes_both_eyes():
    for expression in drawn(shares={"blink": 1.0}, accents=0, mouth_open=0.0, lids=0.0):
        assert face_of(expression).keys() == {"eyeBlinkLeft", "eyeBlinkRight"}
        assert 0.35 <= expression["eyeBlinkLeft"] == expression["eyeBlinkRight"]


def test_a_wink_is_of_either_eye_and_the_smile_goes_with_it():
    sides = Counter(
        tuple(sorted(face_of(e)))
        for e in drawn(shares={"wink": 1.0}, accents=0, mouth_open=0.0, lids=0.0)
    )
    assert sides.keys() == {
        ("eyeBlinkLeft", "mouthSmileLeft"), ("eyeBlinkRight", "mouthSmileRight"),
    }  # fmt: skip
    assert min(sides.values()) > 10


def test_mouths_are_open_as_often_as_asked_for():
    opened = [e.get("jawOpen", 0) > 0 for e in drawn(400, shares={"smile": 1}, mouth_open=0.4)]
    assert np.mean(opened) == pytest.approx(0.4, abs=0.08)


def test_extremes_are_half_as_strong_again():
    plain = {"shares": {"blink": 1.0}, "accents": 0, "mouth_open": 0.0, "lids": 0.0}
    for usual, extreme in zip(drawn(extremes=0, **plain), drawn(extremes=1, **plain), strict=True):
        expected = min(1.5 * usual["eyeBlinkLeft"], 1.5)
        assert extreme["eyeBlinkLeft"] == pytest.approx(expected)


def test_each_face_has_so_many_accents():
    for expression in drawn(shares={"neutral": 1.0}, accents=4, mouth_open=0.0, lids=0.0):
        assert len(face_of(expression)) == 4


def test_lids_of_both_eyes_open_or_close_together():
    plain = {"shares": {"neutral": 1.0}, "accents": 0, "mouth_open": 0.0}
    kinds = Counter(tuple(sorted(face_of(e))) for e in drawn(400, lids=0.3, **plain))
    assert kinds.keys() == {
        ("eyeBlinkLeft", "eyeBlinkRight"), ("eyeWideLeft", "eyeWideRight"),
    }  # fmt: skip
    assert min(kinds.values()) > 80
    sizes = [max(face_of(e).values()) for e in drawn(400, lids=0.3, **plain)]
    assert np.sqrt(np.mean(np.square(sizes))) == pytest.approx(0.3 * np.hypot(1, 0.4), rel=0.1)


def test_both_eyes_look_to_the_same_side():
    for expression in drawn(strength=0.0, gaze=0.6):
        out_left, in_left, up_left, down_left = (
            expression.get(f"{GAZE}{way}Left", 0.0) for way in ("Out", "In", "Up", "Down")
        )
        out_right, in_right, up_right, down_right = (
            expression.get(f"{GAZE}{way}Right", 0.0) for way in ("Out", "In", "Up", "Down")
        )
        assert (out_left, in_left) == (in_right, out_right)
        assert (up_left, down_left) == (up_right, down_right)
        assert min(out_left, in_left) == min(up_left, down_left) == 0


@pytest.mark.parametrize(
    ("names", "direction"),
    [
        (("OutLeft", "InRight"), (1, 0)),  # to the person's left, the picture's right
        (("InLeft", "OutRight"), (-1, 0)),
        (("UpLeft", "UpRight"), (0, -1)),
        (("DownLeft", "DownRight"), (0, 1)),
    ],
)
def test_pupils_go_where_the_eyes_look(studio, names, direction):
    gaze = type(bare().expression)({GAZE + name: 1.0 for name in names})
    ahead = studio.render(bare(), 64).labels.pupils
    looking = studio.render(bare(expression=gaze), 64).labels.pupils
    for step in looking - ahead:
        assert step @ direction > 0.6
        assert abs(step @ direction[::-1]) < 0.5 * (step @ direction)
