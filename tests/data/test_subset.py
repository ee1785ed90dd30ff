"""The real subset: nested, by photo, and never more than there is."""

import numpy as np
import pytest

from landmarks.data.subset import real_subset
from landmarks.errors import InputError

GROUPS = [f"photo{i // 3}" for i in range(300)]  # three faces a photo


def test_subsets_of_one_seed_are_nested():
    whole = real_subset(GROUPS, "all", seed=1)
    assert sorted(whole) == list(range(300))
    for n in (0, 1, 10, 50, 299):
        np.testing.assert_array_equal(real_subset(GROUPS, n, seed=1), whole[:n])


def test_another_seed_gives_another_subset():
    assert set(real_subset(GROUPS, 50, seed=1)) != set(real_subset(GROUPS, 50, seed=2))


def test_faces_of_a_photo_come_together():
    drawn = [GROUPS[i] for i in real_subset(GROUPS, 50, seed=0)]
    assert len(set(drawn)) == 17  # 16 whole photos and two faces of one more
    assert sum(drawn.count(photo) == 3 for photo in set(drawn)) == 16


def test_every_photo_is_as_likely_as_another():
    firsts = [GROUPS[real_subset(GROUPS, 1, seed=s)[0]] for s in range(400)]
    assert len(set(firsts)) > 90


@pytest.mark.parametrize("bad", [-1, 301, 2.5, "fifty", True])
def test_an_impossible_number_is_refused(bad):
    with pytest.raises(InputError, match=r"whole number from 0.*or all"):
        real_subset(GROUPS, bad, seed=0)
