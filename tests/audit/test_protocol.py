"""The check of stored runs finds planted faults of a sweep, and nothing in a sound one."""

import json
import shutil

import numpy as np
import pytest

from landmarks.audit.choice import optimism
from landmarks.audit.material import Material
from landmarks.audit.protocol import StoredSweep
from landmarks.audit.stored_runs import read_runs
from landmarks.errors import InputError
from landmarks.experiment.results import LEDGER, RESULT
from tests.analysis.studies import article_like, write_study

SIZES = (10, 50)


def good(strategy, n_real):
    """Errors far below that of the mean face, which all faces of these studies resemble."""
    return 0.1 * article_like(strategy, n_real)


def found(folder, **thresholds):
    return StoredSweep(**thresholds)(Material(sets={}, runs=folder))


def faults(folder):
    return [one.fault for one in found(folder)]


@pytest.fixture
def sweep(tmp_path):
    return write_study(tmp_path / "sweep", sizes=SIZES, curve=good)


def change(path, edit):
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def run_at(folder, strategy, n_real, seed):
    return folder / strategy / f"n_real_{n_real}" / f"seed_{seed}"


def add_variant(sweep, run, rate, factor):
    """A copy of a run with another learning rate, whose errors are `factor` times as large."""
    copy = sweep / f"tried_{rate}"
    shutil.copytree(run, copy)
    change(
        copy / RESULT,
        lambda r: r["settings"]["strategy"]["model"]["schedule"].update(learning_rate=rate),
    )
    with np.load(run / "predictions.npz") as stored:
        parts = dict(stored)
    parts["predicted"] = parts["target"] + factor * (parts["predicted"] - parts["target"])
    np.savez(copy / "predictions.npz", **parts)


def test_without_runs_there_is_nothing_to_check():
    assert found(None) == []


def test_a_folder_without_finished_runs_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no result\.json below it"):
        found(tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_a_sound_sweep_has_no_finding(tmp_path, seed):
    rng = np.random.default_rng(seed)
    sweep = write_study(tmp_path, sizes=SIZES, curve=good, rng=rng, tested=seed)

    assert faults(sweep) == []


def test_the_best_of_three_learning_rates_on_the_test_faces_is_a_choice_made_on_them(sweep):
    run = run_at(sweep, "real_only", 10, 0)
    add_variant(sweep, run, 5e-4, 1.01)
    add_variant(sweep, run, 5e-3, 1.02)

    (one,) = found(sweep)

    assert one.fault == "choice made on the test set"
    assert one.price.low <= one.price.nme <= one.price.high
    assert "3 values of" in one.text
    assert "learning_rate" in one.text
    assert "5 more runs" in one.text


def test_an_ablation_whose_best_value_was_not_used_is_no_choice(sweep):
    add_variant(sweep, run_at(sweep, "real_only", 10, 0), 5e-4, 0.99)

    assert faults(sweep) == []


def test_a_value_that_was_chosen_on_other_faces_is_no_finding(sweep, tmp_path):
    other = write_study(
        tmp_path / "other", sizes=(10,), strategies=["real_only"], curve=good, tested=1, seeds=[0]
    )
    add_variant(other, run_at(other, "real_only", 10, 0), 5e-4, 1.01)
    shutil.move(other, sweep / "validation")

    assert faults(sweep) == []


def test_the_best_of_equal_models_hides_the_expected_minimum_of_their_noise():
    """The minimum of 8 independent means is 1.42 standard errors below their expectation."""
    rng = np.random.default_rng(0)
    priced = []
    for _ in range(20):
        errors = rng.normal(0.05, 0.02, (8, 100))
        priced.append(optimism(errors, np.arange(100).astype(str)).nme)

    assert np.mean(priced) == pytest.approx(1.42 * 0.02 / np.sqrt(100), rel=0.2)


def test_a_choice_between_very_different_models_hides_nothing():
    rng = np.random.default_rng(0)
    errors = np.abs(rng.normal([[0.05], [0.2]], 0.01, (2, 100)))

    assert optimism(errors, np.arange(100).astype(str)).nme == pytest.approx(0, abs=1e-4)


def test_twice_the_updates_are_unequal(sweep):
    for n in SIZES:
        for seed in range(3):
            change(
                run_at(sweep, "real_only", n, seed) / RESULT,
                lambda r: r["settings"]["strategy"]["model"]["schedule"].update(steps=6000),
            )

    (one,) = found(sweep)

    assert one.fault == "unequal updates"
    assert "real_only had 6,000 updates" in one.text
    assert "3.0 times" in one.text


def test_a_subset_with_faces_that_the_larger_one_lacks_is_not_nested(sweep):
    def rename(ledger):
        ledger["faces"]["a face of its own"] = ledger["faces"].pop("real face 0")

    for strategy in ("real_only", "finetune", "mixing", "label_adaptation", "data_adaptation"):
        change(run_at(sweep, strategy, 10, 1) / LEDGER, rename)

    assert faults(sweep) == ["subsets are not nested"]


def test_an_adapter_that_used_more_labels_than_n_real_is_found(sweep):
    def use_more(result):
        result["ledger"]["adapter"] = 50

    change(run_at(sweep, "label_adaptation", 10, 0) / RESULT, use_more)

    (one,) = found(sweep)

    assert one.fault == "adapter fitted on more than n_real"
    assert "label_adaptation with n_real 10, seed 0 was fitted on 50 faces" in one.text


def test_a_run_far_above_its_other_seeds_diverged_and_costs_its_share_of_the_mean(tmp_path):
    sweep = write_study(tmp_path, sizes=(50,), curve=good, spread=0)
    lost = run_at(sweep, "real_only", 50, 2) / "predictions.npz"
    with np.load(lost) as stored:
        parts = dict(stored)
    parts["predicted"] = parts["target"] + 2 * (parts["predicted"] - parts["target"])
    np.savez(lost, **parts)

    (one,) = found(sweep)

    assert one.fault == "diverged"
    assert "real_only with n_real 50, seed 2" in one.text
    assert one.price.nme == pytest.approx(good("real_only", 50) / 3, rel=0.01)


def test_a_run_without_finite_predictions_diverged(sweep):
    lost = run_at(sweep, "finetune", 50, 0) / "predictions.npz"
    with np.load(lost) as stored:
        parts = dict(stored)
    parts["predicted"][3, 5] = np.nan
    np.savez(lost, **parts)

    (one,) = found(sweep)

    assert one.fault == "diverged"
    assert "expected finite numbers" in one.text


def test_a_run_that_is_no_better_than_the_mean_face_diverged(tmp_path):
    one = {"sizes": (50,), "strategies": ["real_only"], "seeds": [0]}
    sweep = write_study(tmp_path / "sound", curve=good, **one)
    limit = read_runs(sweep)[0].mean_face_error
    worse = write_study(tmp_path / "worse", curve=lambda strategy, n: 1.2 * limit, **one)

    assert faults(sweep) == []
    assert faults(worse) == ["diverged"]
