"""Ledgers: the real faces that each run lists by name, held against the other runs of a study."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from landmarks.analysis.evidence.records import compare
from landmarks.analysis.study import Study, StudyRun
from landmarks.errors import InputError
from landmarks.experiment.results import LEDGER, RESULT
from landmarks.inference.predictions import read_predictions

# A ledger as it is stored, by seed and n_real, with the file that it was read from.
Ledgers = Mapping[tuple[int, int], tuple[Path, Mapping[str, Any]]]


def ledger_differences(study: Study) -> Iterator[str]:
    """Each place where a ledger contradicts its result, another ledger or the test set.

    What a run may touch is drawn by seed and size alone: every strategy has the same faces, and a
    smaller subset of a seed lies in its larger ones.
    """
    tested = frozenset(read_predictions(study.runs[0].directory).ids.tolist())
    seen: dict[tuple[int, int], tuple[Path, Mapping[str, Any]]] = {}
    for run in study.runs:
        path = run.directory / LEDGER
        try:
            ledger = _read(path)
        except InputError as error:
            yield str(error)
            continue
        yield from (f"{path}: {what}" for what in _in_itself(run, ledger, tested))
        place = run.result.seed, run.result.n_real
        first_at, first = seen.setdefault(place, (path, ledger))
        if ledger["faces"] != first["faces"]:
            yield f"{path}: not the faces of {first_at}, {_one(ledger['faces'], first['faces'])}"
        yield from (
            f"{path}: {what}"
            for what in compare(ledger["photos"], first["photos"], "photos", str(first_at))
        )
    yield from _not_nested(seen)


def _read(path: Path) -> dict[str, Any]:
    try:
        stored: dict[str, Any] = json.loads(path.read_text())
        if not isinstance(stored["faces"], dict) or not isinstance(stored["photos"], int):
            raise TypeError("faces by name and a number of photos are expected")
    except FileNotFoundError:
        raise InputError(f"{path}: missing") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the ledger of a run ({error})") from None
    return stored


def _in_itself(run: StudyRun, ledger: Mapping[str, Any], tested: frozenset[str]) -> Iterator[str]:
    faces, photos = ledger["faces"], ledger["photos"]
    counts = {name: value for name, value in ledger.items() if name != "faces"}
    yield from compare(counts, dict(run.result.ledger), "ledger", against=RESULT)
    if len(faces) != run.result.n_real:
        yield f"{len(faces)} faces are listed, n_real is {run.result.n_real}"
    if not bool(faces) <= photos <= len(faces):
        yield f"{len(faces)} faces are listed, on {photos} photos"
    data = run.result.data
    # Names are unique in a data set alone: in other folders, other faces may have the same.
    if "real" in data and data["real"].get("origin") == data["test"].get("origin"):
        yield from (f"{name!r} is a test face" for name in faces if name in tested)


def _not_nested(ledgers: Ledgers) -> Iterator[str]:
    for (seed, size), (next_seed, next_size) in pairwise(sorted(ledgers)):
        if seed != next_seed:
            continue
        at, small = ledgers[seed, size]
        next_at, large = ledgers[next_seed, next_size]
        if not small["faces"].items() <= large["faces"].items():
            yield f"{next_at}: not all faces of {at}, {_one(large['faces'], small['faces'])}"
        if not 0 <= large["photos"] - small["photos"] <= next_size - size:
            yield (
                f"{next_at}: {large['photos']} photos of {next_size} faces, {at} has "
                f"{small['photos']} of {size}"
            )


def _one(faces: Mapping[str, str], other: Mapping[str, str]) -> str:
    """A face of `other` that is missing, or has another image, among `faces`."""
    name = next((name for name, image in other.items() if faces.get(name) != image), None)
    return "which has fewer" if name is None else f"which has {name!r} or another image of it"
