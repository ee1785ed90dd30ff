"""A study contains only runs that can be compared."""

from pathlib import Path

import pytest

from landmarks.analysis.study import read_study
from landmarks.errors import InputError
from tests.analysis.studies import write_study


def write_two(folder: Path, strategy: str, **second: object) -> list[Path]:
    """Two folders with one run each; the second one with other arguments."""
    common = {"strategies": (strategy,), "sizes": (10,)}
    write_study(folder / "0", seeds=(0,), **common)
    write_study(folder / "1", **{"seeds": (1,), **common, **second})
    return sorted(folder.rglob("result.json"))


def replace_text(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_runs_tested_on_different_faces_are_refused(tmp_path: Path) -> None:
    write_two(tmp_path, "real_only", faces=39)
    with pytest.raises(InputError, match=r"differs from .* in its test set"):
        read_study(tmp_path)
    other = tmp_path / "other"
    write_two(other, "real_only", tested=1)  # of the same number and name
    with pytest.raises(InputError, match="not tested on the same faces and labels"):
        read_study(other)


@pytest.mark.parametrize(
    ("strategy", "old", "new", "what"),
    [
        ("finetune", '"name": "stand-in"', '"name": "others"', "real set"),
        ("finetune", '"faces": 4000', '"faces": 400', "synthetic set"),
        ("finetune", '"warmup": 100', '"warmup": 10', "settings of finetune"),
        ("real_only", '"mirror": 0.5', '"mirror": 0.0', "augmentation of real faces"),
        ("mixing_original", '"input_size": 64', '"input_size": 96', "model"),
        ("real_only_imagenet", '"input_size": 128', '"input_size": 96', "model with ImageNet"),
    ],
)
def test_runs_with_different_settings_are_refused(
    tmp_path: Path, strategy: str, old: str, new: str, what: str
) -> None:
    _, second = write_two(tmp_path, strategy)
    assert len(read_study(tmp_path).runs) == 2
    replace_text(second, old, new)
    with pytest.raises(InputError, match=f"differs from .* in its {what}"):
        read_study(tmp_path)


def test_settings_that_a_run_does_not_use_may_differ(tmp_path: Path) -> None:
    _, second = write_two(tmp_path, "real_only")
    replace_text(second, '"mirror": 0.25', '"mirror": 0.0')  # of synthetic faces
    assert len(read_study(tmp_path).runs) == 2


def test_copies_of_one_run_count_once_and_other_settings_in_its_place_are_refused(
    tmp_path: Path,
) -> None:
    _, second = write_two(tmp_path, "real_only", seeds=(0,))
    assert len(read_study(tmp_path).runs) == 1
    replace_text(second, '"fingerprint": "', '"fingerprint": "0')
    with pytest.raises(InputError, match="are both real_only with n_real 10, seed 0"):
        read_study(tmp_path)


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no result\.json below it"):
        read_study(tmp_path)
