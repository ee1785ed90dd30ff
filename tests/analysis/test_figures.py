from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.axis import Axis
from matplotlib.quiver import Quiver
from matplotlib.text import Text
from PIL import Image

from landmarks.analysis.paper import figures
from landmarks.analysis.paper.figures import FIGURES, write_figures
from landmarks.analysis.paper.style import seeds_of
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from tests.analysis.drawn import FINETUNE, draw, lines_of, small_print, texts


@pytest.fixture(scope="module")
def folder(findings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    write_figures(findings, folder)
    return folder


def test_each_figure_is_a_png_of_seven_inches_and_an_svg(folder):
    names = {
        "figure4",
        "figure4a",
        "figure4b",
        "figure4c",
        "ced",
        "regions",
        "attribution",
        "curves",
    }
    assert {path.name for path in folder.iterdir()} == {
        f"{name}.{suffix}" for name in names for suffix in ("png", "svg")
    }
    for png in folder.glob("*.png"):
        with Image.open(png) as image:
            assert image.width == 7 * 200


def test_the_same_findings_give_the_same_bytes_with_any_user_settings(
    findings, folder, tmp_path, monkeypatch
):
    few = {name: FIGURES[name] for name in ("figure4b", "attribution")}
    monkeypatch.setattr(figures, "FIGURES", few)
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        written = write_figures(findings, tmp_path)
        assert matplotlib.rcParams["font.size"] == 20
    assert len(written) == 4
    for path in written:
        assert path.read_bytes() == (folder / path.name).read_bytes()


def test_text_of_an_svg_is_text(folder):
    text = texts(folder / "figure4.svg")
    for part in ("fine-tuning", "synthetic only", "real faces, n_real", "1,000"):
        assert part in text


def test_each_figure_of_rendered_test_faces_says_so(folder, findings):
    for svg in folder.glob("*.svg"):
        assert NOT_PHOTOGRAPHS in texts(svg), svg
    photographs = replace(findings, rendered_test=False)
    assert "rendered" not in small_print(draw("figure4", photographs))


@pytest.mark.parametrize("name", ["figure4", "figure4a", "figure4b", "figure4c", "ced", "regions"])
def test_each_figure_names_its_seeds(name, folder):
    text = texts(folder / f"{name}.svg").replace("\N{NO-BREAK SPACE}", " ")
    assert "Seeds 0, 1, 2." in text


def is_shown(text, ticks):
    """Whether a text is drawn: ticks beyond an axis have labels too, which are not."""
    return text.get_visible() and text.get_text().strip() and ticks.get(text, True)


def tick_labels(axis: Axis):
    low, high = sorted(axis.get_view_interval())
    return {
        label: bool(low <= tick.get_loc() <= high)
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
    }


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "figure4_labels"])
def test_no_text_is_small_or_cut_off_or_overlaps_another(name, findings):
    figure = draw(name, findings)
    axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    ticks = {label: shown for axis in axes for label, shown in tick_labels(axis).items()}
    texts = [text for text in figure.findobj(Text) if is_shown(text, ticks)]
    boxes = [text.get_window_extent() for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        assert text.get_fontsize() >= 8, text
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0, text
        assert box.y1 <= figure.bbox.y1, text
    for i, (text, box) in enumerate(zip(texts, boxes, strict=True)):
        for other, its in zip(texts[:i], boxes[:i], strict=True):
            assert not box.overlaps(its), (text, other)


def test_the_cumulative_error_rises_from_0_to_100_per_cent_of_the_faces(findings):
    (ax,) = draw("ced", findings).axes
    assert ax.get_xlim() == (0, 15)
    ((x, y),) = lines_of(ax, FINETUNE)
    assert (y[0], y[-1]) == (0, 100)
    assert x[100] == pytest.approx(100 * np.median(findings.cumulative["finetune"]))


def test_the_cumulative_error_names_its_size_and_its_seeds(findings):
    alone = replace(
        findings,
        headline=None,
        cumulative_size=250,
        cumulative={"finetune": findings.cumulative["finetune"]},
    )
    figure = draw("ced", alone)
    assert figure.get_suptitle() == "Cumulative error with 250 real faces"
    assert "n_real 250" in small_print(figure)
    assert "Seeds 0, 1, 2." in small_print(figure).replace("\N{NO-BREAK SPACE}", " ")
    assert seeds_of([]) == ""


def test_regions_share_their_axes(findings):
    axes = draw("regions", findings).axes
    assert [ax.get_title() for ax in axes] == ["jaw", "brows", "nose", "eyes", "mouth", "inner 51"]
    assert len({ax.get_ylim() for ax in axes}) == len({ax.get_xlim() for ax in axes}) == 1
    ((_, y),) = lines_of(axes[3], FINETUNE)
    points = findings.curves["eyes"]["finetune"]
    assert y == pytest.approx([100 * point.mean.value for point in points])


def test_arrows_are_as_much_longer_as_the_small_print_says(findings):
    moved = np.zeros((68, 2))
    moved[8] = (0.0, 0.07)
    found = replace(findings.attribution, moved=moved)
    figure = draw("attribution", replace(findings, attribution=found))
    (arrows,) = (part for part in figure.axes[0].collections if isinstance(part, Quiver))
    # 3 times 0.07 is the most below a quarter of the inter-ocular distance.
    assert arrows.V[8] == pytest.approx(0.21)
    assert np.count_nonzero(arrows.V) == 1
    assert "drawn 3 times as long" in small_print(figure)
    assert figure.axes[0].yaxis_inverted()


def test_arrows_end_inside_the_axes(findings):
    moved = np.zeros((68, 2))
    moved[[0, 8, 16, 19]] = [(-0.25, 0), (0, 0.25), (0.25, 0), (0, -0.25)]  # outwards on all sides
    found = replace(findings.attribution, moved=moved)
    ax = draw("attribution", replace(findings, attribution=found)).axes[0]
    (arrows,) = (part for part in ax.collections if isinstance(part, Quiver))
    tips = ax.transData.transform(arrows.get_offsets() + np.column_stack([arrows.U, arrows.V]))
    assert np.all(ax.bbox.padded(-3).get_points()[0] < tips)  # a head is wider than its tip
    assert np.all(tips < ax.bbox.padded(-3).get_points()[1])


def test_bars_of_the_attribution_have_the_errors_of_both_regions(findings):
    _, ax = draw("attribution", findings).axes
    n = findings.attribution.n_real
    for bars, (strategy, size) in zip(
        ax.containers,
        {"synthetic_only": 0, "label_adaptation": n, "real_only": n}.items(),
        strict=True,
    ):
        for bar, region in zip(bars, ("jaw", "inner51"), strict=True):
            (point,) = (p for p in findings.curves[region][strategy] if p.n_real == size)
            assert bar.get_height() == pytest.approx(100 * point.mean.value)


def test_an_interval_of_one_seed_is_over_photos_only(findings):
    assert "one seed" not in small_print(draw("attribution", findings))
    (level,) = findings.curves["all"]["synthetic_only"]
    alone = (replace(level, mean=replace(level.mean, seeds=1)),)
    curves = {**findings.curves, "all": {**findings.curves["all"], "synthetic_only": alone}}
    figure = draw("attribution", replace(findings, curves=curves))
    assert "test photos; with one seed over photos only." in small_print(figure)


def test_each_form_has_its_residual(folder, findings):
    text = texts(folder / "curves.svg")
    for fit in findings.forms:
        assert f"residual {100 * fit.residual:.1f} %" in text
        assert fit.form.name in text


def test_missing_findings_have_no_figure(findings):
    nothing = replace(findings, headline=None, comparisons=(), forms=(), attribution=None)
    for name in ("figure4a", "figure4b", "figure4c", "curves", "attribution"):
        assert FIGURES[name](nothing) is None
