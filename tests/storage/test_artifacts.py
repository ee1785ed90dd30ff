"""Artifacts: made once, by one job, complete; interrupted work is continued."""

import json

import pytest

from landmarks.errors import InputError
from landmarks.storage.artifacts import ArtifactStore
from landmarks.storage.versions import versions


def made(store, text, ingredients=None, name="step"):
    """The artifact of some ingredients, made with this text if there is none."""
    with store.entry(name, ingredients or {"a": 1}) as entry:
        if not entry.finished:
            (entry.directory / "product").write_text(text)
    return store.read(entry)


def test_made_once_then_found(tmp_path):
    store = ArtifactStore(tmp_path)
    first, again = made(store, "x"), made(store, "y", name="other name")
    assert (first.reused, again.reused) == (False, True)
    assert (again.directory / "product").read_text() == "x"
    assert json.loads((again.directory / "artifact.json").read_text())["ingredients"] == {"a": 1}


def test_other_ingredients_are_another_artifact(tmp_path):
    store = ArtifactStore(tmp_path)
    one, other = made(store, "x", {"a": 1}), made(store, "y", {"a": 2})
    assert one.fingerprint != other.fingerprint
    assert (other.directory / "product").read_text() == "y"


def test_an_artifact_of_other_packages_is_reused_with_a_warning(tmp_path, monkeypatch, caplog):
    store = ArtifactStore(tmp_path)
    first = made(store, "x")
    assert first.versions == versions()
    now = {**versions(), "landmarks": "9.9", "commit": "0123"}
    monkeypatch.setattr("landmarks.storage.artifacts.versions", lambda: now)
    made(store, "x")
    assert "was made with" not in caplog.text  # of this package, product versions count
    now["torch"] = "9.9"
    assert made(store, "x").versions == first.versions
    assert f"was made with torch {first.versions['torch']} (now 9.9); remove it" in caplog.text


def test_an_interrupted_job_is_continued(tmp_path):
    store = ArtifactStore(tmp_path)

    def interrupted():
        with store.entry("step", {"a": 1}) as entry:
            (entry.directory / "checkpoint").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with store.entry("step", {"a": 1}) as entry:
        assert not entry.finished
        assert (entry.directory / "checkpoint").read_text() == "half"
        (entry.directory / "product").write_text("whole")
    artifact = store.read(entry)
    assert artifact.continued
    assert (artifact.directory / "product").read_text() == "whole"


def test_bad_input_leaves_nothing_behind(tmp_path):
    def bad():
        with ArtifactStore(tmp_path).entry("step", {"a": 1}) as entry:
            (entry.directory / "half").write_text("x")
            raise InputError("no such face")

    with pytest.raises(InputError):
        bad()
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("about", ["", "[]", '{"seconds": 1}', '{"seconds": "long"}'])
def test_a_damaged_artifact_is_refused_with_what_to_do(tmp_path, about):
    store = ArtifactStore(tmp_path)
    first = made(store, "x")
    (first.directory / "artifact.json").write_text(about)
    with pytest.raises(InputError, match=rf"cannot be read .*; remove {first.directory}, and it"):
        made(store, "x")
