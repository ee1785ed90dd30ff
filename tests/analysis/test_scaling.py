"""The law of synthetic scaling against known numbers."""

from dataclasses import replace
from pathlib import Path

import pytest

from landmarks.analysis.scaling import fit_law, scaling
from landmarks.analysis.study import Study, read_study
from landmarks.errors import InputError
from tests.analysis.studies import write_study

COUNTS = (50, 100, 200, 400, 800)


def law(count: float) -> float:
    return 0.4 * count**-0.6 + 0.04


def studies(folder: Path, seeds: tuple[int, ...], spread: float) -> dict[int, Study]:
    def at(count: int) -> Study:
        def curve(strategy: str, n_real: int) -> float:
            return law(count) if n_real == 25 else 0.8 * law(count)

        made = write_study(
            folder / f"count_{count}",
            seeds=seeds,
            sizes=(25, 50),
            strategies=("finetune", "real_only"),
            curve=curve,
            spread=spread,
        )
        return read_study(made)

    return {count: at(count) for count in COUNTS}


def test_the_law_is_found_again() -> None:
    found = fit_law(COUNTS, [law(count) for count in COUNTS])
    assert (found.scale, found.exponent, found.gap) == pytest.approx((0.4, 0.6, 0.04), rel=1e-3)
    assert found(8000) == pytest.approx(law(8000), rel=1e-3)


def test_the_gap_that_no_count_takes_away_is_told_with_its_interval(tmp_path: Path) -> None:
    found = scaling(studies(tmp_path, (0, 1, 2), spread=0.002))
    first = next(one for one in found if one.cell == ("finetune", 25))
    assert first.gap is not None
    assert first.gap.low < 0.04 < first.gap.high
    assert first.gap.value == pytest.approx(0.04, rel=0.1)
    assert (first.more_real, first.relabelled) == (50, pytest.approx(0.8 * law(800), rel=0.02))
    assert "Label more: 50 photos instead of 25" in first.text()
    assert "(90 % interval over seeds alone, not over test photos)" in first.text()


def test_the_three_ways_are_compared_in_one_sentence(tmp_path: Path) -> None:
    found = scaling(studies(tmp_path, (0, 1, 2), spread=0.0001))
    few, many = (next(one for one in found if one.cell == ("finetune", n)) for n in (25, 50))
    rendered, labelled = 100 * (law(8000) - law(800)), -20 * law(800)
    told = few.text().rpartition("In points of NME: ")[2]
    assert told.startswith(f"render more {rendered:.2f}, label more {labelled:.2f}, ")
    assert "change the renderer -4.0" in told
    assert told.endswith("of the first two, label more takes away more.")
    assert "label more" not in many.text()
    # tests.analysis.studies: 2,000 updates of 8 synthetic faces; ten times 800 are fewer.
    assert few.draws == 16000
    assert "it would not see them all" not in few.text()
    assert "draws 1,600: it would not see them all" in replace(few, draws=1600).text()


def test_one_seed_tells_no_gap(tmp_path: Path) -> None:
    found = scaling(studies(tmp_path, (0,), spread=0.002))
    assert "not enough seeds" in found[0].text()


def test_three_counts_are_too_few(tmp_path: Path) -> None:
    some = studies(tmp_path, (0,), spread=0.002)
    with pytest.raises(InputError, match="found 3 numbers of synthetic faces"):
        scaling({count: some[count] for count in COUNTS[:3]})
