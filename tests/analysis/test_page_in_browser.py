"""The report page in a real browser: it draws, its menus work, and it needs no network."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from landmarks.analysis.page.page import FaceSheet, write_page
from tests.analysis.browsing import ARGUMENTS, PATIENCE, open_page, shown, wait_until
from tests.analysis.test_page import with_more_labels

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on the path")

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
DRAWN = "document.getElementById('cumulative')?._fullData !== undefined"


@pytest.fixture(scope="module")
def more_labels(findings):
    return with_more_labels(findings)


@pytest.fixture(scope="module")
def address(more_labels, tmp_path_factory):
    picture = cv2.imencode(".png", np.zeros((90, 900, 3), np.uint8))[1].tobytes()
    path = tmp_path_factory.mktemp("page") / "report.html"
    sheet = FaceSheet(caption="Nine hundred pixels wide", png=picture)
    write_page(more_labels, path, commands=["landmarks " + "a_long_folder/" * 12], faces=[sheet])
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
    page, messages = open_page(browser, address)
    yield page, messages
    page.close()


@pytest.fixture
def page(opened):
    """The page with every menu at its first option."""
    page, _ = opened
    for menu in page.query_selector_all("select"):
        menu.select_option(index=0)
    wait_until(page, DRAWN)
    return page


def test_every_plot_is_drawn(page):
    drawn = page.evaluate(
        "[...document.querySelectorAll('.plotly-graph-div')].map((div) =>"
        " [div.id, div.data.length, div.querySelectorAll('.scatterlayer .trace').length])"
    )
    assert len(drawn) == 4 + 6 + 1
    assert all(data > 0 and paths == data for _, data, paths in drawn), drawn


def test_the_region_is_selected(page, more_labels):
    page.select_option("select[name=region]", label="jaw")
    points = more_labels.curves["jaw"]["finetune"]
    expected = [pytest.approx(100 * point.mean.value, abs=1e-3) for point in points]
    assert shown(page, "mean")["fine-tuning"]["y"] == expected
    assert not shown(page, "exchange").get("fine-tuning", {"x": []})["x"]
    assert not page.is_visible("#figure4 .annotation-text")
    page.select_option("select[name=region]", index=0)
    assert shown(page, "exchange")["fine-tuning"]["x"][0] == 50
    assert page.text_content("#figure4 .annotation-text").endswith("90 % interval")


def test_one_menu_changes_the_axis_of_every_figure(page):
    plots = {"figure4": "mean", "figure4c": "mean", "region-1": "mean"}

    def places():
        return [shown(page, meta, plot=plot)["fine-tuning"]["x"] for plot, meta in plots.items()]

    assert places() == [[10, 50, 250, 1000]] * 3
    page.focus("select[name=horizontal-axis]")
    page.keyboard.press("ArrowDown")
    assert places() == [[20, 100, 500, 2000]] * 3
    assert page.evaluate("figure4b._fullData.at(-1).x") == ["20", "100", "500", "2,000"]
    title = "figure4.layout.xaxis.title.text"
    assert page.evaluate(title) == "real labels used in total"


def test_the_error_axis_is_selected(page):
    assert page.evaluate("figure4._fullLayout.yaxis.type") == "log"
    page.select_option("select[name=error-axis]", label="linear")
    assert page.evaluate("figure4._fullLayout.yaxis.type") == "linear"
    assert page.evaluate("figure4._fullLayout.yaxis.range[0]") == 0


def test_bands_and_seeds_can_be_hidden(page):
    page.select_option("select[name=show]", label="means only")
    assert {trace["opacity"] for trace in shown(page, "band").values()} == {0}
    assert {trace["opacity"] for trace in shown(page, "seeds").values()} == {0}
    assert {trace["opacity"] for trace in shown(page, "mean").values()} == {1}


def test_strategies_are_selected_in_the_menu_or_in_the_legend(page):
    assert len(shown(page, "mean")) == 6
    page.select_option("select[name=strategies]", label="mixing and real only")
    assert set(shown(page, "mean")) == {"mixing", "real only"}
    page.select_option("select[name=strategies]", label="all")
    page.locator("#figure4 .legendtoggle").nth(0).click()
    wait_until(page, "figure4._fullData[0].visible === 'legendonly'")
    assert "synthetic only" not in {**shown(page, "mean"), **shown(page, "band")}


def test_pointing_at_a_value_shows_it_with_its_interval_and_seeds(page, more_labels):
    page.select_option("select[name=show]", label="bands")  # seeds are next to the mean
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
    text = page.text_content("#figure4 .hovertext")
    mean = more_labels.curves["all"]["real_only"][0].mean
    assert text.startswith("real only, n_real 10")
    assert f"{mean.text(2)} %" in text
    assert "seeds: 0, 1, 2" in text


def test_every_control_is_reached_by_the_tab_key_and_shows_it(page):
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.evaluate(
        "[...document.querySelectorAll('a, button, select, summary, [tabindex=\"0\"]')]"
        ".filter((e) => e.checkVisibility()).forEach((e, i) => { e.dataset.order = i; })"
    )
    wanted = page.evaluate("[...document.querySelectorAll('[data-order]')].length")
    page.mouse.click(3, 3)
    reached = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        order, outline = page.evaluate(
            "[document.activeElement].map((e) =>"
            " [e.dataset.order, getComputedStyle(e).outlineStyle])[0]"
        )
        if order is not None:
            reached.add(int(order))
            assert outline == "solid"
    assert wanted > 20
    assert reached == set(range(wanted))


def test_a_figure_is_saved_as_svg(page, tmp_path):
    page.focus("#figure4 .modebar-btn")
    with page.expect_download() as saving:
        page.keyboard.press("Enter")
    assert saving.value.suggested_filename == "figure4.svg"
    saving.value.save_as(tmp_path / "figure4.svg")
    assert "real faces (n_real)" in (tmp_path / "figure4.svg").read_text()


def test_text_has_enough_contrast(page):
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    found = page.evaluate(CONTRAST)
    assert found["checked"] > 500
    assert found["low"] == []


def test_the_page_fits_a_narrow_screen(browser, address):
    page, _ = open_page(browser, address, width=400)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    for width in (400, 320):
        page.set_viewport_size({"width": width, "height": 800})
        wait_until(
            page,
            "[...document.querySelectorAll('.plotly-graph-div')]"
            f".every((plot) => plot._fullLayout.width < {width})",
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        wide = page.evaluate(
            "[...document.querySelectorAll('.plot, .controls, select, img, svg.main-svg, h1, h2,"
            " .annotation-text')]"
            ".filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML)"
        )
        assert wide == []
    # A wide table is complete: its own box scrolls.
    box = "document.getElementById('table-table2').parentElement"
    assert page.evaluate(f"{box}.scrollWidth > {box}.clientWidth")
    page.close()


def test_a_hostile_name_is_text_in_the_plots_too(browser, findings, tmp_path):
    name = "<img src=x onerror=hacked=1><b>bold</b></script>"
    curves = {region: {name: by["real_only"], **by} for region, by in findings.curves.items()}
    path = tmp_path / "report.html"
    write_page(replace(findings, curves=curves), path, commands=[])
    page, messages = open_page(browser, path.as_uri())
    wait_until(page, DRAWN)
    assert any(trace.startswith("&lt;img") for trace in shown(page, "mean"))
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.evaluate("document.images.length") == 0
    assert messages == [path.as_uri()]
    page.close()


def test_there_are_no_errors_and_no_requests(opened, address):
    _, messages = opened
    assert [line for line in messages if not line.startswith(("blob:", "data:"))] == [address]
