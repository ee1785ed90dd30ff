"""The report page in a real browser: it draws, its controls work, and it needs no network."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from landmarks.analysis.faces import FaceSheet
from landmarks.analysis.page.write import write_page
from landmarks.analysis.styles import look
from tests.analysis.browsing import ARGUMENTS, PATIENCE, open_page, per_cent, traces, wait_until

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on the path")

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
SIX_CURVES = "figure4.data.filter((trace) => trace.meta === 'mean').length === 6"
# Plotly draws each plot anew at a time of its own after the window has changed.
EVERY_PLOT = "[...document.querySelectorAll('.plot')].every((plot) => plot._fullLayout.width"
FINE_TUNING = '#controls input[name="strategy"] >> nth=5'


@pytest.fixture(scope="module")
def shown(findings):
    """Findings in which fine-tuning used twice as many labels as it had faces."""
    curves = {
        region: {
            **strategies,
            "finetune": tuple(replace(p, labels=2 * p.n_real) for p in strategies["finetune"]),
        }
        for region, strategies in findings.curves.items()
    }
    return replace(findings, curves=curves)


@pytest.fixture(scope="module")
def address(shown, tmp_path_factory):
    picture = cv2.imencode(".png", np.zeros((90, 900, 3), np.uint8))[1].tobytes()
    path = tmp_path_factory.mktemp("page") / "report.html"
    sheet = FaceSheet(caption="Nine hundred pixels wide", png=picture)
    commands = ["landmarks report " + "a_long_folder/" * 12]
    write_page(shown, path, how_to_repeat=commands, faces=[sheet])
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, timeout=PATIENCE
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def opened(browser, address):
    page, said = open_page(browser, address)
    yield page, said
    page.close()


@pytest.fixture
def page(opened):
    """The page as it is first seen."""
    page, _ = opened
    page.click("button[type=reset]")
    wait_until(page, SIX_CURVES)
    return page


def test_every_plot_is_drawn(page):
    drawn = page.evaluate(
        "[...document.querySelectorAll('.plot')].map((div) =>"
        " [div.id, div.data.length, div.querySelectorAll('.scatterlayer .trace').length])"
    )
    assert len(drawn) == 4 + 6
    assert all(data > 0 and paths == data for _, data, paths in drawn), drawn


def test_figure_4_shows_the_numbers_of_the_findings(page, shown):
    (line,) = traces(page, "mean", "fine-tuning")
    points = shown.curves["all"]["finetune"]
    assert line["x"] == [10, 50, 250, 1000]
    assert line["y"] == per_cent(points)
    (band,) = traces(page, "band", "fine-tuning")
    assert min(band["y"]) == pytest.approx(100 * min(p.mean.low for p in points), abs=1e-3)
    (seeds,) = traces(page, "seeds", "fine-tuning")
    assert sorted(seeds["y"]) == pytest.approx(
        sorted(100 * error for p in points for error in p.runs.values()), abs=1e-3
    )


def test_no_real_face_is_a_level_across_the_plot(page, shown):
    (line,) = traces(page, "mean", "synthetic only")
    (point,) = shown.curves["all"]["synthetic_only"]
    assert line["y"] == per_cent([point] * 3)
    ends = page.evaluate("figure4.layout.xaxis.range.map((x) => 10 ** x)")
    assert [line["x"][0], line["x"][-1]] == pytest.approx(ends)


def test_the_exchange_rate_goes_from_fine_tuning_to_real_only(page, shown):
    (line,) = traces(page, "exchange")
    assert line["x"] == [50, pytest.approx(shown.headline.value, abs=0.1)]
    assert line["y"] == per_cent([shown.curves["all"]["finetune"][1]] * 2)
    (interval,) = traces(page, "exchange interval")
    assert interval["x"] == pytest.approx([shown.headline.low, shown.headline.high], abs=0.1)
    page.uncheck(FINE_TUNING)
    assert not traces(page, "exchange")


def test_the_region_is_chosen(page, shown):
    page.select_option("select[name=region]", label="jaw")
    (line,) = traces(page, "mean", "fine-tuning")
    assert line["y"] == per_cent(shown.curves["jaw"]["finetune"])
    assert not traces(page, "exchange")  # it was measured on the whole face
    assert "jaw" in page.inner_text("#figure4-status")


def shown_over(page, plot):
    """The title of a plot's horizontal axis, and where its fine-tuning stands, in its own words."""
    return page.evaluate(
        f"(({{ data, layout: {{ xaxis }} }}) => [xaxis.title.text, data.filter((trace) =>"
        " trace.name === 'fine-tuning' && trace.meta !== 'band')[0].x.map((x) =>"
        " xaxis.type === 'log' ? x : Number(xaxis.ticktext[Math.round(x)].replace(',', '')))])"
        f"(document.getElementById('{plot}'))"
    )


def test_one_switch_turns_the_axis_of_every_figure_and_keys_reach_it(page):
    def figures():
        return [shown_over(page, plot) for plot in ("figure4", "figure4b", "figure4c", "region-1")]

    n_real = [["real faces (n_real)", [10, 50, 250, 1000]]] * 3
    assert figures() == [*n_real, ["", [10, 50, 250, 1000]]]
    page.focus("select[name=size]")
    page.keyboard.press("ArrowDown")
    labels = [["real labels used in total", [20, 100, 500, 2000]]] * 3
    assert figures() == [*labels, ["", [20, 100, 500, 2000]]]
    page.focus("button[type=reset]")
    page.keyboard.press("Enter")
    wait_until(page, "document.getElementById('region-6').data.at(-1).x[0] === 10")
    assert figures()[:3] == n_real


def test_the_horizontal_axis_is_chosen(page):
    page.select_option("select[name=size]", label="real labels used in total")
    (line,) = traces(page, "mean", "fine-tuning")
    assert line["x"] == [20, 100, 500, 2000]
    (line,) = traces(page, "mean", "real only")
    assert line["x"] == [10, 50, 250, 1000]
    assert traces(page, "exchange")[0]["x"][0] == 100
    assert "labels" in page.evaluate("figure4.layout.xaxis.title.text")


def test_a_mean_of_one_seed_is_open_and_its_seed_no_dot(browser, shown, tmp_path):
    points = shown.curves["all"]["finetune"]
    last = points[-1]
    alone = replace(last, mean=replace(last.mean, seeds=1), runs={0: last.runs[0]})
    curves = {**shown.curves["all"], "finetune": (*points[:-1], alone)}
    path = tmp_path / "report.html"
    write_page(replace(shown, curves={**shown.curves, "all": curves}), path, how_to_repeat=["true"])
    page, _ = open_page(browser, path.as_uri())
    wait_until(page, SIX_CURVES)
    (line,) = traces(page, "mean", "fine-tuning")
    colour = look("finetune").colour
    assert line["marker"]["color"] == [colour] * 3 + ["#ffffff"]
    assert line["marker"]["line"]["color"] == colour
    (seeds,) = traces(page, "seeds", "fine-tuning")
    assert len(seeds["x"]) == 9
    page.close()


def test_the_error_axis_is_chosen(page):
    assert page.evaluate("figure4.layout.yaxis.type") == "log"
    page.select_option("select[name=scale]", "linear")
    assert page.evaluate("figure4._fullLayout.yaxis.type") == "linear"
    assert page.evaluate("figure4._fullLayout.yaxis.range[0]") == 0


def test_bands_seeds_and_strategies_can_be_hidden(page):
    assert len(traces(page, "band")) == len(traces(page, "seeds")) == 6
    page.uncheck("input[name=bands]")
    assert not traces(page, "band")
    assert len(traces(page, "seeds")) == 6
    page.uncheck("input[name=seeds]")
    assert not traces(page, "seeds")
    page.uncheck(FINE_TUNING)
    names = [trace["name"] for trace in traces(page, "mean")]
    assert len(names) == 5
    assert "fine-tuning" not in names
    for box in page.query_selector_all("input[name=strategy]"):
        box.uncheck()
    assert not page.evaluate("figure4.data")


def test_pointing_at_a_value_tells_it_with_its_interval_and_seeds(page, shown):
    point = shown.curves["all"]["real_only"][0]
    (line,) = traces(page, "mean", "real only")
    mean = point.mean
    assert (
        f"{100 * mean.value:.2f} % [{100 * mean.low:.2f} to {100 * mean.high:.2f}]"
        in (line["hovertext"][0])
    )
    assert "seeds 0, 1, 2" in line["hovertext"][0]
    page.uncheck("input[name=seeds]")
    page.locator("#figure4").scroll_into_view_if_needed()
    at = page.evaluate(
        "(() => { const { xaxis, yaxis } = figure4._fullLayout;"
        " const trace = figure4.data.find((t) => t.meta === 'mean' && t.name === 'real only');"
        " const box = figure4.getBoundingClientRect();"
        " return [box.x + xaxis._offset + xaxis.d2p(trace.x[0]),"
        " box.y + yaxis._offset + yaxis.d2p(trace.y[0])]; })()"
    )
    page.mouse.move(*at)
    page.wait_for_selector("#figure4 .hovertext")
    assert "real only" in page.text_content("#figure4 .hovertext")


def test_every_control_is_reached_by_tab_and_shows_it(page):
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    wanted = page.evaluate(
        "[...document.querySelectorAll('a, button, select, input, summary, [tabindex=\"0\"]')]"
        ".filter((e) => e.checkVisibility()).map((e, i) => { e.dataset.order = i; return i; })"
    )
    page.mouse.click(3, 3)
    reached = []
    for _ in range(len(wanted) + 2):
        page.keyboard.press("Tab")
        order, outline = page.evaluate(
            "[document.activeElement].map((e) => [e.dataset.order, getComputedStyle(e).outline])[0]"
        )
        if order is not None:
            reached.append(int(order))
            assert "solid 3px" in outline
    assert len(wanted) > 20
    assert set(reached) == set(wanted)


def test_controls_are_worked_by_keys(page):
    page.focus(FINE_TUNING)
    page.keyboard.press("Space")
    assert not traces(page, "mean", "fine-tuning")
    page.focus("select[name=region]")
    page.keyboard.press("ArrowDown")
    assert "jaw" in page.inner_text("#figure4-status")
    page.focus("button[type=reset]")
    page.keyboard.press("Enter")
    wait_until(page, SIX_CURVES)
    assert "whole face" in page.inner_text("#figure4-status")
    page.focus("summary")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('details').open")


def test_the_figure_can_be_saved(page, tmp_path):
    page.focus("#save")
    with page.expect_download() as saving:
        page.keyboard.press("Enter")
    assert saving.value.suggested_filename == "figure4.svg"
    saving.value.save_as(tmp_path / "figure4.svg")
    assert "real faces (n_real)" in (tmp_path / "figure4.svg").read_text()


def test_text_has_the_contrast_of_aa(page):
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    found = page.evaluate(CONTRAST)
    assert found["checked"] > 500
    assert found["low"] == []


def test_a_narrow_screen_is_enough(browser, address):
    page, _ = open_page(browser, address, width=400)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    for width in (400, 320):
        page.set_viewport_size({"width": width, "height": 800})
        wait_until(page, f"{EVERY_PLOT} < {width})")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        wide = page.evaluate(
            "[...document.querySelectorAll('.plot, .controls, img, svg.main-svg, h1, h2')]"
            ".filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML)"
        )
        assert wide == []
    # A wide table is still all there: its own box scrolls.
    box = "document.getElementById('table-table2').parentElement"
    assert page.evaluate(f"{box}.scrollWidth > {box}.clientWidth")
    page.set_viewport_size({"width": 1200, "height": 800})
    wait_until(page, "figure4._fullLayout.width > 900")
    page.close()


@pytest.mark.parametrize("value", [12.0, 265.0, 999.0])
def test_the_exchange_is_told_above_the_plot_and_inside_the_window(value, browser, shown, tmp_path):
    one = replace(shown.headline, value=value, low=11.0, high=1000.0)
    path = tmp_path / "report.html"
    write_page(replace(shown, headline=one), path, how_to_repeat=["true"])
    page, _ = open_page(browser, path.as_uri(), width=1280)
    wait_until(page, SIX_CURVES)
    assert page.text_content("#figure4 .annotation-text").endswith("90 % interval")
    for width in (1280, 400, 320):
        page.set_viewport_size({"width": width, "height": 900})
        wait_until(page, f"{EVERY_PLOT} < {width})")
        label, plot, line = page.evaluate(
            "['.annotation-text', '.plot .bg', '.shapelayer path'].map((what) => {"
            " const box = figure4.querySelector(what).getBoundingClientRect();"
            " return [box.left, box.top, box.right, box.bottom]; })"
        )
        assert label[3] <= plot[1]
        assert 0 <= label[0] <= line[0] <= label[2] <= width
    page.close()


def test_a_hostile_name_is_text_in_the_plots_too(browser, shown, tmp_path):
    name = "<img src=x onerror=hacked=1><b>bold</b></script>"
    curves = {
        region: {name: strategies["real_only"], **strategies}
        for region, strategies in shown.curves.items()
    }
    path = tmp_path / "report.html"
    write_page(replace(shown, curves=curves), path, how_to_repeat=[])
    page, said = open_page(browser, path.as_uri())
    wait_until(page, "figure4.data.length > 0")
    assert traces(page, "mean")[0]["name"].startswith("&lt;img")
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.evaluate("document.images.length") == 0
    assert said == [path.as_uri()]
    page.close()


def test_nothing_failed_and_nothing_was_asked_of_the_network(opened, address):
    _, said = opened
    assert [line for line in said if not line.startswith(("blob:", "data:"))] == [address]
