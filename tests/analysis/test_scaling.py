"""The laws of synthetic scaling, and what they say, against known numbers."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landmarks.analysis.laws import fit_with_floor, fit_without_floor
from landmarks.analysis.scaling import Scaling, over_seeds, scaling
from landmarks.analysis.scaling_text import lines
from landmarks.analysis.study import Study, read_study
from landmarks.errors import InputError
from tests.analysis.studies import write_study

SCRIPT = Path(__file__).parents[2] / "scripts" / "synthetic_scaling.py"
COUNTS = (50, 100, 200, 400, 800)


def law(count: float) -> float:
    return 0.4 * count**-0.6 + 0.04


def studies(
    folder: Path, seeds: tuple[int, ...], spread: float, labels: float = 0.8
) -> dict[int, Study]:
    """With 50 real faces instead of 25, the error is `labels` times as high."""

    def at(count: int) -> Study:
        def curve(strategy: str, n_real: int) -> float:
            return law(count) if n_real == 25 else labels * law(count)

        made = write_study(
            folder / f"count_{count}",
            seeds=seeds,
            sizes=(25, 50),
            strategies=("finetune", "real_only"),
            curve=curve,
            spread=spread,
            synthetic=count,
            rng=np.random.default_rng(count + 2),  # of these draws, all intervals hold the truth
        )
        return read_study(made)

    return {count: at(count) for count in COUNTS}


def paragraph(found: Scaling) -> str:
    return " ".join(lines(found))


def of(found: tuple[Scaling, ...], n_real: int) -> Scaling:
    return next(one for one in found if one.cell == ("finetune", n_real))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scaling, ...]:
    """Three seeds, with luck of a hundredth."""
    return scaling(studies(tmp_path_factory.mktemp("scaling"), (0, 1, 2), spread=0.01))


def test_each_law_is_found_again() -> None:
    fit = fit_with_floor(COUNTS, [law(count) for count in COUNTS])
    assert (fit.scale, fit.exponent, fit.gap) == pytest.approx((0.4, 0.6, 0.04), rel=1e-3)
    assert fit(8000) == pytest.approx(law(8000), rel=1e-3)
    fit = fit_without_floor(COUNTS, [0.2 * count**-0.3 for count in COUNTS])
    assert (fit.scale, fit.exponent, fit.gap) == pytest.approx((0.2, 0.3, 0))
    assert fit.residual == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("fit", "gap"), [(fit_with_floor, 0.04), (fit_without_floor, 0.0)])
def test_intervals_hold_the_truth_as_often_as_they_say_where_the_law_holds(fit, gap) -> None:
    rng = np.random.default_rng(0)
    counts, studies, seeds = np.array(COUNTS), 200, 3
    held = 0
    for _ in range(studies):
        luck = rng.normal(0, 0.02, (seeds, 1)) + rng.normal(0, 0.01, (seeds, len(COUNTS)))
        errors = (0.4 * counts**-0.6 + gap) * np.exp(luck)
        one = over_seeds([fit(COUNTS, list(own))(8000) for own in errors])
        assert one is not None
        held += one.low < 0.4 * 8000**-0.6 + gap < one.high
    # 90 %, give or take three standard deviations of 200 draws.
    assert 0.83 <= held / studies <= 0.97


def test_each_way_has_an_interval_over_the_seeds(found: tuple[Scaling, ...]) -> None:
    few = of(found, 25)
    assert few.gap is not None
    assert few.gap.low < 0.04 < few.gap.high
    by_mikami, by_power = few.render
    assert by_mikami.error is not None
    assert by_mikami.error.low < law(8000) < by_mikami.error.high
    assert by_power.error is not None
    assert by_power.error.high < law(8000)  # it knows of no floor
    for one in few.render:
        assert one.error is not None
        assert one.change is not None
        assert one.change.value == pytest.approx(one.error.value - few.errors[-1])
    assert few.label is not None
    assert few.label.n_real == 50
    assert few.label.change is not None
    assert few.label.change.low < -0.2 * law(800) < few.label.change.high
    assert few.label.change.seeds == 3
    assert of(found, 50).label is None


def test_what_more_labels_gave_is_compared_within_each_seed(tmp_path: Path) -> None:
    made = studies(tmp_path, (0, 1, 2), spread=0.01)
    few = of(scaling(made), 25)
    last = made[800].by_cell
    by_hand = [last["finetune", 50][s].nme - last["finetune", 25][s].nme for s in (0, 1, 2)]
    assert few.label is not None
    assert few.label.change is not None
    half = 2.920 * np.std(by_hand, ddof=1) / np.sqrt(3)  # Student's 95 % point, 2 degrees
    assert few.label.change.value == pytest.approx(np.mean(by_hand))
    assert few.label.change.high - few.label.change.value == pytest.approx(half, rel=1e-3)


def test_the_paragraph_has_every_way_with_its_interval(found: tuple[Scaling, ...]) -> None:
    told = paragraph(of(found, 25))
    number = r"\d\.\d\d"
    interval = rf"\[{number} to {number}\]"
    change = r"[+-]\d\.\d\d \[[+-]\d\.\d\d to [+-]\d\.\d\d\]"
    for pattern in (
        r"^Fine-tuning with 25 real and 800 synthetic faces: \d\.\d\d % \(3 seeds\)\. Brackets: "
        r"90 % intervals over seeds alone, not over test faces\. ",
        rf"Render more: 8,000 synthetic faces would give {number} % {interval} by Mikami's law "
        rf"\(D n\^-a \+ C, residual \d\.\d %\) or {number} % {interval} by a power law "
        r"\(D n\^-a, residual \d\.\d %\)\. ",
        rf"The laws disagree, by {number} {interval} points: ",
        rf"Change the renderer: {number} % {interval} remain by Mikami's law",
        rf"Label more: 50 real faces gave {number} % {interval}\. ",
        rf"In points of NME: render more {change} by Mikami's law or {change} by a power law; "
        rf"label more {change}; change the renderer -{number} at the very most",
    ):
        assert re.search(pattern, told), (pattern, told)
    assert "photo" not in told  # real faces may be rendered stand-ins
    assert "Label more" not in paragraph(of(found, 50))


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (0.5, "Of the first two, label more clearly takes away more, by both laws."),
        (0.8, "Which of the first two takes away more depends on the law."),
        (1.0, "Of the first two, render more clearly takes away more, by both laws."),
    ],
)
def test_which_way_does_more_is_said_only_where_both_laws_say_it(
    tmp_path: Path, labels: float, told: str
) -> None:
    few = of(scaling(studies(tmp_path, (0, 1, 2), spread=0.001, labels=labels)), 25)
    assert paragraph(few).endswith(told)


def test_laws_that_luck_may_part_do_not_disagree(found: tuple[Scaling, ...]) -> None:
    few = of(found, 25)
    assert few.apart is not None
    assert few.apart.low > 0
    same = replace(few, apart=replace(few.apart, low=-0.001))
    assert "disagree" not in paragraph(same)


def test_a_training_too_short_for_more_faces_is_told(found: tuple[Scaling, ...]) -> None:
    few = of(found, 25)
    # tests.analysis.studies: 2,000 updates of 8 synthetic faces; ten times 800 are fewer.
    assert few.draws == 16000
    assert "it would not see" not in paragraph(few)
    assert "draws 1,600: it would not see 8,000" in paragraph(replace(few, draws=1600))


def test_one_seed_tells_nothing_but_its_error(tmp_path: Path) -> None:
    few = of(scaling(studies(tmp_path, (0,), spread=0.002)), 25)
    assert (few.gap, few.apart, [one.error for one in few.render]) == (None, None, [None] * 2)
    told = paragraph(few)
    assert "(1 seed). " in told
    assert told.endswith(
        "Render more, change the renderer, or label more: not enough seeds to tell."
    )
    assert len(re.findall(r"\d\.\d\d", told)) == 1


def test_seeds_without_more_labels_are_left_out_of_that_difference(tmp_path: Path) -> None:
    made = studies(tmp_path, (0, 1, 2), spread=0.01)
    for seed, left in ((2, 2), (1, None)):
        run = made[800].by_cell["finetune", 50][seed].directory
        (run / "result.json").unlink()
        few = of(scaling({**made, 800: read_study(tmp_path / "count_800")}), 25)
        assert few.label is not None
        assert (few.label.change and few.label.change.seeds) == left
    told = paragraph(few)
    assert "Label more: not enough seeds to tell. In points of NME: render more -" in told
    assert "label more" not in told


def test_three_counts_are_too_few(tmp_path: Path) -> None:
    some = studies(tmp_path, (0,), spread=0.002)
    with pytest.raises(InputError, match="found 3 numbers of synthetic faces"):
        scaling({count: some[count] for count in COUNTS[:3]})


def test_the_script_prints_the_lines_and_what_the_test_faces_are(tmp_path: Path) -> None:
    found = scaling(studies(tmp_path, (0, 1), spread=0.01))
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=True
    )
    for one in found:
        assert "\n".join(lines(one)) in done.stdout
    assert "NME % by synthetic faces: 50: " in done.stdout
    assert done.stdout.endswith("no number here is an accuracy on photographs.\n")


def test_studies_that_differ_in_more_than_their_synthetic_faces_are_refused(tmp_path: Path) -> None:
    made = studies(tmp_path / "right", (0, 1), spread=0.01)
    with pytest.raises(InputError, match="was trained on 800 synthetic faces, not on 1,600"):
        scaling({**{count: made[count] for count in COUNTS[:-1]}, 1600: made[800]})
    others = write_study(
        tmp_path / "others",
        seeds=(0, 1),
        sizes=(25, 50),
        strategies=("finetune", "real_only"),
        synthetic=800,
        tested=1,
    )
    with pytest.raises(InputError, match="the studies differ in their test set"):
        scaling({**made, 800: read_study(others)})
