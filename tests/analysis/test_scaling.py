"""Scaling laws over synthetic faces, compared with known curves."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from landmarks.analysis.contrasts import Interval
from landmarks.analysis.scaling import LAWS, Scaling, describe, over_seeds, scaling
from landmarks.analysis.study import Study, read_study
from landmarks.errors import InputError
from tests.analysis.studies import write_study

SCRIPTS = Path(__file__).parents[2] / "scripts"
COUNTS = (50, 100, 200, 400, 800)
MIKAMI, POWER = LAWS


def law(count: float) -> float:
    return 0.4 * count**-0.6 + 0.04


def write_studies(folder: Path) -> dict[int, Study]:
    """Three seeds with a spread of 1 %; with 50 real faces the error is 20 % lower than with 25."""

    def curve_at(count: int) -> Callable[[str, int], float]:
        return lambda strategy, n_real: law(count) * (1 if n_real == 25 else 0.8)

    for count in COUNTS:
        write_study(
            folder / f"count_{count}",
            seeds=(0, 1, 2),
            sizes=(25, 50),
            strategies=("finetune", "real_only"),
            curve=curve_at(count),
            spread=0.01,
            synthetic=count,
            rng=np.random.default_rng(count + 2),  # with these, all intervals cover the truth
        )
    return {count: read_study(folder / f"count_{count}") for count in COUNTS}


def at(found: tuple[Scaling, ...], n_real: int) -> Scaling:
    return next(one for one in found if one.cell == ("finetune", n_real))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scaling")


@pytest.fixture(scope="module")
def studies(folder: Path) -> dict[int, Study]:
    return write_studies(folder)


@pytest.fixture(scope="module")
def few(studies: dict[int, Study]) -> Scaling:
    """Fine-tuning with 25 real faces."""
    return at(scaling(studies), 25)


def test_each_law_is_recovered_from_its_own_curve() -> None:
    fit = MIKAMI.fit(COUNTS, [law(count) for count in COUNTS])
    assert fit.parameters == pytest.approx((0.4, 0.6, 0.04), rel=1e-3)
    assert fit(np.array([8000.0])) == pytest.approx(law(8000), rel=1e-3)
    fit = POWER.fit(COUNTS, [0.2 * count**-0.3 for count in COUNTS])
    assert fit.parameters == pytest.approx((0.2, 0.3))
    assert fit.residual == pytest.approx(0, abs=1e-9)
    rising = POWER.fit(COUNTS, [0.1 * count**0.1 for count in COUNTS])
    assert rising.parameters == pytest.approx((0.1, -0.1))


@pytest.mark.parametrize(("form", "gap"), [(MIKAMI, 0.04), (POWER, 0.0)])
def test_intervals_have_their_coverage_where_the_law_holds(form, gap) -> None:
    rng = np.random.default_rng(0)
    counts, samples, seeds = np.array(COUNTS), 200, 3
    covered = 0
    for _ in range(samples):
        noise = rng.normal(0, 0.02, (seeds, 1)) + rng.normal(0, 0.01, (seeds, len(COUNTS)))
        errors = (0.4 * counts**-0.6 + gap) * np.exp(noise)
        one = over_seeds([form.fit(COUNTS, list(own))(np.array(8000.0)) for own in errors])
        assert one is not None
        covered += one.low < 0.4 * 8000**-0.6 + gap < one.high
    # 90 %, give or take three standard deviations of 200 samples.
    assert 0.83 <= covered / samples <= 0.97


def test_each_way_has_an_interval_over_the_seeds(few: Scaling, studies: dict[int, Study]) -> None:
    assert few.gap is not None
    assert few.gap.low < 0.04 < few.gap.high
    by_mikami, by_power = few.faces
    assert by_mikami.error is not None
    assert by_mikami.error.low < law(8000) < by_mikami.error.high
    assert by_power.error is not None
    assert by_power.error.high < law(8000)  # a plain power law has no floor
    for one in few.faces:
        assert one.error is not None
        assert one.change is not None
        assert one.change.value == pytest.approx(one.error.value - few.errors[-1])
    assert few.labels is not None
    assert few.labels.name == "50 real faces"
    assert few.labels.change is not None
    assert few.labels.change.low < -0.2 * law(800) < few.labels.change.high
    assert at(scaling(studies), 50).labels is None


def test_the_effect_of_labels_is_compared_within_each_seed(
    few: Scaling, studies: dict[int, Study]
) -> None:
    last = studies[800].by_cell
    by_hand = [last["finetune", 50][s].nme - last["finetune", 25][s].nme for s in (0, 1, 2)]
    assert few.labels is not None
    assert few.labels.change is not None
    half = 2.920 * np.std(by_hand, ddof=1) / np.sqrt(3)  # Student's 95 % point, 2 degrees
    assert few.labels.change.value == pytest.approx(np.mean(by_hand))
    assert few.labels.change.high - few.labels.change.value == pytest.approx(half, rel=1e-3)


def test_the_description_has_a_line_for_each_way(few: Scaling) -> None:
    assert few.labels is not None
    assert few.labels.change is not None
    assert few.gap is not None
    lines = list(describe(few))
    assert lines[0] == (
        f"Fine-tuning with 25 real and 800 synthetic faces: NME {100 * few.errors[-1]:.2f} % "
        "(seeds: 3)"
    )
    assert lines[2].startswith("  8,000 synthetic faces by Mikami's law D n^-a + C (residual ")
    assert lines[3].startswith("  8,000 synthetic faces by a power law D n^-a (residual ")
    assert "the laws disagree" in lines[4]
    assert lines[5].startswith("  a better renderer: change of at most -")
    assert f"because {few.gap.text(2)} % remain" in lines[5]
    assert lines[6].startswith("  50 real faces: ")
    assert lines[6].endswith(f"change {few.labels.change.text(2, sign='+')}")
    assert few.disagreement is not None
    same = replace(few, disagreement=replace(few.disagreement, low=-0.001))
    assert not any("disagree" in line for line in describe(same))


@pytest.mark.parametrize(
    ("signs", "verdict"),
    [
        ((1, 1), "more real labels lower the error significantly more than more synthetic faces"),
        ((-1, -1), "more synthetic faces lower the error significantly more than more real labels"),
        ((0, 0), "no significant difference between more real labels and more synthetic faces"),
        ((1, 0), "it depends on the law"),
    ],
)
def test_the_verdict_needs_both_laws(few: Scaling, signs: tuple[int, int], verdict: str) -> None:
    def above(sign: int) -> Interval:
        return Interval(value=sign, low=sign - 0.5, high=sign + 0.5, level=0.9, seeds=3)

    judged = replace(few, above_labels=tuple(map(above, signs)))
    assert list(describe(judged))[-1] == f"  {verdict}"


def test_a_training_that_is_too_short_for_more_faces_is_named(few: Scaling) -> None:
    # tests.analysis.studies: 2,000 updates of 8 synthetic faces and 1,000 of 4, more than twice
    # ten times 800.
    assert few.draws == 20000
    assert not any("draws only" in line for line in describe(few))
    assert "  a training draws only 1,600 faces, so that needs more updates too" in describe(
        replace(few, draws=1600)
    )


def test_one_seed_gives_an_error_and_no_prediction(studies: dict[int, Study]) -> None:
    alone = {count: study.with_seeds([0]) for count, study in studies.items()}
    few = at(scaling(alone), 25)
    assert (few.gap, few.disagreement, [one.error for one in few.faces]) == (None, None, [None] * 2)
    assert list(describe(few))[1:] == ["  not enough seeds for predictions; run at least two"]


def test_only_seeds_with_more_labels_count_in_their_effect(studies: dict[int, Study]) -> None:
    last = studies[800]
    for left, expected in (((0, 1), 2), ((0,), None)):
        runs = tuple(r for r in last.runs if r.result.n_real == 25 or r.result.seed in left)
        few = at(scaling({**studies, 800: replace(last, runs=runs)}), 25)
        assert few.labels is not None
        assert (few.labels.change and few.labels.change.seeds) == expected
    assert "  50 real faces: not enough seeds, change not enough seeds" in describe(few)


def test_three_counts_are_too_few(studies: dict[int, Study]) -> None:
    with pytest.raises(InputError, match="found 3 numbers of synthetic faces"):
        scaling({count: studies[count] for count in COUNTS[:3]})


def test_studies_that_differ_in_more_than_synthetic_faces_are_refused(
    studies: dict[int, Study], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="was trained on 800 synthetic faces, but its folder"):
        scaling({**{count: studies[count] for count in COUNTS[:-1]}, 1600: studies[800]})
    others = write_study(
        tmp_path, seeds=(0,), sizes=(25,), strategies=("finetune",), synthetic=800, tested=1
    )
    with pytest.raises(InputError, match="the studies differ in their test set"):
        scaling({**studies, 800: read_study(others)})


def test_the_script_prints_every_description(
    folder: Path,
    studies: dict[int, Study],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    assert import_module("synthetic_scaling").main([str(folder)]) == 0
    printed = capsys.readouterr().out
    for one in scaling(studies):
        assert "\n".join(describe(one)) in printed
    assert "NME % by synthetic faces: 50: " in printed
    assert printed.endswith("no number here is an accuracy on photographs.\n")
