"""Sweeps: each run once; their cost, progress and failures are logged."""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import hydra
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from landmarks.cli.hydra_command import CONFIGS
from landmarks.cli.jobs import Job, plan_jobs, updates
from landmarks.cli.sweep import duration, report_plan, watched
from landmarks.errors import InputError
from landmarks.experiment.products import product_versions
from landmarks.experiment.results import RESULT, Ledger, Result, StepRecord, StepTiming
from landmarks.storage.serialization import record
from landmarks.training.loop import TRAINING_VERSION
from tests.processes import forked
from tests.waiting import PATIENCE

OUT = "out=runs/${hydra:runtime.choices.strategy}/n_real_${n_real}/seed_${seed}"
ALL = ["synthetic_only", "real_only", "label_adaptation", "data_adaptation", "mixing", "finetune"]


def composed(overrides: Sequence[str]) -> DictConfig:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose("train", list(overrides), return_hydra_config=True)


def grid(strategies: Sequence[str], sizes: Sequence[int], seeds: Sequence[int]) -> list[list[str]]:
    return [
        ["data=toy", f"strategy={strategy}", f"n_real={n}", f"seed={seed}", OUT]
        for strategy in strategies
        for n in sizes
        for seed in seeds
    ]


def test_a_strategy_without_real_faces_is_run_once_a_seed() -> None:
    jobs = plan_jobs(grid(ALL, (10, 50), (0, 1)), composed)
    assert len(jobs) == 2 + 5 * 2 * 2
    names = [job.name for job in jobs if "synthetic_only" in job.name]
    assert names == [
        "strategy=synthetic_only seed=0 n_real=0",
        "strategy=synthetic_only seed=1 n_real=0",
    ]


def test_shared_trainings_are_counted_once() -> None:
    jobs = plan_jobs(grid(ALL, (10, 50), (0,)), composed)
    # configs/schedule/cpu.yaml: pretrain 2,000 and train 2,500 on synthetic faces once; at each
    # size train 2,500 by three strategies and finetune 500.
    assert updates(jobs) == 2000 + 2500 + 2 * (3 * 2500 + 500)
    assert updates(jobs, made=[job for job in jobs if "synthetic_only" in job.name]) == 18000


# A pretraining of 2,000 updates and a fine-tuning of 500 depend on different things.
@pytest.mark.parametrize(
    ("varied", "expected"),
    [
        (("data.synthetic.count=50", "data.synthetic.count=100"), 2 * 2500),
        (("model.input_size=64", "model.input_size=128"), 2 * 2500),
        (("crop.scale=1.3", "crop.scale=1.4"), 2 * 2500),
        (("machine.accumulate=1", "machine.accumulate=2"), 2 * 2500),
        (("data.real.count=60", "data.real.count=70"), 2000 + 2 * 500),
        (("augmentation.real.geometry.rotation=1", "seed=0"), 2000 + 2 * 500),
        (("augmentation.real.transforms.0.p=0", "seed=0"), 2000 + 2 * 500),
        (("data.test.count=60", "data.test.count=70"), 2500),
        (("machine.workers=1", "machine.workers=2"), 2500),
    ],
)
def test_a_training_is_shared_only_where_nothing_differs_that_it_depends_on(
    varied: tuple[str, str], expected: int
) -> None:
    points = [
        ["data=toy", "n_real=25", "strategy=finetune", each, f"out=run_{i}"]
        for i, each in enumerate(varied)
    ]
    assert updates(plan_jobs(points, composed)) == expected


def test_adapted_labels_depend_on_the_real_faces_and_not_on_how_those_are_augmented() -> None:
    for place, values, expected in (
        ("data.real.count", (60, 70), 2500 + 2 * 2500),
        ("augmentation.real.geometry.rotation", (1, 2), 2500 + 2500),
    ):
        points = [
            ["data=toy", "n_real=25", "strategy=data_adaptation", f"{place}={v}", f"out=run_{v}"]
            for v in values
        ]
        assert updates(plan_jobs(points, composed)) == expected


@pytest.mark.parametrize("schedule", ["cpu", "gpu", "tiny"])
def test_the_final_model_of_every_strategy_gets_the_same_number_of_steps(schedule: str) -> None:
    for strategy in (*ALL, "finetune_plain"):
        cfg = composed(["data=toy", f"strategy={strategy}", f"schedule={schedule}"])
        kept = hydra.utils.instantiate(cfg.strategy, _convert_="all").model
        before = kept.start.schedule.steps if kept.start else 0
        assert before + kept.schedule.steps == cfg.schedule.train.steps, strategy


def test_two_runs_of_one_folder_are_refused_before_any_starts() -> None:
    points = [
        ["data=toy", "n_real=10", f"loss={loss}", "out=runs"] for loss in ("mse", "cross_entropy")
    ]
    with pytest.raises(
        InputError, match=r"'loss=mse' and 'loss=cross_entropy', would write to runs"
    ):
        plan_jobs(points, composed)


def test_each_alpha_of_mixing_is_a_curve_with_a_name_and_a_folder_of_its_own() -> None:
    points = [
        ["data=toy", "strategy=mixing", f"strategy.alpha={alpha}"] for alpha in (0.3, 0.5, 0.75)
    ]
    jobs = plan_jobs(points, composed)
    names = ["mixing_alpha_0.3", "mixing", "mixing_alpha_0.75"]
    assert [job.strategy.name for job in jobs] == names
    assert [str(job.out) for job in jobs] == [
        f"outputs/toy/unet/{name}/n_real_50/seed_0" for name in names
    ]
    assert updates(jobs) == 2500 + 3 * 2500  # the model that fits the adapter is shared


def test_a_run_has_the_name_of_its_strategy_in_its_folder() -> None:
    names = [*ALL, "mixing_original", "finetune_adapted"]
    jobs = plan_jobs([["data=toy", f"strategy={name}"] for name in names], composed)
    assert [job.out.parts[3] for job in jobs] == names


def finish(job: Job) -> None:
    """Write what the run of a job writes, as far as a plan reads it."""
    parts = ("strategy", "model", "augmentation", "crop")
    made = {name: hydra.utils.instantiate(job.cfg[name], _convert_="all") for name in parts}
    job.out.mkdir(parents=True)
    config = OmegaConf.masked_copy(job.cfg, [key for key in job.cfg if key != "hydra"])
    config.out = str(job.out)
    (job.out / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    step = StepRecord(name="train", artifact="0123", optimiser_steps=2500, real_labels=10)
    timing = StepTiming(seconds=50, reused=False, continued=False)
    n = int(job.cfg.n_real)
    Result(
        fingerprint="0123",
        strategy=job.strategy.name,
        n_real=n,
        seed=job.cfg.seed,
        optimiser_steps=2500,
        settings=record({name: made[name] for name in parts[:-1]}),
        data={role: {"name": "drawn", "faces": n, "notes": []} for role in ("real", "test")},
        shared_photos=0,
        rendered_test=True,
        crop=record(made["crop"]),
        box_source="landmarks",
        metrics={"all": {"nme": {"interocular": {"value": 0.1, "low": 0.1, "high": 0.1}}}},
        ledger=asdict(Ledger(n_real=n, photos=n, training=n, adapter=0, validation=0, total=n)),
        steps=[asdict(step)],
        products=product_versions(job.strategy),
        versions={},
        timings={"steps": {"train": asdict(timing)}},
    ).write(job.out)


def change(job: Job, **changes: object) -> None:
    """Change the result of a finished run."""
    path = job.out / RESULT
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def logged_by(points: Sequence[Sequence[str]], caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.INFO):
        report_plan(plan_jobs(points, composed), every=True)
    return [record.message for record in caplog.records]


def test_a_plan_lists_what_is_done_and_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    points = grid(("real_only",), (10, 50, 100, 200), (0,))
    jobs = plan_jobs(points, composed)
    (other,) = plan_jobs([[*points[2], "model.input_size=64"]], composed)
    for job in (jobs[0], jobs[1], other):
        finish(job)
    change(jobs[1], products={**product_versions(jobs[1].strategy), "training": 0})
    assert logged_by(points, caplog) == [
        "done    n_real=10",
        "other version n_real=50",
        "other settings n_real=100",
        "to run  n_real=200",
        f"1 done by another version: training 0 (now {TRAINING_VERSION})",
        "sweep of 4 runs: 1 done, 1 done by another version (move them away), 1 done with other "
        "settings (move them away, or give another out=...), 1 to run; 7,500 optimiser steps "
        "(7,500 without sharing), about 2 min in one process",
    ]


def test_there_is_no_time_estimate_before_a_run_has_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    last = logged_by(grid(("real_only",), (10, 50), (0,)), caplog)[-1]
    assert last.endswith("; no time estimate until one run has finished")


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ("machine.threads=3", "done"),
        ("artifacts=elsewhere", "done"),
        ("data.synthetic.count=7", "done"),  # real only draws on none
        ("augmentation.synthetic.geometry.rotation=0", "done"),
        ("data.real.count=300", "other settings"),
        ("data.test.seed=9", "other settings"),
        ("augmentation.real.geometry.rotation=0", "other settings"),
        ("augmentation.real.transforms.0.p=0", "other settings"),
        ("crop.scale=1.5", "other settings"),
        ("schedule.train.steps=9", "other settings"),
        ("loss=mse", "other settings"),
    ],
)
def test_a_plan_says_which_runs_would_be_refused_for_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, state: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (point,) = grid(("real_only",), (10,), (0,))
    (before,) = plan_jobs([point], composed)
    finish(before)
    (job,) = plan_jobs([[*point, changed]], composed)
    assert job.state == state


def test_the_folder_of_the_data_is_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (point,) = grid(("real_only",), (10,), (0,))
    point[0] = "data=w300"
    (before,) = plan_jobs([[*point, "data.real.root=/here"]], composed)
    finish(before)
    (unsaid,) = plan_jobs([point], composed)
    assert unsaid.state == "done"
    (job,) = plan_jobs([[*point, "data.real.folders=[afw]"]], composed)
    assert job.state == "other settings"


def test_a_strategy_without_real_faces_is_composed_once_for_all_sizes() -> None:
    asked = []

    def counting(overrides: Sequence[str]) -> DictConfig:
        asked.append(overrides)
        return composed(overrides)

    assert len(plan_jobs(grid(("synthetic_only",), (10, 25, 50, 100), (0,)), counting)) == 1
    assert len(asked) == 2


def test_a_plan_stops_at_a_result_of_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (job,) = plan_jobs(grid(("real_only",), (10,), (0,)), composed)
    job.out.mkdir(parents=True)
    (job.out / RESULT).write_text("{}")
    with pytest.raises(InputError, match="not a result"):
        report_plan([job], every=True)


def test_progress_includes_runs_that_other_processes_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = plan_jobs(grid(("real_only",), (10, 50), (0,)), composed)
    with caplog.at_level(logging.INFO), watched(jobs):
        jobs[1].out.mkdir(parents=True)
        (jobs[1].out / RESULT).write_text("{}")
    assert re.match(r"sweep: 1 of 2 runs done in \d+ s, about", caplog.records[-1].message)


def test_a_resumed_sweep_logs_earlier_and_new_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = plan_jobs(grid(("real_only",), (10, 25, 50, 100), (0,)), composed)
    finish(jobs[0])
    finish(jobs[1])
    with caplog.at_level(logging.INFO), watched(jobs, before=len(report_plan(jobs, every=False))):
        finish(jobs[3])
    assert re.match(
        r"sweep: 3 of 4 runs done, 2 of them before and 1 in \d+ s, about",
        caplog.records[-1].message,
    )


def test_durations_have_a_suitable_unit() -> None:
    assert [duration(s) for s in (40, 99, 600, 7500)] == ["40 s", "99 s", "10 min", "2 h 05 min"]


def test_a_failed_run_does_not_stop_the_others_and_is_listed_with_its_reason(
    tmp_path: Path,
) -> None:
    words = [
        *("-m", "data=toy", "schedule=tiny", "model.input_size=32", "machine.threads=1"),
        *("strategy=label_adaptation,real_only", "n_real=1,4", "model.network.widths=[8,8]"),
        *("data.synthetic.count=12", "data.real.count=8", "data.test.count=6"),
        *("schedule.pretrain.steps=2", "schedule.train.steps=2"),
    ]
    done = forked("train", *words, cwd=tmp_path, patience=PATIENCE)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: 1 of 4 runs failed, as listed")
    assert "n_real is 1, but strategy 'label_adaptation' fits an adapter" in done.stdout
    assert {path.parts[-4:-2] for path in tmp_path.rglob(RESULT)} == {
        ("label_adaptation", "n_real_4"),
        ("real_only", "n_real_1"),
        ("real_only", "n_real_4"),
    }
