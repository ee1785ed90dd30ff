"""One run, without Hydra: what it writes, what runs share, what is refused."""

import csv
import errno
import json
import math
import os
import re
import shutil
from dataclasses import dataclass, replace
from functools import partial
from operator import getitem
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from landmarks.adapters.adapter import load_adapter
from landmarks.adapters.perceptron import PerceptronFit
from landmarks.adapters.ridge import RidgeFit
from landmarks.augmentation import Augmentation, Geometry
from landmarks.data.toy import read_toy
from landmarks.errors import InputError, input_error
from landmarks.experiment.evaluation import evaluate_run, trained_on
from landmarks.experiment.experiment import Data, Experiment
from landmarks.experiment.results import Result
from landmarks.experiment.run import run
from landmarks.experiment.runner import StepRunner
from landmarks.experiment.strategies import (
    data_adaptation,
    finetune,
    label_adaptation,
    mixing,
    real_only,
    synthetic_only,
)
from landmarks.geometry import LandmarkCrop
from landmarks.losses import CrossEntropySoftArgmax
from landmarks.scheme import IBUG68
from landmarks.storage.versions import versions
from landmarks.training.batches import MixtureBatches
from landmarks.training.device import Machine
from landmarks.training.loop import TRAINING_VERSION
from landmarks.training.progress import TrainingProgress
from landmarks.training.schedule import Schedule
from landmarks.training.tracking.tracker import NoTracker, TrackedRun
from tests.processes import FORKS
from tests.small import Unnormalised, small_architecture, unnormalised_architecture
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


@dataclass(frozen=True)
class Finished:
    """Finished runs that share artifacts. Tests must not change them.

    Attributes:
        folder: One folder below for each strategy, by name, and "artifacts".
        results: By strategy, in the order in which they were run.
    """

    folder: Path
    results: dict[str, Result]

    def artifact(self, strategy, step):
        """The folder of a step's product."""
        return artifact_of(self.results[strategy], step, self.folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The five strategies and the control without real faces, in one folder."""
    folder, fit, results = tmp_path_factory.mktemp("finished"), RidgeFit(), {}
    for strategy in (
        synthetic_only(LONG),
        label_adaptation(LONG, fit),
        data_adaptation(LONG, fit, SHORT),
        mixing(LONG, fit, SHORT, alpha=0.5),
        finetune(LONG, fit, SHORT),
        real_only(LONG),
    ):
        n_real = 10 if strategy.uses_real else 0
        one = experiment(folder, strategy, n_real=n_real)
        results[strategy.name] = run(one, config=f"n_real: {n_real}\n")
    return Finished(folder, results)


def artifact_of(result, name, folder):
    (step,) = (step for step in result.steps if step["name"] == name)
    return folder / "artifacts" / step["artifact"]


def without_timings(folder: Path):
    stored = json.loads((folder / "result.json").read_text())
    del stored["timings"]
    return stored


def test_a_run_writes_everything_that_explains_it(finished):
    out, result = finished.folder / "label_adaptation", finished.results["label_adaptation"]
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


def test_the_ledger_counts_each_use_of_a_real_label(finished):
    cases = {
        "real_only": (10, 0, 10),
        "label_adaptation": (0, 10, 10),
        "mixing": (10, 10, 10),
        "synthetic_only": (0, 0, 0),
    }
    for name, expected in cases.items():
        ledger = finished.results[name].ledger
        assert (ledger["training"], ledger["adapter"], ledger["total"]) == expected
        assert ledger["validation"] == 0
        faces = json.loads((finished.folder / name / "ledger.json").read_text())["faces"]
        assert len(faces) == expected[-1]


def test_strategies_share_one_pretraining_and_one_adapter(finished):
    reused = {
        name: result.timings["steps"]["pretrain"]["reused"]
        for name, result in finished.results.items()
        if name != "real_only"
    }
    assert reused.pop("synthetic_only") is False
    assert all(reused.values())
    assert len(reused) == 4
    assert len(list((finished.folder / "artifacts").glob("*/adapter.safetensors"))) == 1


def test_another_n_real_shares_the_pretraining_but_not_the_rest(finished, tmp_path):
    strategy = finetune(LONG, RidgeFit(), SHORT)
    other = run(experiment(finished.folder, strategy, n_real=20, out=tmp_path / "other"))
    one, two = (
        {s["name"]: s["artifact"] for s in r.steps} for r in (finished.results["finetune"], other)
    )
    assert one["pretrain"] == two["pretrain"]
    assert one["finetune"] != two["finetune"]


def test_a_result_says_what_software_made_each_step(finished, tmp_path, monkeypatch):
    now = {**versions(), "torch": "9.9"}
    for module in ("storage.artifacts", "experiment.summary"):
        monkeypatch.setattr(f"landmarks.{module}.versions", lambda: now)
    strategy = label_adaptation(LONG, RidgeFit())
    other = run(experiment(finished.folder, strategy, n_real=12, out=tmp_path / "other"))
    first = finished.results["synthetic_only"]
    assert first.steps[0]["versions"] == first.versions == versions()
    assert [step["versions"]["torch"] for step in other.steps] == [versions()["torch"], "9.9"]
    assert other.versions["torch"] == "9.9"


def test_a_finished_run_is_not_run_again(finished):
    path = finished.folder / "real_only" / "result.json"
    before = path.stat().st_mtime_ns
    again = run(experiment(finished.folder, real_only(LONG)))
    assert again.metrics == finished.results["real_only"].metrics
    assert path.stat().st_mtime_ns == before


def test_a_folder_with_another_run_is_refused_with_the_difference(finished, tmp_path):
    other = (
        r"made with other settings \(settings.strategy.model.schedule.steps is 12, now 8; .*\); "
        "give another out="
    )
    with pytest.raises(InputError, match=other):
        run(experiment(finished.folder, real_only(SHORT)))
    stored = json.loads((finished.folder / "real_only" / "result.json").read_text())
    stored["products"]["training"] -= 1
    stored["fingerprint"] = "before"
    (tmp_path / "result.json").write_text(json.dumps(stored))
    older = f"made by another version (training {TRAINING_VERSION - 1} (now {TRAINING_VERSION}))"
    with pytest.raises(InputError, match=f"{re.escape(older)}; give another out="):
        run(experiment(finished.folder, real_only(LONG), out=tmp_path))


def test_a_raised_version_invalidates_the_artifacts_that_depend_on_it_and_no_others(
    tmp_path, monkeypatch
):
    quick = replace(SHORT, steps=1)

    def artifacts(raised):
        with monkeypatch.context() as changed:
            if raised:
                changed.setattr(f"landmarks.experiment.inputs.{raised}_VERSION", 99)
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


def test_machine_and_folders_are_not_part_of_the_fingerprint(tmp_path):
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


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    one = experiment(tmp_path, real_only(LONG), out="~/runs", artifacts="~/artifacts")
    assert (one.out, one.artifacts) == (tmp_path / "runs", tmp_path / "artifacts")


def test_synthetic_faces_do_not_matter_to_a_run_without_them(tmp_path):
    one = experiment(tmp_path, real_only(LONG))
    assert replace(one, data=replace(DATA, synthetic=None)).fingerprint == one.fingerprint
    other = replace(PLAIN, geometry=Geometry(rotation=9))
    changed = replace(one, augmentation={"real": PLAIN, "synthetic": other})
    assert changed.fingerprint == one.fingerprint


def test_results_do_not_depend_on_what_ran_before(finished, tmp_path):
    run(experiment(tmp_path, real_only(SHORT)))
    run(experiment(tmp_path, real_only(LONG), out=tmp_path / "second"))
    alone, after = finished.folder / "real_only", tmp_path / "second"
    assert without_timings(after) == without_timings(alone)


def test_a_test_photo_among_the_training_photos_is_refused(tmp_path):
    leaking = replace(DATA, test=lambda: replace(DATA.real(), faces=DATA.real().faces[:5]))
    with pytest.raises(InputError, match="are on the same image; a model must not be tested"):
        run(experiment(tmp_path, real_only(LONG), data=leaking, n_real="all"))
    assert not (tmp_path / "real_only").exists()


def numbered(dataset, count=None):
    """The same faces, or the first of them, called by their numbers alone."""
    faces = dataset.faces[:count]
    return replace(dataset, faces=tuple(replace(f, id=f"{i:06d}") for i, f in enumerate(faces)))


@pytest.mark.parametrize("leak", ["real", "synthetic"])
def test_a_leak_is_found_where_faces_of_two_datasets_share_names(tmp_path, leak):
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
        (
            synthetic_only(LONG),
            {"augmentation": {"real": PLAIN}, "n_real": 0},
            "augmentation.synthetic is missing",
        ),
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


def test_faces_that_a_strategy_does_not_use_are_not_read(finished, tmp_path):
    real, rendered = replace(DATA, synthetic=unread), replace(DATA, real=unread)
    result = run(experiment(finished.folder, real_only(LONG), data=real, out=tmp_path / "real"))
    assert set(result.data) == {"real", "test"}
    result = run(
        experiment(
            finished.folder,
            synthetic_only(LONG),
            data=rendered,
            n_real=0,
            out=tmp_path / "synthetic",
        )
    )
    assert set(result.data) == {"test", "synthetic"}


def one_face(tmp_path, batch_size, input_size, model=None, accumulate=1):
    return experiment(
        tmp_path,
        real_only(replace(LONG, batch_size=batch_size)),
        model=replace(model or small_architecture(), input_size=input_size),
        machine=Machine(device="cpu", accumulate=accumulate),
    )


def test_a_batch_in_which_batch_norm_has_no_variance_is_refused(tmp_path):
    # The coarsest map of the network is a 32nd of the input.
    for batch_size, accumulate in ((1, 1), (3, 2), (4, 4)):
        with pytest.raises(InputError, match="train: BatchNorm sees one face at a time"):
            one_face(tmp_path, batch_size, 32, accumulate=accumulate)
    one_face(tmp_path, 4, 32, accumulate=2)
    one_face(tmp_path, 1, 64)
    one_face(tmp_path, 1, 32, unnormalised_architecture())
    run(one_face(tmp_path, 2, 32))
    run(replace(one_face(tmp_path, 1, 64), out=tmp_path / "one"))


class NormalisedVector(Unnormalised):
    """Its BatchNorm sees vectors, not feature maps."""

    def __init__(self, num_landmarks):
        super().__init__(num_landmarks)
        self.norm = nn.BatchNorm1d(32)

    def forward(self, images):
        features = self.body(images)
        weights = self.norm(features.mean((2, 3)))
        return self.head(features * weights[:, :, None, None])


def test_batch_norm_of_vectors_counts_as_that_of_feature_maps(tmp_path):
    model = replace(unnormalised_architecture(), network=NormalisedVector)
    with pytest.raises(InputError, match="in some layer one value per channel"):
        one_face(tmp_path, 3, 64, model, accumulate=2)
    assert one_face(tmp_path, 4, 64, model, accumulate=2).statistics_parts == 2
    assert (
        one_face(tmp_path, 4, 64, unnormalised_architecture(), accumulate=2).statistics_parts == 1
    )


def test_a_full_disk_is_reported_with_the_file_and_the_same_command_continues(
    tmp_path, monkeypatch
):
    replace_by, full = Path.replace, {}

    def replace_if_there_is_room(path, target):
        if target.name == full["file"]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace_by(path, target)

    monkeypatch.setattr(Path, "replace", replace_if_there_is_room)
    asked = experiment(
        tmp_path, real_only(LONG), machine=Machine(device="cpu", checkpoint_seconds=0)
    )
    for full["file"] in ("checkpoint.safetensors", "loss.npy", "predictions.npz"):
        with pytest.raises(OSError, match="No space left") as caught:
            run(asked)
        assert str(input_error(caught.value)).endswith(
            f"{full['file']}: the disk is full; fix this, and the same command continues"
        )
    full["file"] = ""
    assert run(asked).nme > 0


def test_a_finished_run_is_read_where_nothing_can_be_written(finished, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for name in ("mkdir", "replace", "rename"):
        monkeypatch.setattr(Path, name, read_only)
    monkeypatch.setattr("landmarks.storage.atomic.TemporaryFile", read_only)
    again = run(experiment(finished.folder, real_only(LONG)))
    assert again.metrics == finished.results["real_only"].metrics


def test_the_largest_seed_is_accepted(tmp_path):
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


def test_finetuning_starts_from_the_pretrained_weights(finished, tmp_path):
    still = replace(SHORT, learning_rate=1e-9, weight_decay=0.0, ema=0.0)
    result = run(
        experiment(finished.folder, finetune(LONG, RidgeFit(), still), out=tmp_path / "still")
    )
    before, after = (
        load_file(artifact_of(result, name, finished.folder) / "weights.safetensors")
        for name in ("pretrain", "finetune")
    )
    assert torch.allclose(after["head.weight"], before["head.weight"], atol=1e-6)


def test_the_adapter_moves_the_output_of_label_adaptation_and_of_nothing_else(finished):
    first, second = (
        np.load(finished.folder / name / "predictions.npz")["predicted"]
        for name in ("synthetic_only", "label_adaptation")
    )
    adapter = finished.artifact("label_adaptation", "adapter") / "adapter.safetensors"
    np.testing.assert_allclose(second, load_adapter(adapter, IBUG68).adapt(first), atol=0.02)
    assert np.abs(second - first).mean() > 0.1


def test_labels_that_cannot_be_adapted_are_refused_before_any_training(tmp_path, monkeypatch):
    monkeypatch.setattr("landmarks.experiment.runner.fit", None)
    faces = read_toy(count=12, domain="synthetic", seed=0)
    visible = np.ones(68, bool)
    visible[3] = False
    hidden = replace(faces, faces=(replace(faces.faces[0], visible=visible), *faces.faces[1:]))
    data = replace(DATA, synthetic=lambda: hidden)
    with pytest.raises(InputError, match="synthetic faces have landmarks without a label"):
        run(experiment(tmp_path, data_adaptation(LONG, RidgeFit(), LONG), data=data))


def test_a_model_trained_in_another_precision_is_reused_with_a_warning(finished, tmp_path, caplog):
    shutil.copytree(finished.folder / "artifacts", tmp_path / "artifacts")
    computed = finished.artifact("synthetic_only", "pretrain").name + "/computed.json"
    trained = json.loads((tmp_path / "artifacts" / computed).read_text())
    assert trained["device"] == "cpu"
    (tmp_path / "artifacts" / computed).write_text(json.dumps({**trained, "precision": "float16"}))
    run(experiment(tmp_path, label_adaptation(LONG, RidgeFit())))
    now = trained["precision"]
    assert f"was trained in float16, this machine computes in {now}" in caplog.text


BROKEN = {
    "empty": lambda content: b"",
    "cut": lambda content: content[:-1],
    "half": lambda content: content[: len(content) // 2],
    "noise": lambda content: np.random.default_rng(0).bytes(len(content)),
    "of another kind": lambda content: b"[1, 2]",
}


def test_a_damaged_file_of_an_artifact_is_refused_with_what_to_do(finished, tmp_path):
    artifacts = shutil.copytree(finished.folder / "artifacts", tmp_path / "artifacts")
    asked = experiment(tmp_path, label_adaptation(LONG, RidgeFit()))
    nobody = TrackedRun(id="", name="", tags={}, parameters={}, folder=tmp_path)
    pretrain, adapter = (
        artifacts / finished.artifact("label_adaptation", step).name
        for step in ("pretrain", "adapter")
    )

    def read():
        steps = StepRunner(asked)
        with TrainingProgress(NoTracker(), nobody) as progress:
            steps.train(asked.strategy.steps[0], progress)
        steps.fit_adapter(asked.strategy.steps[1])
        steps.detector()

    read()
    files = [*pretrain.iterdir(), *adapter.iterdir()]
    assert {file.name for file in files} == {
        *("artifact.json", "weights.safetensors", "loss.npy", "computed.json"),
        *("adapter.safetensors", "moved.json"),
    }
    for file in files:
        content = file.read_bytes()
        for broken in BROKEN.values():
            file.write_bytes(broken(content))
            with pytest.raises(InputError) as caught:
                read()
            assert str(caught.value).startswith(f"{file}: cannot be read (")
            assert str(caught.value).endswith(f"; remove {file.parent}, and it is made again")
        file.unlink()
        with pytest.raises(InputError, match=f"remove {file.parent}, and it is made again"):
            read()
        file.write_bytes(content)


def test_data_adaptation_trains_on_moved_labels(finished, tmp_path, monkeypatch):
    seen = sources_of_batches(monkeypatch)
    strategy = data_adaptation(LONG, RidgeFit(), replace(SHORT, steps=2))
    run(experiment(finished.folder, strategy, out=tmp_path / "out"))
    (source,) = seen
    adapter = load_adapter(
        finished.artifact("data_adaptation", "adapter") / "adapter.safetensors", IBUG68
    )
    np.testing.assert_array_equal(source.landmarks, adapter.adapt(source.crops.landmarks))
    assert np.abs(source.landmarks - source.crops.landmarks).mean() > 0.1


def sources_of_batches(monkeypatch):
    """The sources of the next training's batches, once it runs."""
    seen = []

    def spy(sources, *args, **kwargs):
        seen.extend(sources)
        return MixtureBatches(sources, *args, **kwargs)

    monkeypatch.setattr("landmarks.experiment.runner.MixtureBatches", spy)
    return seen


def test_real_faces_of_a_mixture_are_those_of_the_subset(finished, tmp_path, monkeypatch):
    seen = sources_of_batches(monkeypatch)
    strategy = mixing(LONG, RidgeFit(), replace(SHORT, steps=2), alpha=0.5)
    mixed = experiment(finished.folder, strategy, out=tmp_path / "out")
    run(mixed)
    synthetic, real = seen
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


def test_a_detector_is_not_tested_on_the_images_that_trained_it(finished):
    for domain, test in (("real", DATA.real()), ("synthetic", DATA.synthetic())):
        with pytest.raises(InputError, match=f"the {domain} training face .* on the same image"):
            evaluate(finished.folder, "finetune", test)
    assert not (finished.folder / "evaluation").exists()


def test_photos_that_training_saw_in_another_picture_are_counted(tmp_path):
    quick = real_only(replace(SHORT, steps=1))
    result = run(experiment(tmp_path, quick, n_real="all"))
    assert result.shared_photos == 0
    larger = read_toy(count=33, domain="stand_in", seed=1, size=192)  # the same 30 faces, and 3
    assert evaluate(tmp_path, "real_only", larger)["shared_photos"] == 30
    stored = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert stored["shared_photos"] == 30
    data = replace(DATA, test=lambda: larger)
    result = run(experiment(tmp_path, quick, n_real="all", data=data, out=tmp_path / "other"))
    assert result.shared_photos == 30
    assert "30 of 33 test faces show" in (tmp_path / "other" / "run.log").read_text()


def test_only_a_finished_run_is_evaluated(finished, tmp_path):
    folder = shutil.copytree(finished.folder / "real_only", tmp_path / "real_only")
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


def test_a_run_of_a_network_of_another_package_is_evaluated_with_its_class(tmp_path):
    run(experiment(tmp_path, real_only(SHORT), model=unnormalised_architecture()))
    folder, test = tmp_path / "real_only", read_toy(count=4, domain="stand_in", seed=9)
    where = (Machine(device="cpu"), tmp_path / "artifacts", tmp_path / "evaluation")
    with pytest.raises(InputError, match=r"network: 'tests\.small\.Unnormalised' is of another"):
        evaluate_run(folder, trained_on(folder), test, *where)
    found = evaluate_run(folder, trained_on(folder), test, *where, classes=[Unnormalised])
    assert found["metrics"]["all"]["faces"] == 4


def finetune_in(folder):
    """A run of a process of its own."""
    run(experiment(folder, finetune(LONG, RidgeFit(), SHORT)))


def test_two_processes_with_one_run_do_it_once_and_agree_with_a_single_one(finished, tmp_path):
    children = [FORKS.Process(target=finetune_in, args=(tmp_path,)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(PATIENCE)
    assert [child.exitcode for child in children] == [0, 0]
    assert (tmp_path / "finetune" / "run.log").read_text().count("pretrain: making") == 1
    one, two = without_timings(tmp_path / "finetune"), without_timings(finished.folder / "finetune")
    assert one == two


def real_only_in(folder, artifacts):
    run(experiment(folder, real_only(LONG), artifacts=folder / artifacts))


def test_two_processes_with_one_folder_do_a_run_once_wherever_their_artifacts_are(tmp_path):
    children = [FORKS.Process(target=real_only_in, args=(tmp_path, name)) for name in "ab"]
    for child in children:
        child.start()
    for child in children:
        child.join(PATIENCE)
    assert [child.exitcode for child in children] == [0, 0]
    assert (tmp_path / "real_only" / "run.log").read_text().count("train: making") == 1
    assert not list((tmp_path / "real_only").glob(".*"))
