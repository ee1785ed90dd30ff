"""Plans: which runs narrow the interval of N_eff next, and when it is narrow enough."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from benchmarks.known_truth import SIZES, draw_study

from landmarks.analysis.exchange import exchange
from landmarks.analysis.planning import describe, plan, relative_width
from landmarks.analysis.study import Study
from landmarks.cli import verify
from landmarks.cli.plan import main
from landmarks.errors import InputError
from tests.analysis.studies import write_study
from tests.waiting import PATIENCE


def drawn(
    seeds: int, *, spread: float = 0.03, photos: int = 185, sizes: Sequence[int] = SIZES
) -> Study:
    rng = np.random.default_rng(4)
    return draw_study(
        "knee",
        n_real=50,
        n_eff=140,
        seeds=seeds,
        rng=rng,
        spread=spread,
        photos=photos,
        sizes=sizes,
    )


def only(whole: Study, runs: set[tuple[tuple[str, int], int]]) -> Study:
    """A study of some of its runs, each a cell and a seed."""
    kept = tuple(run for run in whole.runs if (run.cell, run.result.seed) in runs)
    return Study(folder=whole.folder, runs=kept, photos=whole.photos, rendered_test=True)


def test_a_wide_interval_asks_for_a_whole_seed() -> None:
    found = plan(drawn(3), "finetune", 50, width=0.1)
    assert found.runs == (
        (("finetune", 50), 3),
        *((("real_only", n), 3) for n in (10, 25, 50, 100, 250, 500, 870)),
    )


def test_each_round_of_the_plan_adds_a_seed_to_the_interval() -> None:
    whole = drawn(6)
    have = {(run.cell, run.result.seed) for run in whole.runs if run.result.seed < 2}
    have |= {(("real_only", 100), 2), (("finetune", 50), 4)}  # started
    for seeds in (2, 3, 4, 5):
        found = plan(only(whole, have), "finetune", 50, width=0.01)
        assert len(found.now.design.seeds) == seeds
        have |= set(found.runs)


def test_a_narrow_interval_asks_for_nothing() -> None:
    found = plan(drawn(5, spread=0.005, photos=5000), "finetune", 50, width=0.5)
    assert found.runs == ()
    assert "narrow enough" in describe(found)


def test_where_sizes_are_too_far_apart_one_between_comes_before_seeds() -> None:
    study = drawn(3, sizes=(10, 50, 250))
    found = plan(study, "finetune", 50, width=0.01)
    assert found.now.is_sparse
    assert found.runs == tuple((("real_only", 112), seed) for seed in range(3))  # sqrt(50 * 250)
    assert not found.is_out_of_reach
    assert "more seeds do not help here" in describe(found)
    # However narrow the interval is: it may be around a wrong curve.
    assert plan(study, "finetune", 50, width=1000).runs == found.runs


def test_an_incomplete_size_between_is_completed() -> None:
    whole = drawn(3, sizes=(10, 50, 112, 250))
    have = {(run.cell, run.result.seed) for run in whole.runs} - {
        (("real_only", 112), seed) for seed in (0, 2)
    }
    found = plan(only(whole, have), "finetune", 50, width=0.01)
    assert found.runs == ((("real_only", 112), 0), (("real_only", 112), 2))


def test_sizes_between_are_asked_for_until_seeds_help() -> None:
    sizes = (10, 50, 870)
    while (found := plan(drawn(3, sizes=sizes), "finetune", 50, width=0.1)).size is not None:
        sizes = tuple(sorted({*sizes, found.size}))
        assert len(sizes) < 9
    assert not found.now.is_sparse
    assert {seed for _, seed in found.runs} == {3}


def test_a_size_beyond_an_open_end_that_other_seeds_have_is_completed() -> None:
    whole = drawn(3, sizes=(10, 25, 50, 100, 250))
    have = {(run.cell, run.result.seed) for run in whole.runs}
    study = only(whole, have - {(("real_only", 250), 1), (("real_only", 250), 2)})
    found = plan(study, "finetune", 50, width=0.1)
    assert found.now.high == np.inf
    assert found.runs == ((("real_only", 250), 1), (("real_only", 250), 2))
    assert "first run real_only with n_real 250, a size beyond" in describe(found)


def test_an_incomplete_seed_is_completed_first() -> None:
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


def test_the_expected_width_is_about_that_of_one_more_seed() -> None:
    expected, got = [], []
    for k in range(15):
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
    assert np.median(expected) == pytest.approx(np.median(got), rel=0.25)


def test_too_few_test_photos_are_named_as_the_limit() -> None:
    found = plan(drawn(5, photos=20), "finetune", 50, width=0.02)
    assert found.seeds_needed is None
    assert "add test photos" in describe(found)


def test_a_strategy_that_was_not_run_is_refused() -> None:
    with pytest.raises(
        InputError, match="no run of mixing with n_real 50; finished runs: real_only 10"
    ):
        plan(drawn(2), "mixing", 50, width=0.5)


def test_the_command_prints_runs_until_the_interval_is_narrow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = (10, 25, 50, 110, 250, 500, 1000)
    study_folder = write_study(tmp_path, sizes=sizes, strategies=("real_only", "finetune"))
    assert main([str(study_folder), "--width", "0.2"]) == 0
    printed = capsys.readouterr()
    assert "strategy=finetune n_real=50 seed=3\n" in printed.out
    assert "8 runs that complete one more seed" in printed.err
    assert main([str(study_folder), "--width", "1000"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "narrow enough" in printed.err
    also = "experiment=figure4 data.real.root=photos"
    assert main([str(study_folder), "--width", "0.001", "--also", also]) == 1  # out of reach
    printed = capsys.readouterr()
    assert f"{also} strategy=finetune n_real=50 seed=3\n" in printed.out
    assert all(line.startswith(also) for line in printed.out.splitlines())
    assert main([str(study_folder), "--width", "-1"]) == 2
    assert capsys.readouterr().err == "error: width is -1; it must be above 0\n"


def test_the_command_prints_a_size_between_first(
    study_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(study_folder), "--width", "1000"]) == 0
    printed = capsys.readouterr()
    lines = [f"strategy=real_only n_real=112 seed={seed}" for seed in range(3)]
    assert printed.out.splitlines() == lines
    assert "first run real_only with n_real 112, a size between" in printed.err


# Stands in for the commands of the documented loop: a plan lists two runs, twice, then none.
COMMANDS = """
landmarks() {
  echo "$*" >> called
  case "$*" in
  plan*)
    echo x >> plans
    [ $(wc -l < plans) -gt 2 ] || printf '%s seed=1\\n%s seed=2\\n' "${@: -1}" "${@: -1}" ;;
  *seed=2) [ ! -e broken ] ;;
  esac
}
python() { landmarks "${2#landmarks.}" "${@:3}"; }
"""


@pytest.mark.parametrize("broken", [False, True])
def test_the_documented_loop_ends_with_the_plan_or_a_failed_run(
    tmp_path: Path, broken: bool
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "numbers.md").read_text()
    (loop,) = (part for part in text.split("```") if "landmarks plan outputs" in part)
    if broken:
        (tmp_path / "broken").touch()
    subprocess.run(["bash", "-c", COMMANDS + loop], cwd=tmp_path, check=False, timeout=PATIENCE)
    called = (tmp_path / "called").read_text().splitlines()
    trained = [line for line in called if line.startswith("train")]
    arguments = "train experiment=figure4 data.real.root=path/to/300w"
    assert trained == [f"{arguments} seed=1", f"{arguments} seed=2"] * (1 if broken else 2)
    assert len(called) - len(trained) == (1 if broken else 3)


def test_a_result_without_read_permission_is_one_line_on_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "result.json").touch()
    monkeypatch.setattr(Path, "read_text", refuse)
    for command in (main, verify.main):
        assert command([str(tmp_path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
