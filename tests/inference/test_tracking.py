"""Tracks: the same person has the same number, and nobody else has it."""

import numpy as np

from landmarks.inference.face import Face
from landmarks.inference.tracking import Tracker


def face(x, y=0.0):
    return Face((x, y, x + 40, y + 40), np.zeros((68, 2), np.float32))


def tracks(tracker, *faces):
    return [found.track for found in tracker.follow(faces)]


def test_a_face_keeps_its_number_while_it_moves_and_whatever_its_place_in_the_list():
    tracker = Tracker()
    for step in range(20):
        left, right = face(10.0 * step), face(400 - 10.0 * step, 90)
        assert tracks(tracker, *((left, right) if step % 2 == 0 else (right, left))) == (
            [1, 2] if step % 2 == 0 else [2, 1]
        )


def test_numbers_are_assigned_such_that_all_overlaps_together_are_largest():
    tracker = Tracker()
    assert tracks(tracker, face(0), face(22)) == [1, 2]
    # The first one overlaps both; taking its best partner would leave the other without any.
    assert tracks(tracker, face(12), face(44)) == [1, 2]


def test_somebody_who_is_hidden_for_a_moment_keeps_the_number_and_after_long_gets_a_new_one():
    tracker = Tracker(patience=3)
    assert tracks(tracker, face(0)) == [1]
    for _ in range(3):
        assert tracks(tracker) == []
    assert tracks(tracker, face(4)) == [1]
    for _ in range(4):
        assert tracks(tracker) == []
    assert tracks(tracker, face(4)) == [2]


def test_a_face_elsewhere_is_somebody_else():
    tracker = Tracker()
    assert tracks(tracker, face(0)) == [1]
    assert tracks(tracker, face(200), face(3)) == [2, 1]
