"""The setting of a report: what the runs have in common, and warnings about what they do not."""

from pathlib import Path

from landmarks.analysis.findings import Findings, find
from landmarks.analysis.setting import setting
from landmarks.analysis.study import read_study
from landmarks.analysis.tables import runs_table
from tests.analysis.studies import write_study


def test_different_numbers_of_updates_are_a_warning(findings: Findings, one_seed: Findings) -> None:
    # tests.analysis.studies: 3,000 updates, or 2,000 without a training on real faces.
    assert "numbers of updates" not in " ".join(one_seed.setting)
    assert (
        "2,000 (synthetic only, label adaptation); 3,000 (data adaptation, real only, mixing, "
        "fine-tuning)." in " ".join(findings.setting)
    )


def test_runs_that_diverged_are_a_warning(tmp_path: Path) -> None:
    write_study(tmp_path, strategies=("real_only",), sizes=(10, 50), seeds=(0,))
    assert not any("diverged" in sentence for sentence in setting(read_study(tmp_path)))
    result = next(tmp_path.rglob("n_real_50/seed_0/result.json"))
    result.write_text(result.read_text().replace('"diverged": false', '"diverged": true'))
    sentences = setting(read_study(tmp_path))
    (warning,) = (sentence for sentence in sentences if "diverged" in sentence)
    assert "real only with n_real 50, seed 0. Their errors are included" in warning
    cells = [row[3] for row in runs_table(read_study(tmp_path)).rows]
    assert [cell.endswith(" (diverged)") for cell in cells] == [False, True]


def test_different_versions_of_a_product_are_a_warning(tmp_path: Path) -> None:
    write_study(tmp_path, strategies=("real_only", "finetune"), sizes=(10,), seeds=(0,))
    assert not any("versions" in sentence for sentence in setting(read_study(tmp_path)))
    result = next(tmp_path.rglob("result.json"))
    result.write_text(result.read_text().replace('"training": 1,', '"training": 2,'))
    found = find(read_study(tmp_path))
    assert "different versions of this software (training 1 and 2)" in found.setting[-1]
    assert set(found.versions["products"].split("; ")) == {
        "crops 1, training 1, predictions 1",
        "crops 1, training 2, predictions 1",
    }


def test_a_control_says_which_model_it_uses(with_controls: Findings, tmp_path: Path) -> None:
    assert with_controls.setting[-1] == (
        "Real only from ImageNet uses a model of its own: HeatmapNet tf_efficientnet_lite0 at 128 "
        "pixels, initialised with EfficientNetLite0Weights. Its network differs too, which may "
        "explain a difference in error."
    )
    names = ("real_only", "real_only_imagenet")
    write_study(tmp_path, strategies=names, sizes=(10,), seeds=(0,))
    for path in tmp_path.rglob("result.json"):
        text = path.read_text().replace('"HeatmapNet"', '"UNet"')
        text = text.replace('UNet",\n    "backbone": "tf_efficientnet_lite0"', 'UNet"')
        path.write_text(text)
    assert setting(read_study(tmp_path))[-1] == (
        "Real only from ImageNet uses a model of its own: UNet at 128 pixels, initialised with "
        "EfficientNetLite0Weights."
    )
