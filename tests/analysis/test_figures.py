from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.axis import Axis
from matplotlib.quiver import Quiver
from matplotlib.text import Text
from PIL import Image

from landmarks.analysis.attribution import attribution
from landmarks.analysis.curves import FORMS
from landmarks.analysis.findings import find
from landmarks.analysis.paper import figures
from landmarks.analysis.paper.figures import FIGURES, write_figures
from landmarks.analysis.paper.style import paper_style, seeds_of, sheet, size_axis
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.study import read_study
from landmarks.analysis.styles import FORM_LOOKS, LOOKS, look
from landmarks.scheme import IBUG68
from tests.analysis.drawn import FINETUNE, draw, lines_of, small_print, words
from tests.analysis.studies import write_study


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


def test_the_files_are_returned_in_the_order_of_the_figures(findings, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "FIGURES", {name: FIGURES[name] for name in ("ced", "curves")})
    assert [path.name for path in write_figures(findings, tmp_path / "new")] == [
        "ced.png",
        "ced.svg",
        "curves.png",
        "curves.svg",
    ]


def test_the_same_findings_are_the_same_bytes_whatever_the_user_set(
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
    said = words(folder / "figure4.svg")
    for part in ("fine-tuning", "synthetic only", "real faces, n_real", "1,000"):
        assert part in said


def test_each_figure_says_what_its_test_faces_were(folder, findings):
    for svg in folder.glob("*.svg"):
        assert NOT_PHOTOGRAPHS in words(svg), svg
    photographs = replace(findings, rendered_test=False)
    assert "rendered" not in small_print(draw("figure4", photographs))


@pytest.mark.parametrize("name", ["figure4", "figure4a", "figure4b", "figure4c", "ced", "regions"])
def test_each_figure_names_its_seeds(name, folder):
    said = words(folder / f"{name}.svg").replace("\N{NO-BREAK SPACE}", " ")
    assert "Seeds 0, 1, 2." in said


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
def test_no_text_is_small_or_cut_off_or_on_another(name, findings):
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


def test_the_cumulative_error_rises_from_none_to_all_and_shows_up_to_15_per_cent(findings):
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


def test_forms_have_colours_of_their_own():
    taken = {look(name).colour for name in [*LOOKS, "a strategy of somebody"]}
    assert not taken & {colour for colour, _ in FORM_LOOKS}
    assert len(FORM_LOOKS) == len(FORMS)


def test_regions_share_their_axes(findings):
    axes = draw("regions", findings).axes
    assert [ax.get_title() for ax in axes] == ["jaw", "brows", "nose", "eyes", "mouth", "inner 51"]
    assert len({ax.get_ylim() for ax in axes}) == len({ax.get_xlim() for ax in axes}) == 1
    ((_, y),) = lines_of(axes[3], FINETUNE)
    points = findings.curves["eyes"]["finetune"]
    assert y == pytest.approx([100 * point.mean.value for point in points])


def test_arrows_are_the_moves_as_many_times_longer_as_is_said(findings):
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


def test_an_interval_of_one_seed_is_said_to_be_over_photos_alone(findings):
    assert "of one seed" not in small_print(draw("attribution", findings))
    (level,) = findings.curves["all"]["synthetic_only"]
    alone = (replace(level, mean=replace(level.mean, seeds=1)),)
    curves = {**findings.curves, "all": {**findings.curves["all"], "synthetic_only": alone}}
    figure = draw("attribution", replace(findings, curves=curves))
    assert "test photos; of one seed over photos alone." in small_print(figure)


def test_each_form_is_told_with_its_residual(folder, findings):
    said = words(folder / "curves.svg")
    for fit in findings.forms:
        assert f"residual {100 * fit.residual:.1f} %" in said
        assert fit.name in said


def test_what_was_not_found_has_no_figure(findings):
    nothing = replace(findings, headline=None, comparisons=(), forms=(), attribution=None)
    for name in ("figure4a", "figure4b", "figure4c", "curves", "attribution"):
        assert FIGURES[name](nothing) is None


def test_sizes_whose_numbers_would_touch_have_a_tick_without_one():
    with paper_style():
        ax = sheet("Ticks", 2).subplots()
        size_axis(ax, [10, 11, 100, 800, 870, 1000], "n")
    assert list(ax.get_xticks()) == [10, 11, 100, 800, 870, 1000]
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "10",
        "",
        "100",
        "",
        "",
        "1,000",
    ]


def test_hidden_landmarks_are_no_part_of_the_mean_face(tmp_path):
    folder = write_study(tmp_path, seeds=(0,), sizes=(50,), faces=12)
    whole = attribution(read_study(folder))
    jaw = list(IBUG68.regions["jaw"])

    def hide(faces):
        for path in folder.rglob("predictions.npz"):
            with np.load(path) as stored:
                parts = dict(stored)
            parts["target"][faces, min(jaw) : max(jaw) + 1] = 0
            parts["visible"][faces, min(jaw) : max(jaw) + 1] = False
            np.savez(path, **parts)

    hide(slice(0, 4))
    found = attribution(read_study(folder))
    np.testing.assert_allclose(found.mean_face[jaw], whole.mean_face[jaw], atol=0.05)
    hide(slice(0, 12))
    study = read_study(folder)
    assert attribution(study) is None
    assert "jaw" not in study.runs[0].errors
    assert "nan" not in " ".join(" ".join(row) for row in find(study).tables[0].rows)
