from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from landmarks.analysis.comparisons import TOO_FEW_SEEDS
from landmarks.analysis.exchange import Design
from landmarks.analysis.findings import find
from landmarks.analysis.paper.figures import FIGURES
from landmarks.analysis.study import read_study
from landmarks.analysis.styles import style_of
from tests.analysis.drawn import FINETUNE, draw, lines_of, small_print
from tests.analysis.studies import write_study

LONE = Design(seeds=(0,), sizes=(10, 50, 250, 1000))


def with_runs(findings, strategy, seeds):
    """The same with fewer seeds of one strategy."""
    points = findings.curves["all"][strategy]
    fewer = tuple(replace(p, mean=replace(p.mean, seeds=seeds)) for p in points)
    return replace(
        findings, curves={**findings.curves, "all": {**findings.curves["all"], strategy: fewer}}
    )


def with_labels(findings, strategy, more):
    points = findings.curves["all"][strategy]
    changed = tuple(replace(p, labels=p.labels + more) for p in points)
    return replace(
        findings, curves={**findings.curves, "all": {**findings.curves["all"], strategy: changed}}
    )


def test_a_curve_has_the_numbers_of_its_points(findings):
    (ax,) = draw("figure4", findings).axes
    points = findings.curves["all"]["finetune"]
    ((x, y),) = lines_of(ax, FINETUNE)
    assert x == [10, 50, 250, 1000]
    assert y == pytest.approx([100 * point.mean.value for point in points])
    dots = {
        (float(at), float(error))
        for collection in ax.collections
        for at, error in collection.get_offsets()
        if to_hex(collection.get_facecolor()[0]) == FINETUNE.lower()
    }
    for point in points:
        for error in point.runs.values():
            assert any(at == point.n_real and e == pytest.approx(100 * error) for at, e in dots)


def test_a_strategy_without_real_faces_is_a_horizontal_line(findings):
    (ax,) = draw("figure4", findings).axes
    ((_, y),) = lines_of(ax, style_of("synthetic_only").colour)
    error = 100 * findings.curves["all"]["synthetic_only"][0].mean.value
    assert y == pytest.approx([error, error])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["10", "50", "250", "1,000"]


def test_points_of_one_seed_are_open_and_explained(findings):
    figure = draw("figure4", with_runs(findings, "finetune", 1))
    markers = [line for line in figure.axes[0].lines if line.get_marker() not in ("", "None")]
    by_fill = {to_hex(line.get_color()): to_hex(line.get_markerfacecolor()) for line in markers}
    assert by_fill[FINETUNE.lower()] == "#ffffff"
    assert by_fill[style_of("mixing").colour.lower()] != "#ffffff"
    assert "Open markers: one seed" in small_print(figure)
    assert "Open markers" not in small_print(draw("figure4", findings))


def of_one_seed(findings, strategy, n_real):
    """The same with one seed of a strategy at one size, and no comparison there."""
    points = tuple(
        replace(p, mean=replace(p.mean, seeds=1), runs={0: p.runs[0]}) if p.n_real == n_real else p
        for p in findings.curves["all"][strategy]
    )
    comparisons = tuple(
        replace(one, lower=None)
        if one.n_real == n_real and strategy in (one.strategy, "real_only")
        else one
        for one in findings.comparisons
    )
    curves = {**findings.curves, "all": {**findings.curves["all"], strategy: points}}
    return replace(findings, curves=curves, headline_curves={}, comparisons=comparisons)


def fills(ax, strategy):
    """Whether each marker of a strategy is filled, by its place."""
    colour = style_of(strategy).colour.lower()
    return {
        line.get_xdata()[0]: to_hex(line.get_markerfacecolor()) == colour
        for line in ax.lines
        if to_hex(line.get_color()) == colour and len(line.get_xdata()) == 1
    }


@pytest.mark.parametrize(("name", "panel"), [("figure4", 0), ("figure4c", 1), ("curves", 0)])
def test_a_mean_of_one_seed_is_open_in_every_figure(name, panel, findings):
    figure = draw(name, of_one_seed(findings, "real_only", 1000))
    strategy = "finetune" if name == "figure4c" else "real_only"
    filled = fills(figure.axes[panel], strategy)
    assert filled == {10: True, 50: True, 250: True, 1000: False}
    assert "one seed" in small_print(figure)


def test_a_single_seed_has_no_dot_beside_its_mean(findings):
    def dots(figure):
        return sum(len(part.get_offsets()) for part in figure.axes[0].collections)

    fewer = draw("figure4", of_one_seed(findings, "real_only", 1000))
    assert dots(draw("figure4", findings)) - dots(fewer) == 3


def test_labels_have_a_figure_of_their_own_only_where_they_exceed_n_real(findings):
    assert FIGURES["figure4_labels"](findings) is None
    (ax,) = draw("figure4_labels", with_labels(findings, "mixing", 30)).axes
    ((x, _),) = lines_of(ax, style_of("mixing").colour)
    assert x == [40, 80, 280, 1030]
    ((x, _),) = lines_of(ax, FINETUNE)
    assert x == [10, 50, 250, 1000]


def spans(ax):
    return [
        tuple(patch.get_extents().transformed(ax.transData.inverted()).intervalx)
        for patch in ax.patches
    ]


def test_the_exchange_goes_from_n_real_to_n_eff_with_its_interval_shaded(findings):
    one = replace(findings.headline, value=240.0, low=190.0, high=310.0)
    (ax,) = draw("figure4a", replace(findings, headline=one)).axes
    (arrow,) = (text for text in ax.texts if text.arrow_patch is not None)
    error = 100 * findings.curves["all"]["finetune"][1].mean.value
    assert arrow.xy == pytest.approx((240, error))
    assert arrow.xyann == pytest.approx((50, error))
    assert ax.get_title() == "50 \N{RIGHTWARDS ARROW} 240 [190 to 310], 90 % interval"
    assert spans(ax) == [pytest.approx((190, 310))]
    assert arrow.get_zorder() > max(line.get_zorder() for line in ax.lines)  # markers hide nothing


def test_an_exchange_beyond_the_sizes_goes_to_the_edge(findings):
    one = replace(findings.headline, value=np.inf, low=500.0, high=np.inf)
    (ax,) = draw("figure4a", replace(findings, headline=one)).axes
    edge = ax.get_xlim()[1]
    (arrow,) = (text for text in ax.texts if text.arrow_patch is not None)
    assert arrow.xy[0] == edge
    assert spans(ax) == [pytest.approx((500, edge))]
    assert "> 1,000 [> 500]" in ax.get_title()


def test_an_exchange_rate_of_one_seed_has_no_number(findings):
    one = replace(findings.headline, value=np.nan, low=0.0, high=np.inf, design=LONE)
    figure = draw("figure4a", replace(findings, headline=one))
    (ax,) = figure.axes
    assert ax.get_title() == TOO_FEW_SEEDS
    assert spans(ax) == []
    assert "Shaded" not in small_print(figure)


def test_the_curve_of_real_only_is_the_interpolation_behind_n_eff(findings):
    # Through every measured point, and on the headline's error at N_eff.
    (ax,) = draw("figure4a", findings).axes
    ((x, y),) = lines_of(ax, style_of("real_only").colour)
    points = findings.curves["all"]["real_only"]
    sizes = [point.n_real for point in points]
    assert np.interp(sizes, x, y) == pytest.approx([100 * p.mean.value for p in points], rel=1e-3)
    own = findings.curves["all"]["finetune"][1].mean.value
    assert np.interp(findings.headline.value, x, y) == pytest.approx(100 * own, rel=2e-3)


@pytest.fixture(scope="module")
def continued(tmp_path_factory):
    """Three seeds at five sizes, and one of them at a sixth."""
    folder = tmp_path_factory.mktemp("continued")
    names = ("real_only", "finetune")
    write_study(folder, strategies=names, sizes=(10, 25, 50, 100, 250))
    write_study(folder, strategies=names, sizes=(1000,), seeds=(0,))
    return find(read_study(folder))


def test_the_exchange_rate_and_the_forms_use_the_same_runs(continued):
    sizes = (10, 25, 50, 100, 250)
    assert continued.headline.design == Design(seeds=(0, 1, 2), sizes=sizes)
    assert {fit.sizes for fit in continued.forms} == {sizes}
    (ax,) = draw("figure4a", continued).axes
    assert fills(ax, "real_only") == dict.fromkeys(sizes, True)
    ((x, _),) = lines_of(ax, style_of("real_only").colour)
    assert (x[0], x[-1]) == pytest.approx((10, 250))
    # The sixth size is drawn, but not fitted.
    (ax,) = draw("curves", continued).axes
    assert fills(ax, "real_only") == {**dict.fromkeys(sizes, True), 1000: False}
    assert max(max(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) > 1) <= 250.001


def test_a_comparison_with_too_few_seeds_is_left_out_and_named(findings):
    drawn = draw("figure4b", findings)
    missing = replace(findings.comparisons[0], lower=None)
    left = draw("figure4b", replace(findings, comparisons=(missing, *findings.comparisons[1:])))
    assert len(drawn.axes[0].containers) == len(findings.comparisons)
    assert len(left.axes[0].containers) == len(findings.comparisons) - 1
    named = f"No interval, {TOO_FEW_SEEDS}: {style_of(missing.strategy).label} at {missing.n_real}."
    assert named in small_print(left)
    assert "No interval" not in small_print(drawn)


def test_sizes_and_strategies_without_a_comparison_are_left_out(findings):
    few = tuple(
        replace(one, lower=None) if one.n_real == 1000 or one.strategy == "mixing" else one
        for one in findings.comparisons
    )
    (ax,) = draw("figure4b", replace(findings, comparisons=few)).axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["10", "50", "250"]
    named = {text.get_text() for text in ax.get_legend().get_texts()}
    assert named == {"label adaptation", "data adaptation", "fine-tuning"}


@pytest.mark.parametrize("name", ["figure4b", "figure4c"])
def test_without_enough_seeds_the_figure_says_so(name, findings):
    none = tuple(replace(one, lower=None) for one in findings.comparisons)
    figure = draw(name, replace(findings, comparisons=none))
    assert TOO_FEW_SEEDS in [text.get_text() for text in figure.axes[0].texts]


def test_the_gap_is_that_of_the_comparisons_and_of_each_seed(findings):
    relative, absolute = draw("figure4c", findings).axes
    lower = [one.lower.value for one in findings.comparisons if one.strategy == "finetune"]
    (_, y), *_ = lines_of(relative, FINETUNE)
    assert y == pytest.approx([100 * value for value in lower])
    curves = findings.curves["all"]
    (_, y), *_ = lines_of(absolute, FINETUNE)
    gaps = [
        np.mean([100 * (alone.runs[seed] - own.runs[seed]) for seed in (0, 1, 2)])
        for alone, own in zip(curves["real_only"], curves["finetune"], strict=True)
    ]
    assert y == pytest.approx(gaps)
