"""Controls stand beside the five strategies: in the figures, in the tables, in words."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from landmarks.analysis.findings import Findings, find
from landmarks.analysis.page.marks import marks
from landmarks.analysis.study import read_study
from landmarks.analysis.styles import LOOKS, look
from landmarks.errors import InputError
from tests.analysis.drawn import draw
from tests.analysis.studies import CONTROLS, STRATEGIES, write_study


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    folder = tmp_path_factory.mktemp("controls")
    return find(read_study(write_study(folder, strategies=(*STRATEGIES, *CONTROLS))))


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_is_in_figure_4_and_4b_and_the_exchange_table(
    findings: Findings, name: str
) -> None:
    label = look(name).label
    for figure in ("figure4", "figure4b"):
        legend = draw(figure, findings).axes[0].get_legend()
        assert label in [text.get_text() for text in legend.get_texts()]
    for table in findings.tables:
        if table.name in ("figure4", "figure4b", "exchange"):
            assert [row[1] for row in table.rows if row[0] == label] == ["10", "50", "250", "1000"]


def test_the_headline_and_the_sentences_are_of_no_control(findings: Findings) -> None:
    assert findings.headline is not None
    assert findings.headline.strategy == "finetune"
    said = " ".join((findings.answer, findings.comparison, *findings.trends))
    assert not any(look(name).label in said for name in CONTROLS)


def test_looks_are_told_apart_in_grey_too() -> None:
    drawn = marks([*LOOKS, "a strategy of somebody"])
    for parts in (
        {one.colour for one in drawn},
        {one.symbol for one in drawn},
        {look(one.name).marker for one in drawn},
    ):
        assert len(parts) == len(drawn)
    controls = {look(name).dash for name in CONTROLS}
    assert len(controls) == len(CONTROLS)
    assert not controls & {one.dash for name, one in LOOKS.items() if name not in CONTROLS}


@pytest.mark.parametrize("colour", [one.colour for one in LOOKS.values()])
def test_every_colour_stands_out_from_paper(colour: str) -> None:
    # WCAG 2: 3 to 1 for graphics.
    light = np.array(to_rgb(colour))
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 3


def test_a_control_says_what_model_it_has(findings: Findings) -> None:
    assert findings.setting[-1] == (
        "Real only from ImageNet has a model of its own: HeatmapNet tf_efficientnet_lite0 at 128 "
        "pixels, started with EfficientNetLite0Weights. Its network is another too, so that may be "
        "why its error differs."
    )


def changed(folder: Path, old: str, new: str) -> None:
    for path in folder.rglob("result.json"):
        path.write_text(path.read_text().replace(old, new))


def test_a_control_with_the_network_of_the_others_differs_in_its_start_alone(
    tmp_path: Path,
) -> None:
    write_study(tmp_path, strategies=("real_only", "real_only_imagenet"), sizes=(10,))
    changed(tmp_path, '"HeatmapNet"', '"UNet"')
    changed(tmp_path, '"UNet",\n', '"UNet"\n')
    changed(tmp_path, '    "backbone": "tf_efficientnet_lite0"\n', "")
    told = find(read_study(tmp_path)).setting[-1]
    assert told == (
        "Real only from ImageNet has a model of its own: UNet at 128 pixels, started with "
        "EfficientNetLite0Weights."
    )


@pytest.mark.parametrize(
    ("strategy", "what"),
    [("real_only_imagenet", "model with ImageNet weights"), ("mixing_original", "model")],
)
def test_a_strategy_of_two_models_is_refused(tmp_path: Path, strategy: str, what: str) -> None:
    for seed in (0, 1):
        strategies = ("real_only", strategy)
        write_study(tmp_path / f"{seed}", strategies=strategies, sizes=(10,), seeds=(seed,))
    read_study(tmp_path)
    for size in ("64", "128"):
        changed(tmp_path / "1" / strategy, f'"input_size": {size}', '"input_size": 96')
    with pytest.raises(InputError, match=f"differs from .* in its {what} "):
        read_study(tmp_path)
