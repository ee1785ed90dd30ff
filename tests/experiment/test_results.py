"""Results: read back as written; a damaged or foreign file is refused with what is wrong."""

import json
from dataclasses import asdict

import pytest

from landmarks.errors import InputError
from landmarks.experiment.results import (
    RESULT,
    Ledger,
    Result,
    StepRecord,
    StepTiming,
    read_result,
    read_results,
)

STEP = StepRecord(name="train", artifact="01", optimiser_steps=10, real_labels=5)
TIMING = StepTiming(seconds=1, reused=False, continued=False)
FINISHED = Result(
    fingerprint="0123",
    strategy="real_only",
    n_real=5,
    seed=0,
    optimiser_steps=10,
    settings={},
    data={},
    shared_photos=0,
    rendered_test=False,
    crop={},
    box_source="landmarks",
    metrics={"all": {"nme": {"interocular": {"value": 0.05, "low": 0.04, "high": 0.06}}}},
    ledger=asdict(Ledger(n_real=5, photos=5, training=5, adapter=0, validation=0, total=5)),
    steps=[asdict(STEP)],
    products={"training": 1},
    versions={"python": "3.11"},
    timings={"seconds": 2.0, "machine": {}, "steps": {"train": asdict(TIMING)}},
)


def test_a_result_is_read_as_it_was_written(tmp_path):
    (tmp_path / "a").mkdir()
    FINISHED.write(tmp_path / "a")
    assert read_result(tmp_path / "a") == FINISHED
    assert read_results(tmp_path) == [FINISHED]
    assert read_result(tmp_path) is None
    with pytest.raises(InputError, match="give the folder of finished runs"):
        read_results(tmp_path / "b")


def changed(path, value):
    """The stored result with another value at a path; None removes it."""
    content = json.loads(json.dumps(asdict(FINISHED)))
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[]", r"its result is \[\], not an object"),
        (changed(["products"], None), "its result has no 'products'"),
        (changed(["code"], "0123"), "its result has an unknown 'code'"),
        (changed(["n_real"], "5"), "n_real of its result is '5', not int"),
        (changed(["seed"], True), "seed of its result is True, not int"),
        (changed(["steps"], {}), "steps of its result is {}, not Sequence"),
        (changed(["ledger", "total"], None), "its ledger has no 'total'"),
        (changed(["metrics", "all"], None), "no 'all'"),
        (changed(["metrics", "all", "nme", "interocular", "value"], "x"), "'x', not float"),
        (changed(["steps", 0, "artifact"], None), "its step has no 'artifact'"),
        (changed(["timings", "steps", "train"], None), "no 'train'"),
        (changed(["timings", "steps", "train", "seconds"], "x"), "of its timing of 'train'"),
    ],
)
def test_a_file_that_is_no_result_is_refused_with_the_reason(tmp_path, text, reason):
    (tmp_path / RESULT).write_text(text)
    with pytest.raises(InputError, match=rf"not a result of this version .*{reason}.*move it away"):
        read_result(tmp_path)
