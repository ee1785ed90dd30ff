"""The setting of a report: what the runs have in common, and warnings about what they do not."""

from pathlib import Path

from landmarks.analysis.findings import Findings, find
from landmarks.analysis.setting import setting
from landmarks.analysis.study import read_study
from tests.analysis.studies import write_study


def test_different_numbers_of_updates_are_a_warning(findings: Findings, one_seed: Findings) -> None:
    # tests.analysis.studies: 3,000 updates, or 2,000 without a training on real faces.
    assert "numbers of updates" not in " ".join(one_seed.setting)
    assert (
        "2,000 (synthetic only, label adaptation); 3,000 (data adaptation, real only, mixing, "
        "fine-tuning)." in " ".join(findings.setting)
    )


def test_different_versions_of_the_code_are_a_warning(tmp_path: Path) -> None:
    write_study(tmp_path, strategies=("real_only", "finetune"), sizes=(10,), seeds=(0,))
    assert not any("versions" in sentence for sentence in setting(read_study(tmp_path)))
    result = next(tmp_path.rglob("result.json"))
    result.write_text(result.read_text().replace('"code": "0123"', '"code": "4567"'))
    found = find(read_study(tmp_path))
    assert "2 versions of this software" in found.setting[-1]
    assert found.versions["code"] in ("0123; 4567", "4567; 0123")


def test_a_control_says_which_model_it_uses(with_controls: Findings, tmp_path: Path) -> None:
    assert with_controls.setting[-1] == (
        "Real only from ImageNet uses a model of its own: HeatmapNet tf_efficientnet_lite0 at 128 "
        "pixels, initialised with EfficientNetLite0Weights. Its network differs too, which may "
        "explain a difference in error."
    )
    names = ("real_only", "real_only_imagenet")
    write_study(tmp_path, strategies=names, sizes=(10,), seeds=(0,))
    for path in tmp_path.rglob("result.json"):
        text = path.read_text().replace("heatmap_net.HeatmapNet", "unet.UNet")
        text = text.replace('UNet",\n    "backbone": "tf_efficientnet_lite0"', 'UNet"')
        path.write_text(text)
    assert setting(read_study(tmp_path))[-1] == (
        "Real only from ImageNet uses a model of its own: UNet at 128 pixels, initialised with "
        "EfficientNetLite0Weights."
    )
