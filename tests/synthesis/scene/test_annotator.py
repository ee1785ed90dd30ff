"""Annotators: offsets and noise of the stated size, on a face made by hand."""

import numpy as np
import pytest

from landmarks.synthesis.scene.annotator import (
    JITTER,
    SHIFTED,
    SHIFTS,
    Annotator,
    AnnotatorRecipe,
)

SIZE = 100.0  # pixels between the outer eye corners

# Lines of the scheme: indices, whether closed, noise along and across in per cent of SIZE.
LINES = {
    "jaw": (range(17), False, 3.0, 1.2),
    "right brow": (range(17, 22), False, 2.2, 1.1),
    "left brow": (range(22, 27), False, 2.2, 1.1),
    "bridge": (range(27, 31), False, 1.8, 0.8),
    "nostrils": (range(31, 36), False, 1.2, 0.9),
    "right eye": (range(36, 42), True, 0.8, 0.6),
    "left eye": (range(42, 48), True, 0.8, 0.6),
    "outer lip": (range(48, 60), True, 1.1, 0.8),
    "inner lip": (range(60, 68), True, 1.1, 0.7),
}

# Landmark: per cent of SIZE away from the nose and downwards.
OFFSETS = {
    **dict.fromkeys(range(17, 27), (0, 3)),
    27: (0, -3.5), 31: (2, 0), 35: (2, 0), 7: (0, 2), 8: (0, 2), 9: (0, 2), 0: (0, -6),
    16: (0, -6), 1: (0, -3), 15: (0, -3), 37: (0, -0.8), 38: (0, -0.8), 43: (0, -0.8),
    44: (0, -0.8), 48: (1.2, 0), 54: (1.2, 0),
}  # fmt: skip
ON_THE_RIGHT = {35, 54}  # of the picture; of those that go outwards


def hand_made_face():
    """Straight lines, and regular polygons whose corners are clockwise in the picture."""
    marks = np.zeros((68, 2))
    for k, (indices, closed, _, _) in enumerate(LINES.values()):
        count = len(indices)
        if closed:
            angle = np.pi + 2 * np.pi * np.arange(count) / count
            marks[indices] = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 20
        else:
            marks[indices, 0] = 15.0 * np.arange(count)
        marks[indices] += (0, 60 * k)
    marks[36:42] += (20, 0)  # the right eye's outer corner at x = 0
    marks[42:48] += (20 + SIZE - 40, marks[36, 1] - marks[45, 1])  # the left one's at x = SIZE
    return marks


FACE = hand_made_face()


def turned(marks, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return marks @ np.array([[c, s], [-s, c]])


def tangents():
    """(68, 2) unit vectors along each line."""
    along = np.tile([1.0, 0.0], (68, 1))
    for indices, closed, _, _ in LINES.values():
        if closed:
            outwards = FACE[indices] - FACE[indices].mean(axis=0)
            along[indices] = np.stack([-outwards[:, 1], outwards[:, 0]], axis=1)
    return along / np.linalg.norm(along, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def noise():
    """(draws, 68, 2) along and across the lines, per cent of SIZE."""
    moved = np.array([Annotator(offsets=0.0, noise=1.0, seed=k).label(FACE) for k in range(3000)])
    step, along = moved - FACE, tangents()
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    return np.stack([(step * along).sum(-1), (step * across).sum(-1)], axis=-1) / SIZE * 100


def test_the_face_is_as_large_as_meant():
    np.testing.assert_allclose(FACE[45] - FACE[36], (SIZE, 0), atol=1e-9)


def test_without_strengths_the_contour_comes_back():
    for seed in range(3):
        same = Annotator(offsets=0.0, noise=0.0, seed=seed).label(FACE)
        np.testing.assert_array_equal(same, FACE)


@pytest.mark.parametrize("degrees", [0.0, 30.0, -100.0])
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_offsets_are_as_in_the_table(degrees, strength):
    moved = Annotator(offsets=strength, noise=0.0, seed=0).label(turned(FACE, degrees))
    expected = np.zeros((68, 2))
    for k, (outwards, downwards) in OFFSETS.items():
        expected[k] = (outwards if k in ON_THE_RIGHT else -outwards, downwards)
    step = turned(moved, -degrees) - FACE
    np.testing.assert_allclose(step, strength * expected / 100 * SIZE, atol=1e-9)


def test_offsets_grow_with_the_face():
    moved = Annotator(offsets=1.0, noise=0.0, seed=0).label(2 * FACE)
    once = Annotator(offsets=1.0, noise=0.0, seed=0).label(FACE)
    np.testing.assert_allclose(moved, 2 * once)


@pytest.mark.parametrize("line", LINES)
def test_noise_across_a_line_has_its_standard_deviation(noise, line):
    indices, _, _, across = LINES[line]
    assert noise[:, indices, 1].std() == pytest.approx(across, rel=0.1)


OPEN = [line for line, (_, closed, _, _) in LINES.items() if not closed]
CLOSED = [line for line in LINES if line not in OPEN]


@pytest.mark.parametrize("line", OPEN)
def test_noise_along_an_open_line_has_its_standard_deviation(noise, line):
    indices, _, along, _ = LINES[line]
    assert noise[:, indices, 0].std() == pytest.approx(along, rel=0.1)


@pytest.mark.parametrize("line", CLOSED)
def test_noise_along_a_closed_line_has_its_standard_deviation(noise, line):
    indices, _, along, _ = LINES[line]
    assert noise[:, indices, 0].std() == pytest.approx(along, rel=0.1)


def test_noise_has_no_mean(noise):
    assert np.abs(noise.mean(axis=0)).max() < 0.2


def test_points_of_a_line_are_off_it_partly_together(noise):
    """One hand draws a line, another the next."""
    across = noise[:, :, 1]
    assert np.corrcoef(across[:, 4], across[:, 12])[0, 1] == pytest.approx(0.5, abs=0.08)
    assert abs(np.corrcoef(across[:, 18], across[:, 24])[0, 1]) < 0.08


def test_twice_the_noise_is_twice_as_far_off():
    one, two = (Annotator(offsets=0.0, noise=n, seed=5).label(FACE) - FACE for n in (1.0, 2.0))
    np.testing.assert_allclose(two, 2 * one)
    assert np.abs(one).max() > 0


def test_a_seed_is_one_person_and_another_seed_another():
    first, again, other = (
        Annotator(offsets=0.0, noise=1.0, seed=seed).label(FACE) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_recipe_hands_on_its_numbers():
    recipe = AnnotatorRecipe(
        offsets=0.5,
        noise=2.0,
        shifts=SHIFTS | {"chin": (0.0, 0.04)},
        jitter=JITTER | {"eyes": (0.1, 0.0)},
    )
    drawn = recipe.draw(np.random.default_rng(0))
    assert (drawn.offsets, drawn.noise) == (0.5, 2.0)
    assert (drawn.shifts, drawn.jitter) == (recipe.shifts, recipe.jitter)


def test_each_kind_is_moved_by_its_own_numbers():
    still = dict.fromkeys(SHIFTS, (0.0, 0.0))
    for kind, indices in SHIFTED.items():
        annotator = Annotator(offsets=1.0, noise=0.0, seed=0, shifts=still | {kind: (0.0, 0.1)})
        step = annotator.label(FACE) - FACE
        np.testing.assert_allclose(step[list(indices)], [(0, 0.1 * SIZE)] * len(indices))
        assert np.count_nonzero(step) == len(indices)
    quiet = dict.fromkeys(JITTER, (0.0, 0.0))
    shaky = Annotator(offsets=0.0, noise=1.0, seed=0, jitter=quiet | {"bridge": (0.0, 0.05)})
    assert set(np.nonzero(shaky.label(FACE) - FACE)[0]) == {27, 28, 29, 30}
