"""Plans: which runs narrow N_eff next, and when it is narrow enough."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from benchmarks.known_truth import draw_study

from landmarks.analysis.exchange import exchange
from landmarks.analysis.planning import describe, plan, relative_width
from landmarks.analysis.study import Study
from landmarks.errors import InputError
from landmarks.plan import main


def drawn(seeds: int, *, spread: float = 0.03, photos: int = 185) -> Study:
    rng = np.random.default_rng(4)
    return draw_study(
        "knee", n_real=50, n_eff=140, seeds=seeds, rng=rng, spread=spread, photos=photos
    )


def test_a_wide_interval_asks_for_the_next_seed_where_it_matters() -> None:
    found = plan(drawn(3), "finetune", 50, width=0.1)
    assert found.runs[0] == (("finetune", 50), 3)
    sizes = {cell[1] for cell, _ in found.runs if cell[0] == "real_only"}
    assert {100, 250} <= sizes  # around the truth
    assert 870 not in sizes or found.now.high > 250  # far sizes tell nothing


def test_a_narrow_interval_asks_for_nothing() -> None:
    found = plan(drawn(5, spread=0.005, photos=5000), "finetune", 50, width=0.5)
    assert found.runs == ()
    assert "narrow enough" in describe(found)


def test_a_seed_that_was_begun_is_completed_first() -> None:
    whole = drawn(3)
    kept = [
        run
        for run in whole.runs
        if run.result.seed < 2 or run.result.strategy == "finetune" or run.result.n_real == 100
    ]
    study = Study(folder=whole.folder, runs=tuple(kept), photos=whole.photos, rendered_test=True)
    runs = plan(study, "finetune", 50, width=0.1).runs
    assert {seed for _, seed in runs} == {2}
    assert ("finetune", 50) not in {cell for cell, _ in runs}
    assert ("real_only", 100) not in {cell for cell, _ in runs}


def test_the_width_that_is_expected_is_about_what_more_seeds_give() -> None:
    expected, got = [], []
    for k in range(30):
        rng = np.random.default_rng(k)
        whole = draw_study("knee", n_real=50, n_eff=140, seeds=6, rng=rng)
        five = Study(
            folder=whole.folder,
            runs=tuple(run for run in whole.runs if run.result.seed < 5),
            photos=whole.photos,
            rendered_test=True,
        )
        expected.append(plan(five, "finetune", 50, width=0.01).after)
        found = exchange(whole, "finetune", 50)
        assert found is not None
        got.append(relative_width(found.value, found.low, found.high))
    assert np.median(expected) == pytest.approx(np.median(got), rel=0.2)


def test_photos_that_are_too_few_are_named_as_the_limit() -> None:
    found = plan(drawn(5, photos=20), "finetune", 50, width=0.02)
    assert found.seeds_needed is None
    assert "more test photos" in describe(found)


def test_a_strategy_that_was_not_run_is_refused_with_what_there_is() -> None:
    with pytest.raises(InputError, match="no run of mixing with n_real 50; there are real_only 10"):
        plan(drawn(2), "mixing", 50, width=0.5)


def test_the_command_prints_runs_until_the_interval_is_narrow(
    study_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(study_folder), "--width", "0.001"]) == 0
    told = capsys.readouterr()
    assert "strategy=finetune n_real=50 seed=3\n" in told.out
    assert "runs complete the next seed" in told.err
    assert main([str(study_folder), "--width", "1000"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "narrow enough" in told.err
    also = "experiment=figure4 data.real.root=photos"
    assert main([str(study_folder), "--width", "0.001", "--also", also]) == 0
    told = capsys.readouterr()
    assert f"{also} strategy=finetune n_real=50 seed=3\n" in told.out
    assert all(line.startswith(also) for line in told.out.splitlines())
    assert main([str(study_folder), "--width", "-1"]) == 2
    assert capsys.readouterr().err == "error: width is -1; it must be above 0\n"


# What the loop of docs/exchange-rate.md calls: a plan that asks for two runs, twice, then for none.
PYTHON = """
echo "$*" >> called
case "$*" in
*landmarks.plan*)
  echo x >> plans
  [ $(wc -l < plans) -gt 2 ] || printf '%s seed=1\n%s seed=2\n' "${@: -1}" "${@: -1}" ;;
*seed=2) [ ! -e broken ] ;;
esac
"""


@pytest.mark.parametrize("broken", [False, True])
def test_the_documented_loop_ends_with_the_plan_or_a_run_that_fails(
    tmp_path: Path, broken: bool
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "exchange-rate.md").read_text()
    (loop,) = (part for part in text.split("```") if "landmarks.plan outputs" in part)
    script = f"python() {{\n{PYTHON}\n}}\n{loop}"
    if broken:
        (tmp_path / "broken").touch()
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=False, timeout=60)
    called = (tmp_path / "called").read_text().splitlines()
    trained = [line for line in called if "landmarks.train" in line]
    words = "-m landmarks.train experiment=figure4 data.real.root=path/to/300w"
    assert trained == [f"{words} seed=1", f"{words} seed=2"] * (1 if broken else 2)
    assert len(called) - len(trained) == (1 if broken else 3)
