"""One run, by hand and without Hydra: what it leaves, what it shares, what it refuses."""

import csv
import errno
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from operator import getitem
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from landmarks.adapters.adapter import load_adapter
from landmarks.adapters.perceptron import PerceptronFit
from landmarks.adapters.ridge import RidgeFit
from landmarks.augmentation import Augmentation, Geometry
from landmarks.data.toy import read_toy
from landmarks.errors import InputError, input_error
from landmarks.experiment.evaluation import evaluate_run, trained_on
from landmarks.experiment.experiment import Data, Experiment
from landmarks.experiment.run import run
from landmarks.experiment.strategies import (
    Schedule,
    data_adaptation,
    finetune,
    label_adaptation,
    mixing,
    real_only,
    synthetic_only,
)
from landmarks.geometry import LandmarkCrop
from landmarks.losses import CrossEntropySoftArgmax
from landmarks.storage.versions import versions
from landmarks.training.batches import MixtureBatches
from landmarks.training.device import Machine
from landmarks.training.loop import TRAINING_VERSION
from tests.small import small_architecture, unnormalised_architecture
from tests.waiting import PATIENCE

LONG = Schedule(steps=12, batch_size=4, learning_rate=2e-3)
SHORT = Schedule(steps=8, batch_size=4, learning_rate=5e-4)
PLAIN = Augmentation(geometry=Geometry(mirror=0.5))
DATA = Data(
    synthetic=partial(read_toy, count=24, domain="synthetic"),
    real=partial(read_toy, count=30, domain="stand_in", seed=1),
    test=partial(read_toy, count=12, domain="stand_in", seed=2),
)


def unread():
    raise AssertionError("these faces are not needed, or not yet")


def experiment(tmp_path, strategy, **changes):
    values = {
        "strategy": strategy,
        "n_real": 10,
        "seed": 0,
        "data": DATA,
        "model": small_architecture(),
        "crop": LandmarkCrop(1.35),
        "augmentation": {"real": PLAIN, "synthetic": PLAIN},
        "machine": Machine(device="cpu", precision="float32"),
        "out": tmp_path / strategy.name,
        "artifacts": tmp_path / "artifacts",
    }
    return Experiment(**{**values, **changes})


def without_timings(folder: Path):
    stored = json.loads((folder / "result.json").read_text())
    del stored["timings"]
    return stored


def test_a_run_leaves_everything_that_explains_it(tmp_path):
    result = run(experiment(tmp_path, label_adaptation(LONG, RidgeFit())), config="n_real: 10\n")
    out = tmp_path / "label_adaptation"
    assert {path.name for path in out.iterdir()} == {
        "ced.csv",
        "config.yaml",
        "detector.safetensors",
        "faces.png",
        "ledger.json",
        "loss.csv",
        "predictions.npz",
        "result.json",
        "run.log",
        "tensorboard",
        "trained_on.npz",
    }
    assert (out / "config.yaml").read_text() == "n_real: 10\n"
    assert result.rendered_test
    assert result.box_source == "landmarks"
    with np.load(out / "predictions.npz") as stored:
        assert stored["predicted"].shape == (12, 68, 2)
        assert stored["error"].mean() == pytest.approx(result.nme)
    rows = list(csv.DictReader((out / "loss.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["10", "12"]
    assert "NME" in (out / "run.log").read_text()


def test_every_file_of_a_run_is_written_atomically(tmp_path, monkeypatch):
    renamed, replace = set(), Path.replace

    def spy(path, target):
        renamed.add(Path(target).name)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", spy)
    run(experiment(tmp_path, label_adaptation(LONG, RidgeFit())))
    grows = {"run.log", "tensorboard"}  # while the run lasts
    assert renamed >= {path.name for path in (tmp_path / "label_adaptation").iterdir()} - grows
    assert renamed >= {"weights.safetensors", "loss.npy", "artifact.json", "adapter.safetensors"}


def test_the_ledger_counts_each_use_of_a_real_label(tmp_path):
    cases = [
        (real_only(LONG), 10, (10, 0, 10)),
        (label_adaptation(LONG, RidgeFit()), 10, (0, 10, 10)),
        (mixing(LONG, RidgeFit(), SHORT, alpha=0.5), 10, (10, 10, 10)),
        (synthetic_only(LONG), 0, (0, 0, 0)),
    ]
    for strategy, n_real, (training, adapter, total) in cases:
        ledger = run(experiment(tmp_path, strategy, n_real=n_real)).ledger
        assert (ledger["training"], ledger["adapter"], ledger["total"]) == (
            training,
            adapter,
            total,
        )
        assert ledger["validation"] == 0
        faces = json.loads((tmp_path / strategy.name / "ledger.json").read_text())["faces"]
        assert len(faces) == n_real


def test_five_strategies_pretrain_once(tmp_path):
    fit = RidgeFit()
    strategies = [
        synthetic_only(LONG),
        label_adaptation(LONG, fit),
        data_adaptation(LONG, fit, SHORT),
        mixing(LONG, fit, SHORT, alpha=0.5),
        finetune(LONG, fit, SHORT),
    ]
    reused = []
    for strategy in strategies:
        n_real = 10 if strategy.uses_real else 0
        timings = run(experiment(tmp_path, strategy, n_real=n_real)).timings
        reused.append(timings["steps"]["pretrain"]["reused"])
    assert reused == [False, True, True, True, True]
    adapters = list((tmp_path / "artifacts").glob("*/adapter.safetensors"))
    assert len(adapters) == 1


def test_another_n_real_shares_the_pretraining_but_not_the_rest(tmp_path):
    first = run(experiment(tmp_path, finetune(LONG, RidgeFit(), SHORT)))
    other = run(
        experiment(tmp_path, finetune(LONG, RidgeFit(), SHORT), n_real=20, out=tmp_path / "other")
    )
    one, two = ({s["name"]: s["artifact"] for s in r.steps} for r in (first, other))
    assert one["pretrain"] == two["pretrain"]
    assert one["finetune"] != two["finetune"]


def test_a_result_says_what_software_made_each_step(tmp_path, monkeypatch):
    first = run(experiment(tmp_path, synthetic_only(LONG), n_real=0))
    now = {**versions(), "torch": "9.9"}
    for module in ("storage.artifacts", "experiment.summary"):
        monkeypatch.setattr(f"landmarks.{module}.versions", lambda: now)
    other = run(experiment(tmp_path, label_adaptation(LONG, RidgeFit())))
    assert first.steps[0]["versions"] == first.versions == versions()
    assert [step["versions"]["torch"] for step in other.steps] == [versions()["torch"], "9.9"]
    assert other.versions["torch"] == "9.9"


def test_a_finished_run_is_read_not_run_again(tmp_path):
    first = run(experiment(tmp_path, real_only(LONG)))
    before = (tmp_path / "real_only" / "result.json").stat().st_mtime_ns
    again = run(experiment(tmp_path, real_only(LONG)))
    assert again.metrics == first.metrics
    assert (tmp_path / "real_only" / "result.json").stat().st_mtime_ns == before


def test_a_folder_with_another_run_is_refused_with_the_difference(tmp_path):
    run(experiment(tmp_path, real_only(LONG)))
    other = (
        r"made with other settings \(settings.strategy.model.schedule.steps is 12, now 8; .*\); "
        "give another out="
    )
    with pytest.raises(InputError, match=other):
        run(experiment(tmp_path, real_only(SHORT)))
    path = tmp_path / "real_only" / "result.json"
    stored = json.loads(path.read_text())
    stored["products"]["training"] -= 1
    stored["fingerprint"] = "before"
    path.write_text(json.dumps(stored))
    older = f"made by another version (training {TRAINING_VERSION - 1} (now {TRAINING_VERSION}))"
    with pytest.raises(InputError, match=f"{re.escape(older)}; give another out="):
        run(experiment(tmp_path, real_only(LONG)))


def test_a_raised_version_invalidates_the_artifacts_that_depend_on_it_and_no_others(
    tmp_path, monkeypatch
):
    quick = replace(SHORT, steps=1)

    def artifacts(raised):
        with monkeypatch.context() as changed:
            if raised:
                changed.setattr(f"landmarks.experiment.runner.{raised}_VERSION", 99)
            one = experiment(
                tmp_path, label_adaptation(quick, RidgeFit()), out=tmp_path / f"raised {raised}"
            )
            return [step["artifact"] for step in run(one).steps]

    before = artifacts(None)
    for raised, expected in (("CROPS", 2), ("TRAINING", 2), ("ADAPTER", 1)):
        after = artifacts(raised)
        assert sum(a != b for a, b in zip(before, after, strict=True)) == expected, raised
    assert after[0] == before[0]


@pytest.mark.parametrize("name", ["CROPS", "TRAINING", "ADAPTER", "PREDICTIONS"])
def test_a_raised_version_invalidates_the_runs_that_depend_on_it_and_no_others(
    tmp_path, monkeypatch, name
):
    def fingerprints():
        strategies = real_only(SHORT), label_adaptation(SHORT, RidgeFit())
        return [experiment(tmp_path, one).fingerprint for one in strategies]

    before = fingerprints()
    monkeypatch.setattr(f"landmarks.experiment.products.{name}_VERSION", 99)
    alone, adapted = (a != b for a, b in zip(before, fingerprints(), strict=True))
    assert (alone, adapted) == (name != "ADAPTER", True)


def test_machine_and_folders_are_no_part_of_the_fingerprint(tmp_path):
    one = experiment(tmp_path, real_only(LONG))
    machine = Machine(workers=2, threads=3, compile=True)
    other = replace(one, machine=machine, out=tmp_path / "x", artifacts=tmp_path / "y")
    assert one.fingerprint == other.fingerprint
    changes = [
        {"seed": 1},
        {"n_real": 11},
        {"crop": LandmarkCrop(1.3)},
        {"strategy": real_only(SHORT)},
        {"model": small_architecture(width=16)},
        {"data": replace(DATA, real=partial(read_toy, count=30, domain="stand_in", seed=9))},
        {"machine": Machine(accumulate=2)},  # for BatchNorm sees other faces together
    ]
    prints = {replace(one, **change).fingerprint for change in changes}
    assert len(prints | {one.fingerprint}) == 1 + len(changes)


def test_a_home_folder_may_be_named_shortly(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    one = experiment(tmp_path, real_only(LONG), out="~/runs", artifacts="~/artifacts")
    assert (one.out, one.artifacts) == (tmp_path / "runs", tmp_path / "artifacts")


def test_synthetic_faces_do_not_matter_to_a_run_without_them(tmp_path):
    one = experiment(tmp_path, real_only(LONG))
    assert replace(one, data=replace(DATA, synthetic=None)).fingerprint == one.fingerprint
    other = replace(PLAIN, geometry=Geometry(rotation=9))
    changed = replace(one, augmentation={"real": PLAIN, "synthetic": other})
    assert changed.fingerprint == one.fingerprint


def test_results_do_not_depend_on_what_ran_before(tmp_path):
    run(experiment(tmp_path / "a", real_only(LONG)))
    run(experiment(tmp_path / "b", real_only(SHORT)))
    run(experiment(tmp_path / "b", real_only(LONG), out=tmp_path / "b" / "second"))
    alone, after = (without_timings(tmp_path / name) for name in ("a/real_only", "b/second"))
    assert after == alone


def test_a_test_photo_among_the_real_ones_stops_the_run(tmp_path):
    leaking = replace(DATA, test=lambda: replace(DATA.real(), faces=DATA.real().faces[:5]))
    with pytest.raises(InputError, match="are on the same image; a model must not be tested"):
        run(experiment(tmp_path, real_only(LONG), data=leaking, n_real="all"))
    assert not (tmp_path / "real_only").exists()


def numbered(dataset, count=None):
    """The same faces, or the first of them, called by their numbers alone."""
    faces = dataset.faces[:count]
    return replace(dataset, faces=tuple(replace(f, id=f"{i:06d}") for i, f in enumerate(faces)))


@pytest.mark.parametrize("leak", ["real", "synthetic"])
def test_faces_of_one_name_in_two_sets_hide_no_leak(tmp_path, leak):
    sets = {"real": numbered(DATA.real()), "synthetic": numbered(DATA.synthetic())}
    sets["test"] = numbered(sets[leak], 5)
    leaking = Data(**{role: partial(getitem, sets, role) for role in sets})
    strategy = finetune(LONG, RidgeFit(), SHORT)
    with pytest.raises(InputError, match="are on the same image; a model must not be tested"):
        run(experiment(tmp_path, strategy, data=leaking, n_real="all"))


@pytest.mark.parametrize(
    ("strategy", "changes", "message"),
    [
        (real_only(LONG), {"n_real": 0}, "n_real is 0, but strategy 'real_only' needs real faces"),
        (synthetic_only(LONG), {}, "uses no real face; run it once a seed, with n_real=0"),
        (real_only(LONG), {"n_real": "ten"}, "n_real is 'ten'; it must be a whole number from 0"),
        (real_only(LONG), {"seed": -1}, "seed is -1"),
        (
            synthetic_only(LONG),
            {"n_real": 0, "data": Data(test=unread)},
            "but data.synthetic is null; data=w300_rendered renders it, data=w300_face_synth",
        ),
        (real_only(LONG), {"data": Data(test=unread)}, "needs real faces, but data.real is null"),
        (label_adaptation(LONG, RidgeFit()), {"n_real": 1}, "needs at least 2 real faces"),
        (real_only(LONG), {"seed": 2**64}, "from 0 to 2\\^64 - 1"),
        (real_only(LONG), {"machine": None}, "machine is null"),
        (real_only(LONG), {"model": None}, "model is null"),
        (real_only(LONG), {"augmentation": {"real": PLAIN}}, "augmentation.synthetic is missing"),
        (
            real_only(LONG),
            {"augmentation": {"real": None, "synthetic": PLAIN}},
            "augmentation.real is missing, .*=none leaves crops as they are",
        ),
        (
            real_only(LONG),
            {
                "model": replace(
                    small_architecture(), loss=CrossEntropySoftArgmax(distance=math.inf)
                )
            },
            "CrossEntropySoftArgmax.distance is inf; it must be a finite number",
        ),
        (real_only(LONG), {"out": ""}, "out is ''; it must be a path"),
        (real_only(LONG), {"artifacts": None}, "artifacts is null; it must be a path"),
        (real_only(LONG), {"machine": Machine(accumulate=5)}, "of 4 faces cannot be computed in 5"),
    ],
)
def test_an_impossible_run_is_refused_before_data_are_read(tmp_path, strategy, changes, message):
    data = {"data": Data(test=unread, real=unread, synthetic=unread)}
    with pytest.raises(InputError, match=message):
        experiment(tmp_path, strategy, **{**data, **changes})


def test_more_real_faces_than_there_are_is_refused_before_synthetic_ones_are_read(tmp_path):
    data = replace(DATA, synthetic=unread)
    with pytest.raises(InputError, match="n_real is 31; it must be a whole number from 0 to 30"):
        run(experiment(tmp_path, mixing(LONG, RidgeFit(), SHORT, alpha=0.5), data=data, n_real=31))


def test_faces_that_a_strategy_does_not_use_are_not_read(tmp_path):
    real, rendered = replace(DATA, synthetic=unread), replace(DATA, real=unread)
    assert set(run(experiment(tmp_path, real_only(LONG), data=real)).data) == {"real", "test"}
    result = run(experiment(tmp_path, synthetic_only(LONG), data=rendered, n_real=0))
    assert set(result.data) == {"test", "synthetic"}


def one_face(tmp_path, batch_size, input_size, model=None, accumulate=1):
    return experiment(
        tmp_path,
        real_only(replace(LONG, batch_size=batch_size)),
        model=replace(model or small_architecture(), input_size=input_size),
        machine=Machine(device="cpu", accumulate=accumulate),
    )


def test_one_face_of_one_pixel_has_no_variance(tmp_path):
    # The coarsest map of the network is a 32nd of the input.
    for batch_size, accumulate in ((1, 1), (3, 2), (4, 4)):
        with pytest.raises(InputError, match="train: BatchNorm sees one face at a time"):
            one_face(tmp_path, batch_size, 32, accumulate=accumulate)
    one_face(tmp_path, 4, 32, accumulate=2)
    one_face(tmp_path, 1, 64)
    one_face(tmp_path, 1, 32, unnormalised_architecture())
    run(one_face(tmp_path, 2, 32))
    run(replace(one_face(tmp_path, 1, 64), out=tmp_path / "one"))


@pytest.mark.parametrize("full", ["checkpoint.safetensors", "predictions.npz", "loss.npy"])
def test_a_full_disk_is_told_with_the_file_and_the_same_command_continues(
    tmp_path, monkeypatch, full
):
    replace_by, disk = Path.replace, {"is full": True}

    def replace_if_there_is_room(path, target):
        if disk["is full"] and target.name == full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace_by(path, target)

    monkeypatch.setattr(Path, "replace", replace_if_there_is_room)
    asked = experiment(
        tmp_path, real_only(LONG), machine=Machine(device="cpu", checkpoint_seconds=0)
    )
    with pytest.raises(OSError, match="No space left") as caught:
        run(asked)
    assert str(input_error(caught.value)).endswith(
        f"{full}: the disk is full; fix this, and the same command continues"
    )
    disk["is full"] = False
    assert run(asked).nme > 0


def test_a_finished_run_is_read_where_nothing_can_be_written(tmp_path, monkeypatch):
    first = run(experiment(tmp_path, real_only(LONG)))

    def read_only(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for name in ("mkdir", "replace", "rename"):
        monkeypatch.setattr(Path, name, read_only)
    monkeypatch.setattr("landmarks.storage.atomic.TemporaryFile", read_only)
    assert run(experiment(tmp_path, real_only(LONG))).metrics == first.metrics


def test_the_largest_seed_is_a_seed(tmp_path):
    run(experiment(tmp_path, mixing(SHORT, PerceptronFit(steps=2), SHORT, 0.5), seed=2**64 - 1))


def test_a_batch_in_parts_is_another_artifact_only_where_there_is_batch_norm(tmp_path):
    in_parts = Machine(device="cpu", accumulate=2)
    for model, differs in ((small_architecture(), True), (unnormalised_architecture(), False)):
        one, two = (
            run(
                experiment(
                    tmp_path,
                    real_only(SHORT),
                    model=model,
                    machine=machine,
                    out=tmp_path / f"{differs} {machine.accumulate}",
                )
            )
            for machine in (Machine(device="cpu"), in_parts)
        )
        assert (one.fingerprint != two.fingerprint) == differs
        assert (one.steps[0]["artifact"] != two.steps[0]["artifact"]) == differs
        assert two.timings["steps"]["train"]["reused"] != differs


def artifact_of(result, name, tmp_path):
    (step,) = (step for step in result.steps if step["name"] == name)
    return tmp_path / "artifacts" / step["artifact"]


def test_finetuning_goes_on_from_the_pretrained_weights(tmp_path):
    still = replace(SHORT, learning_rate=1e-9, weight_decay=0.0, ema=0.0)
    result = run(experiment(tmp_path, finetune(LONG, RidgeFit(), still)))
    before, after = (
        load_file(artifact_of(result, name, tmp_path) / "weights.safetensors")
        for name in ("pretrain", "finetune")
    )
    assert torch.allclose(after["head.weight"], before["head.weight"], atol=1e-6)


def test_the_adapter_moves_the_output_of_label_adaptation_and_of_nothing_else(tmp_path):
    fit = RidgeFit()
    plain = run(experiment(tmp_path, synthetic_only(LONG), n_real=0))
    adapted = run(experiment(tmp_path, label_adaptation(LONG, fit)))
    first, second = (
        np.load(tmp_path / name / "predictions.npz")["predicted"]
        for name in ("synthetic_only", "label_adaptation")
    )
    adapter = load_adapter(artifact_of(adapted, "adapter", tmp_path) / "adapter.safetensors")
    np.testing.assert_allclose(second, adapter.adapt(first), atol=0.02)
    assert np.abs(second - first).mean() > 0.1
    assert plain.metrics != adapted.metrics


def test_labels_that_cannot_be_adapted_are_refused_before_any_training(tmp_path, monkeypatch):
    monkeypatch.setattr("landmarks.experiment.runner.fit", None)
    faces = read_toy(count=12, domain="synthetic", seed=0)
    visible = np.ones(68, bool)
    visible[3] = False
    hidden = replace(faces, faces=(replace(faces.faces[0], visible=visible), *faces.faces[1:]))
    data = replace(DATA, synthetic=lambda: hidden)
    with pytest.raises(InputError, match="synthetic faces have landmarks without a label"):
        run(experiment(tmp_path, data_adaptation(LONG, RidgeFit(), LONG), data=data))


def test_a_model_trained_in_another_precision_is_reused_with_a_warning(tmp_path, caplog):
    first = run(experiment(tmp_path, synthetic_only(LONG), n_real=0))
    (trained,) = first.timings["steps"].values()
    assert trained["machine"]["device"] == "cpu"
    (computed,) = (tmp_path / "artifacts").glob("*/computed.json")
    computed.write_text(json.dumps({**trained["machine"], "precision": "float16"}))
    run(experiment(tmp_path, label_adaptation(LONG, RidgeFit())))
    now = trained["machine"]["precision"]  # float32 or bfloat16, as the CPU has it
    assert f"was trained in float16, this machine computes in {now}" in caplog.text


def test_data_adaptation_trains_on_moved_labels(tmp_path, monkeypatch):
    seen = {}

    def spy(sources, *args, **kwargs):
        seen["sources"] = sources
        return MixtureBatches(sources, *args, **kwargs)

    run(experiment(tmp_path, label_adaptation(LONG, RidgeFit())))
    monkeypatch.setattr("landmarks.experiment.runner.MixtureBatches", spy)
    result = run(experiment(tmp_path, data_adaptation(LONG, RidgeFit(), SHORT)))
    (source,) = seen["sources"]
    adapter = load_adapter(artifact_of(result, "adapter", tmp_path) / "adapter.safetensors")
    np.testing.assert_array_equal(source.landmarks, adapter.adapt(source.crops.landmarks))
    assert np.abs(source.landmarks - source.crops.landmarks).mean() > 0.1


def test_real_faces_of_a_mixture_are_those_of_the_subset(tmp_path, monkeypatch):
    seen = {}

    def spy(sources, *args, **kwargs):
        seen["sources"] = sources
        return MixtureBatches(sources, *args, **kwargs)

    monkeypatch.setattr("landmarks.experiment.runner.MixtureBatches", spy)
    mixed = experiment(tmp_path, mixing(LONG, RidgeFit(), SHORT, alpha=0.5))
    run(mixed)
    synthetic, real = seen["sources"]
    np.testing.assert_array_equal(real.indices, mixed.subset)
    assert len(synthetic.indices) == 24
    assert (synthetic.share, real.share) == (0.5, 0.5)


def evaluate(tmp_path, name, test):
    return evaluate_run(
        tmp_path / name,
        trained_on(tmp_path / name),
        test,
        Machine(device="cpu"),
        tmp_path / "artifacts",
        tmp_path / "evaluation",
    )


def test_a_detector_is_not_tested_on_the_images_that_trained_it(tmp_path):
    run(experiment(tmp_path, finetune(LONG, RidgeFit(), SHORT)))
    for domain, test in (("real", DATA.real()), ("synthetic", DATA.synthetic())):
        with pytest.raises(InputError, match=f"the {domain} training face .* on the same image"):
            evaluate(tmp_path, "finetune", test)
    assert not (tmp_path / "evaluation").exists()


def test_photos_that_training_saw_in_another_picture_are_counted(tmp_path):
    result = run(experiment(tmp_path, real_only(SHORT), n_real="all"))
    assert result.shared_photos == 0
    larger = read_toy(count=33, domain="stand_in", seed=1, size=192)  # the same 30 faces, and 3
    assert evaluate(tmp_path, "real_only", larger)["shared_photos"] == 30
    stored = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert stored["shared_photos"] == 30
    result = run(
        experiment(
            tmp_path,
            real_only(SHORT),
            n_real="all",
            data=replace(DATA, test=lambda: larger),
            out=tmp_path / "other",
        )
    )
    assert result.shared_photos == 30
    assert "30 of 33 test faces show" in (tmp_path / "other" / "run.log").read_text()


def test_only_a_finished_run_is_evaluated(tmp_path):
    run(experiment(tmp_path, real_only(SHORT)))
    folder = tmp_path / "real_only"
    (folder / "result.json").rename(folder / "kept")
    with pytest.raises(
        InputError, match=r"real_only: not a finished run, because it has no result\.json"
    ):
        evaluate(tmp_path, "real_only", DATA.test())
    (folder / "kept").rename(folder / "result.json")
    stored = (folder / "trained_on.npz").read_bytes()
    (folder / "trained_on.npz").write_bytes(stored[:-10])
    with pytest.raises(InputError, match=r"trained_on\.npz: cannot read the training faces"):
        evaluate(tmp_path, "real_only", DATA.test())
    (folder / "trained_on.npz").unlink()
    with pytest.raises(InputError, match=r"trained_on\.npz: no such file"):
        evaluate(tmp_path, "real_only", DATA.test())


CHILD = """
import sys
from pathlib import Path
from tests.experiment.test_run import LONG, SHORT, experiment
from landmarks.adapters.perceptron import PerceptronFit
from landmarks.adapters.ridge import RidgeFit
from landmarks.training.device import Machine
from landmarks.training.loop import TRAINING_VERSION
from landmarks.experiment.run import run
from landmarks.experiment.strategies import finetune

run(experiment(Path(sys.argv[1]), finetune(LONG, RidgeFit(), SHORT)))
"""


def test_two_processes_with_one_run_do_it_once_and_agree(tmp_path):
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, tmp_path], cwd=Path(__file__).parents[2])
        for _ in range(2)
    ]
    assert [child.wait(timeout=PATIENCE) for child in children] == [0, 0]
    alone = run(experiment(tmp_path / "alone", finetune(LONG, RidgeFit(), SHORT)))
    assert without_timings(tmp_path / "finetune")["metrics"] == json.loads(
        json.dumps(alone.metrics)
    )
