"""Comparisons, trends and attribution in a study whose truth is known."""

from pathlib import Path

import numpy as np
import pytest

from landmarks.analysis.attribution import attribution
from landmarks.analysis.contrasts import Interval
from landmarks.analysis.findings import Findings, find
from landmarks.analysis.study import read_study
from landmarks.scheme import IBUG68
from tests.analysis.studies import article_like, photos_alone, write_study


def test_n_eff_of_the_headline_covers_the_truth(precise: Findings) -> None:
    assert precise.headline is not None
    # tests.analysis.studies: fine-tuning with 50 is as good as 250 alone.
    assert precise.headline.low < 250 < precise.headline.high
    assert precise.headline.value == pytest.approx(250, rel=0.1)


def test_differences_at_every_size_cover_the_truth(precise: Findings) -> None:
    found = [one for one in precise.comparisons if one.strategy == "finetune"]
    assert [one.n_real for one in found] == [10, 50, 250, 1000]
    for one in found:
        assert one.lower is not None
        expected = 1 - photos_alone(5 * (one.n_real / 50) ** -0.25) / photos_alone(1)
        assert one.lower.low < expected < one.lower.high
        assert one.verdict == "better"


def test_the_gain_is_larger_with_few_real_faces(precise: Findings) -> None:
    (found,) = precise.narrowing
    assert found.narrowing is not None
    assert (found.few, found.many) == (10, 1000)
    assert found.narrowing.low > 0
    assert found.leads[0] > found.leads[1] > 0
    assert "a significantly larger gain with few real faces" in precise.trends[0]


def test_label_adaptation_moves_what_the_conventions_differ_in(precise: Findings) -> None:
    found = precise.attribution
    assert found is not None
    # tests.analysis.studies puts the jaw of synthetic_only lower: the adapter moves it up.
    jaw, eyes = found.moved[:17], found.moved[36:48]
    assert (jaw[:, 1] < -0.05).all()
    assert abs(eyes).max() < 0.03
    whole = next(part for part in found.parts if part.region == "all")
    assert whole.unadapted == pytest.approx(0.075, rel=0.02)
    assert whole.share is not None
    assert whole.share.value == pytest.approx(
        (whole.unadapted - whole.adapted) / (whole.unadapted - whole.baseline)
    )
    truth = (0.075 - article_like("label_adaptation", 1000)) / (0.075 - photos_alone(1000))
    assert whole.share.low < truth < whole.share.high
    assert whole.share.high - whole.share.low < 0.2


def test_without_a_clear_gap_there_is_no_share_of_it(tmp_path: Path) -> None:
    strategies = ("synthetic_only", "label_adaptation", "real_only")

    def shares(seeds: tuple[int, ...]) -> list[Interval | None]:
        folder = tmp_path / f"{len(seeds)}"
        write_study(folder, seeds=seeds, sizes=(10,), strategies=strategies, curve=lambda *_: 0.05)
        found = attribution(read_study(folder))
        assert found is not None
        return [part.share for part in found.parts if part.region == "all"]

    assert shares((0, 1, 2)) == [None]
    assert shares((0,)) == [None]


def test_hidden_landmarks_do_not_count_in_the_mean_face(tmp_path: Path) -> None:
    folder = write_study(tmp_path, seeds=(0,), sizes=(50,), faces=12)
    whole = attribution(read_study(folder))
    assert whole is not None
    jaw = list(IBUG68.regions["jaw"])

    def hide(faces: slice) -> None:
        for path in folder.rglob("predictions.npz"):
            with np.load(path) as stored:
                parts = dict(stored)
            parts["target"][faces, min(jaw) : max(jaw) + 1] = 0
            parts["visible"][faces, min(jaw) : max(jaw) + 1] = False
            np.savez(path, **parts)

    hide(slice(0, 4))
    found = attribution(read_study(folder))
    assert found is not None
    np.testing.assert_allclose(found.mean_face[jaw], whole.mean_face[jaw], atol=0.05)
    hide(slice(0, 12))
    study = read_study(folder)
    assert attribution(study) is None
    assert "jaw" not in study.runs[0].errors
    assert "nan" not in " ".join(" ".join(row) for row in find(study).table("figure4").rows)
