"""The three statements of Figure 4, from a study whose truth is known."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landmarks.analysis.answers import answer, headline_exchange, worth
from landmarks.analysis.contrasts import Interval
from landmarks.analysis.design import Design
from landmarks.analysis.exchange import Exchange
from landmarks.analysis.findings import Findings, find
from landmarks.analysis.insights import (
    Comparison,
    comparisons,
    summary,
    trend,
)
from landmarks.analysis.statements import table2
from landmarks.analysis.study import Study, read_study
from landmarks.errors import InputError
from tests.analysis.studies import article_like, photos_alone, write_study


@pytest.fixture(scope="module")
def precise(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Little luck and many photos, so that every statement can be held against the truth."""
    folder = write_study(
        tmp_path_factory.mktemp("precise"),
        faces=200,
        spread=0.004,
        strategies=("synthetic_only", "label_adaptation", "real_only", "finetune"),
    )
    return read_study(folder)


def test_the_answer_names_photos_alone_with_the_same_error(precise: Study) -> None:
    found = find(precise)
    assert found.headline is not None
    # tests.analysis.studies: fine-tuned with 50 is as good as 250 alone.
    assert found.headline.low < 250 < found.headline.high
    assert found.headline.value == pytest.approx(250, rel=0.1)
    assert found.answer.startswith(
        "With 50 stand-in faces, fine-tuning does what real only needs 2"
    )


def test_every_size_is_compared_in_pairs(precise: Study) -> None:
    for one in comparisons(precise, ["finetune"]):
        assert one.lower is not None
        expected = 1 - photos_alone(5 * (one.n_real / 50) ** -0.25) / photos_alone(1)
        assert one.lower.low < expected < one.lower.high
        assert one.verdict == "better"


def test_the_lead_shrinks_as_photos_get_many(precise: Study) -> None:
    found = trend(precise, "finetune")
    assert found is not None
    assert found.narrowing is not None
    assert (found.few, found.many) == (10, 1000)
    assert found.narrowing.low > 0
    assert "so it clearly does more where they are few" in found.text()
    assert found.leads[0] > found.leads[1] > 0


@pytest.mark.parametrize(
    ("leads", "told"),
    [
        ((0.067, -0.011), "error 6.7 % lower at 10 real faces, 1.1 % higher at 1,000"),
        ((-0.067, -0.0004), "error 6.7 % higher at 10 real faces, the same at 1,000"),
    ],
)
def test_a_lead_is_said_as_lower_higher_or_the_same(
    precise: Study, leads: tuple[float, float], told: str
) -> None:
    found = trend(precise, "finetune")
    assert found is not None
    assert told in replace(found, leads=leads).text()


def test_label_convention_is_what_adaptation_takes_away(precise: Study) -> None:
    found = find(precise).attribution
    assert found is not None
    # studies.py puts the jaw of synthetic only lower: the adapter moves it up, and little else.
    jaw, eyes = found.moved[:17], found.moved[36:48]
    assert (jaw[:, 1] < -0.05).all()
    assert abs(eyes).max() < 0.03
    whole = next(part for part in found.parts if part.region == "all")
    assert whole.unadapted == pytest.approx(0.075, rel=0.02)
    assert whole.share is not None
    assert whole.share.value == pytest.approx(
        (whole.unadapted - whole.adapted) / (whole.unadapted - whole.baseline)
    )
    # The truth at 1,000 faces, by tests.analysis.studies.
    truth = (0.075 - article_like("label_adaptation", 1000)) / (0.075 - photos_alone(1000))
    assert whole.share.low < truth < whole.share.high
    assert whole.share.high - whole.share.low < 0.2


def test_the_share_of_convention_is_not_told_without_a_way_to_go(tmp_path: Path) -> None:
    strategies = ("synthetic_only", "label_adaptation", "real_only")

    def parts(seeds: tuple[int, ...], error: float) -> list[Interval | None]:
        folder = tmp_path / f"{len(seeds)} {error}"
        write_study(folder, seeds=seeds, sizes=(10,), strategies=strategies, curve=lambda *_: error)
        found = find(read_study(folder)).attribution
        assert found is not None
        return [part.share for part in found.parts if part.region == "all"]

    assert parts((0, 1, 2), 0.05) == [None]
    assert parts((0,), 0.05) == [None]


def exchange_of(
    value: float, low: float, high: float, seeds: tuple[int, ...] = (0, 1, 2)
) -> Exchange:
    return Exchange(
        strategy="finetune",
        n_real=50,
        value=value,
        low=low,
        high=high,
        design=Design(seeds=seeds, sizes=(10, 25, 50, 100)),
    )


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (exchange_of(np.inf, 100, np.inf), "is better than real only with 100"),
        (exchange_of(np.inf, 39, np.inf), "looks better, but is not clearly so, than real only"),
        (exchange_of(0, 0, 10), "is worse than real only with 10"),
        (exchange_of(0, 0, 20), "looks worse, but is not clearly so, than real only with 10"),
        (exchange_of(80, 60, 95), "needs 80 [60 to 95] real faces for."),
        (exchange_of(54, 43, 61), "real faces for (not clearly more than 50)."),
    ],
)
def test_the_answer_says_no_more_than_its_interval(one: Exchange, told: str) -> None:
    assert told in answer(one, rendered_test=False)


def test_the_answer_is_of_what_is_known() -> None:
    unknown = exchange_of(np.nan, 0, np.inf, seeds=(0,))
    mixing = replace(exchange_of(30, 20, 40), strategy="mixing", n_real=10)
    alone = replace(exchange_of(30, 20, 40), strategy="synthetic_only", n_real=0)
    assert headline_exchange([alone, unknown, mixing]) == mixing
    assert headline_exchange([alone, unknown]) == unknown
    assert headline_exchange([alone]) is None


def test_what_came_out_does_not_choose_the_answer() -> None:
    open_ended = exchange_of(54, 0, np.inf)
    mixing = replace(exchange_of(30, 20, 40), strategy="mixing")
    assert headline_exchange([mixing, open_ended]) == open_ended
    assert answer(open_ended, rendered_test=False) == (
        "With 50 real faces, fine-tuning may be worth anything from 10 real faces to 100: the "
        "interval over 3 seeds leaves out none of them."
    )
    assert open_ended.text() == "10 to 100 all fit"


def against(strategy: str, n: int, real: float, synthetic: float) -> Comparison:
    """With intervals of 2 % to each side."""

    def lower(value: float) -> Interval:
        return Interval(value=value, low=value - 0.02, high=value + 0.02, level=0.95, seeds=3)

    return Comparison(
        strategy=strategy, n_real=n, lower=lower(real), lower_than_synthetic=lower(synthetic)
    )


def test_a_combination_must_beat_synthetic_faces_too() -> None:
    compared = [
        against("mixing", 10, 0.19, 0.007),  # what synthetic faces give without any real one
        against("mixing", 25, 0.077, 0.083),
        against("mixing", 100, -0.031, 0.13),
    ]
    assert worth([], compared, rendered_test=False) == (
        "Clearly better than both kinds of faces, each alone: mixing at 25."
    )
    assert worth([], compared[::2], rendered_test=False) == (
        "No combination is clearly better than both kinds of faces, each alone."
    )
    unknown = [replace(one, lower_than_synthetic=None) for one in compared]
    assert worth([], unknown, rendered_test=False) == ""


def test_what_synthetic_faces_alone_are_worth_has_its_caveat() -> None:
    design = Design(seeds=(0, 1, 2), sizes=(10, 50, 250))
    alone = replace(exchange_of(24, 20, 34), strategy="synthetic_only", n_real=0, design=design)
    assert worth([alone], [], rendered_test=False) == (
        "Synthetic faces alone, without a real label, do what 24 [20 to 34] real faces do (sizes "
        "too far apart for 90 %)."
    )
    assert "34] stand-in faces do" in worth([alone], [], rendered_test=True)


def test_sizes_are_named_with_their_intervals() -> None:
    compared = [
        against("mixing", 10, 0.19, 0.1),
        against("mixing", 50, 0.01, 0.1),
        against("mixing", 250, -0.03, 0.1),
        against("finetune", 10, 0.01, 0.1),
        against("finetune", 250, 0.0, 0.1),
    ]
    assert summary(compared) == (
        "Mixing against real only: better at 10 (19.0 % lower [17.0 to 21.0]); no clear difference "
        "at 50; worse at 250 (3.0 % higher [1.0 to 5.0]). Fine-tuning against real only: no clear "
        "difference at 10 and 250."
    )


def test_one_seed_gives_sentences_without_numbers(tmp_path: Path) -> None:
    found = find(read_study(write_study(tmp_path, seeds=(0,))))
    assert "not enough seeds" in found.answer
    assert "not enough seeds" in found.comparison
    assert found.trends == ()


def test_a_lone_strategy_is_no_comparison(tmp_path: Path) -> None:
    found = find(read_study(write_study(tmp_path, strategies=("real_only",))))
    assert found.headline is None
    assert "a strategy that trains on both kinds" in found.answer


def test_findings_are_plain_json(findings: Findings) -> None:
    json.dumps(findings.record(), allow_nan=False)


def test_money_is_told_where_a_label_has_a_price(findings: Findings) -> None:
    table = next(table for table in findings.tables if table.name == "exchange")
    assert table.header[5] == "saved at 0.5 a label"


def test_rendered_faces_alone_are_worth_some_photos_too(findings: Findings) -> None:
    table = next(table for table in findings.tables if table.name == "exchange")
    (row,) = [row for row in table.rows if row[:2] == ("synthetic only", "0")]
    (found,) = [one for one in findings.exchanges if one.strategy == "synthetic_only"]
    assert row[2] == found.text()
    assert row[3] == "-"  # nothing over no photo
    assert row[4] == found.text()  # all of it is transferred


def test_table_2_has_each_size_with_its_ratio_in_pairs(findings: Findings) -> None:
    table = next(table for table in findings.tables if table.name == "table2")
    ours = [row for row in table.rows if row[-1] == "this study"]
    assert [row[0].split("; ")[1] for row in ours] == [
        f"{n} real labels" for n in ("10", "50", "250", "1,000")
    ]
    for row in ours:
        adapted, alone = (float(cell) for cell in row[2:4])
        ratio, low, high = (float(x) for x in re.findall(r"[\d.]+", row[4]))
        assert low < ratio < high
        assert ratio == pytest.approx(adapted / alone, rel=5e-3)  # both in two decimals
        assert row[5] == "0 1 2"


def test_table_2_of_one_seed_has_a_ratio_without_interval(tmp_path: Path) -> None:
    strategies = ("label_adaptation", "real_only")
    study = read_study(write_study(tmp_path, seeds=(7,), sizes=(10,), strategies=strategies))
    (row, *_) = table2(study).rows
    assert row[1] == "-"
    assert re.fullmatch(r"\d\.\d{3}", row[4])
    assert row[5] == "7"


def test_a_run_tested_on_other_faces_is_refused(tmp_path: Path) -> None:
    write_study(tmp_path / "a", seeds=(0,), strategies=("real_only",), sizes=(10,))
    write_study(tmp_path / "b", seeds=(1,), strategies=("real_only",), sizes=(10,), faces=39)
    with pytest.raises(InputError, match=r"differs from .* in its test set"):
        read_study(tmp_path)


def test_a_run_with_another_augmentation_is_refused(tmp_path: Path) -> None:
    for seed in (0, 1):
        write_study(tmp_path / f"{seed}", seeds=(seed,), strategies=("real_only",), sizes=(10,))
    result = next((tmp_path / "1").rglob("result.json"))
    text = result.read_text()
    result.write_text(text.replace('"mirror": 0.5', '"mirror": 0.0'))
    with pytest.raises(InputError, match=r"differs from .* in its augmentation of real faces"):
        read_study(tmp_path)
    # Photos alone never draw a synthetic face.
    result.write_text(text.replace('"mirror": 0.25', '"mirror": 0.0'))
    assert len(read_study(tmp_path).runs) == 2


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"name": "stand-in"', '"name": "others"', "real set"),
        ('"faces": 4000', '"faces": 400', "synthetic set"),
        ('"warmup": 100', '"warmup": 10', "settings of finetune"),
    ],
)
def test_a_run_on_other_faces_or_of_another_schedule_is_refused(
    tmp_path: Path, old: str, new: str, what: str
) -> None:
    for seed in (0, 1):
        write_study(tmp_path / f"{seed}", seeds=(seed,), strategies=("finetune",), sizes=(10,))
    result = next((tmp_path / "1").rglob("result.json"))
    text = result.read_text()
    assert old in text
    result.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=f"differs from .* in its {what}"):
        read_study(tmp_path)


def test_models_of_different_numbers_of_updates_are_told(tmp_path: Path) -> None:
    def told(*strategies: str) -> str:
        folder = write_study(tmp_path / str(len(strategies)), strategies=strategies, seeds=(0,))
        return " ".join(find(read_study(folder)).setting)

    # tests.analysis.studies: 3,000 updates, or 2,000 and then 1,000.
    assert "equally many updates" not in told("real_only", "mixing", "finetune")
    assert "2,000 (synthetic only, label adaptation); 3,000 (real only, fine-tuning)." in told(
        "synthetic_only", "label_adaptation", "real_only", "finetune"
    )


def test_runs_computed_by_different_versions_are_reported(tmp_path: Path) -> None:
    write_study(tmp_path, strategies=("real_only", "finetune"))
    assert not any("versions" in sentence for sentence in find(read_study(tmp_path)).setting)
    result = next(tmp_path.rglob("result.json"))
    result.write_text(result.read_text().replace('"training": 1,', '"training": 2,'))
    found = find(read_study(tmp_path))
    assert "different versions of this software (training 1 and 2)" in found.setting[-1]
    assert set(found.versions["products"].split("; ")) == {
        "crops 1, training 1, predictions 1",
        "crops 1, training 2, predictions 1",
    }


def test_two_runs_that_claim_one_place_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_study(tmp_path / name, seeds=(0,), strategies=("real_only",), sizes=(10,))
    assert len(read_study(tmp_path).runs) == 1  # the same experiment in two folders is one run
    result = next((tmp_path / "b").rglob("result.json"))
    result.write_text(result.read_text().replace('"fingerprint": "', '"fingerprint": "0'))
    with pytest.raises(InputError, match="are both real_only with n_real 10, seed 0"):
        read_study(tmp_path)


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no result\.json below it"):
        read_study(tmp_path)
