"""The report page as a file: its text, its order, and what it must not contain."""

import base64
import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from landmarks.analysis.attribution import Attribution
from landmarks.analysis.exchange import Design
from landmarks.analysis.page.figure4 import figure4
from landmarks.analysis.page.figures import mean_face_figure
from landmarks.analysis.page.menus import figures_over_sizes, menus
from landmarks.analysis.page.page import FaceSheet, unbroken, write_page
from landmarks.data.mean_face import MEAN_FACE
from landmarks.scheme import IBUG68
from tests.analysis.markup import parse

COMMANDS = ("landmarks train -m experiment=figure4", "landmarks report <folder>")
LONE = Design(seeds=(0,), sizes=(10, 50, 250, 1000))
SHEET = FaceSheet(caption='Sixteen "worst" faces', png=b"\x89PNG\r\n\x1a\nnot shown by this test")
HOSTILE = '</script><script>alert("&")</script><img src=x onerror=alert(1)>'


def page_of(findings, tmp_path, **more):
    write_page(findings, tmp_path / "report.html", commands=COMMANDS, **more)
    return parse((tmp_path / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def document(findings, tmp_path_factory):
    return page_of(findings, tmp_path_factory.mktemp("page"), faces=[SHEET])


@pytest.fixture(scope="module")
def photographs(one_seed, tmp_path_factory):
    """The page of one seed on photographs."""
    return page_of(one_seed, tmp_path_factory.mktemp("photographs"))


def breaking(text):
    """A text with ordinary spaces only."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_page_starts_with_the_answer(document, findings):
    text = breaking(document.all("body")[0].text()).strip()
    assert text.startswith(findings.answer)
    level = (
        "In brackets: 90 % interval of numbers of real faces, 95 % of differences, over seeds and "
        "test photos."
    )
    places = [text.index(part) for part in (level, *findings.summary[1:])]
    assert places == sorted(places)


def test_without_an_exchange_rate_the_page_has_no_level(photographs, findings, tmp_path):
    assert "In brackets" not in photographs.text()
    assert "In brackets" not in page_of(replace(findings, headline=None), tmp_path).text()


def test_the_contents_list_every_section(document):
    ids = [heading.attributes["id"] for heading in document.all("h2")]
    assert ids == [
        "error",
        "differences",
        "exchange",
        "tables",
        "attribution",
        "faces",
        "cost",
        "repeat",
    ]
    (contents,) = document.all("nav")
    assert [link.attributes["href"] for link in contents.all("a")] == [f"#{id}" for id in ids]


def test_every_cell_of_every_table_is_in_the_page(document, findings):
    text = document.text()
    for table in findings.tables:
        shown = document.by_id(f"table-{table.name}")
        rows = [
            tuple(breaking(cell.text()) for cell in row.all() if cell.tag in ("th", "td"))
            for row in shown.all("tr")
        ]
        assert rows == [table.header, *table.rows]
        assert table.note in text


def test_long_tables_are_folded_except_the_exchange_rate(document, findings):
    folded = {t.attributes["id"] for d in document.all("details") for t in d.all("table")}
    long = {table.name for table in findings.tables if len(table.rows) > 16}
    assert {"exchange", "runs"} < long
    assert folded == {f"table-{name}" for name in long - {"exchange"}}


def test_intervals_and_per_cent_signs_stay_on_one_line(document):
    assert unbroken("closed % [95 %]") == "closed\u00a0% [95\u00a0%]"
    assert unbroken("54 [43 to 61] photos [> 1]") == "54 [43\u00a0to\u00a061] photos [>\u00a01]"
    head = document.by_id("table-attribution").all("th")
    assert head[4].text() == "closed\u00a0% [95\u00a0%]"


def test_missing_intervals_are_named_below_their_figure(findings, tmp_path):
    few = tuple(
        replace(one, lower=None) if one.n_real == 1000 else one for one in findings.comparisons
    )
    page = page_of(replace(findings, comparisons=few), tmp_path)
    differences, gap = (
        breaking(caption.text()) for caption in page.all("figcaption") if "better" in caption.text()
    )
    assert "No interval, not enough seeds: label adaptation at 1,000; data" in differences
    assert "No interval, not enough seeds: mixing at 1,000; fine-tuning at 1,000." in gap


def test_markers_are_explained_where_they_occur(document, photographs):
    open_markers = "Open markers: one seed, interval over photos only."
    assert open_markers not in document.text()
    assert "Dots: one seed each." in document.text()
    assert open_markers in photographs.text()
    assert "Dots:" not in photographs.text()


def test_rows_of_the_article_are_marked(document):
    marked = [row for row in document.all("tr") if row.attributes.get("class") == "article"]
    assert len(marked) == 7  # four sets in Table 1, three pipelines in Table 2
    assert all(row.all("td")[-1].text() == "article" for row in marked)
    assert "1.184" in [cell.text() for row in marked for cell in row.all("td")]


def test_only_rendered_test_faces_get_a_notice(document, photographs):
    notice = "no number here is an accuracy on photographs"
    assert document.text().count(notice) == 1
    assert notice not in photographs.text()


def test_names_cannot_become_markup(findings, tmp_path):
    curves = {region: {HOSTILE: by["real_only"]} for region, by in findings.curves.items()}
    table = replace(findings.tables[0], title=HOSTILE, rows=((HOSTILE,) * 9,), note=HOSTILE)
    hostile = replace(
        findings,
        answer=HOSTILE,
        curves={**curves, HOSTILE: curves["all"]},
        headline=None,
        comparisons=(),
        cumulative={HOSTILE: findings.cumulative["finetune"]},
        attribution=None,
        tables=tuple(
            table if one.name == table.name else one
            for one in findings.tables
            if one.name != "attribution"
        ),
        versions={HOSTILE: HOSTILE},
    )
    page = page_of(hostile, tmp_path, faces=[replace(SHEET, caption=HOSTILE)])
    # Plotly's, one for each figure, and the one of the menus.
    assert len(page.all("script")) == 1 + (2 + 7) + 1
    assert [image.attributes["alt"] for image in page.all("img")] == [HOSTILE]
    assert page.by_id("table-figure4").all("td")[0].text() == HOSTILE


def test_the_same_findings_give_the_same_bytes(findings, tmp_path):
    for name in ("first.html", "second.html"):
        write_page(findings, tmp_path / name, commands=COMMANDS, faces=[SHEET])
    assert (tmp_path / "first.html").read_bytes() == (tmp_path / "second.html").read_bytes()


def test_nothing_is_loaded_from_elsewhere(document):
    for element in document.all():
        for name in ("src", "href", "data", "action", "poster", "srcset"):
            address = element.attributes.get(name) or "#"
            assert address.startswith(("#", "data:")), f"{name} of <{element.tag}>"
    styles = "".join(part for style in document.all("style") for part in style.inside)
    assert not re.search(r"url\(|@import|@font-face", styles)
    policy = next(m for m in document.all("meta") if "http-equiv" in m.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'")


def test_the_page_is_structured_for_screen_readers(document):
    assert document.all("html")[0].attributes["lang"] == "en"
    assert document.all("title")[0].inside[0].strip()
    assert all(image.attributes["alt"] for image in document.all("img"))
    plots = [e for e in document.all() if "plot" in (e.attributes.get("class") or "").split()]
    assert len(plots) == 4 + 6 + 1  # figures, regions, mean face
    assert all(plot.attributes["aria-label"] for plot in plots)
    levels = [int(e.tag[1]) for e in document.all() if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
    ids = [e.attributes["id"] for e in document.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    referenced = [link.attributes["href"][1:] for link in document.all("a")]
    for menu in document.all("select"):
        referenced += menu.attributes["aria-controls"].split()
    assert set(referenced) <= set(ids)


def test_without_scripts_the_page_says_where_the_numbers_are(document):
    in_head, in_body = document.all("noscript")
    assert ".plot" in in_head.all("style")[0].inside[0]
    assert "tables below contain the same numbers" in in_body.all("p")[0].text()


def test_faces_are_embedded_or_have_no_section(document, photographs):
    (image,) = document.all("img")
    kind, _, content = image.attributes["src"].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content) == SHEET.png
    assert image.attributes["alt"] == SHEET.caption
    assert not photographs.all("img")
    assert all(link.attributes["href"] != "#faces" for link in photographs.all("a"))


def test_commands_are_shown_as_they_are_typed(document):
    (code,) = document.all("code")
    assert code.text() == "\n\n".join(COMMANDS)


def test_a_study_of_one_seed_has_no_differences(photographs):
    assert "not enough seeds" in photographs.all("h1")[0].text()
    ids = {e.attributes.get("id") for e in photographs.all()}
    assert "figure4" in ids
    assert not ids & {"figure4b", "figure4c", "attribution"}


def trace_of(figure, name, meta):
    (found,) = figure.select_traces({"name": name, "meta": meta})
    return found


def test_figure_4_shows_the_findings_in_per_cent(findings):
    figure = figure4(findings, "jaw")
    points = findings.curves["jaw"]["finetune"]
    mean = trace_of(figure, "fine-tuning", "mean")
    assert list(mean.x) == [10, 50, 250, 1000]
    assert mean.y == pytest.approx([100 * point.mean.value for point in points], abs=1e-3)
    assert points[0].mean.text(2) in mean.hovertext[0]
    band = trace_of(figure, "fine-tuning", "band")
    assert max(band.y) == pytest.approx(100 * max(p.mean.high for p in points), abs=1e-3)
    seeds = trace_of(figure, "fine-tuning", "seeds")
    runs = [100 * error for point in points for error in point.runs.values()]
    assert seeds.y == pytest.approx(runs, abs=1e-3)


def test_without_real_faces_a_curve_is_a_level_across_the_plot(findings):
    figure = figure4(findings, "all")
    level = trace_of(figure, "synthetic only", "mean")
    (point,) = findings.curves["all"]["synthetic_only"]
    assert level.y == pytest.approx([100 * point.mean.value] * 3, abs=1e-3)
    low, high = figure.layout.xaxis.range
    assert [level.x[0], level.x[-1]] == pytest.approx([10**low, 10**high])


def test_a_mean_of_one_seed_is_open_and_has_no_dots(one_seed):
    figure = figure4(one_seed, "all")
    mean = trace_of(figure, "fine-tuning", "mean")
    assert set(mean.marker.color) == {"#ffffff"}
    assert mean.marker.line.color == mean.line.color
    assert trace_of(figure, "fine-tuning", "seeds").x == ()


def test_the_exchange_rate_goes_from_fine_tuning_to_real_only(findings):
    interval, line = figure4(findings, "all").select_traces({"meta": "exchange"})
    one = findings.headline
    assert line.x == pytest.approx((50, one.value))
    assert interval.x == pytest.approx((one.low, one.high))
    error = 100 * findings.curves["all"]["finetune"][1].mean.value
    assert line.y == pytest.approx([error] * 2, abs=1e-3)
    elsewhere = figure4(findings, "jaw").select_traces({"meta": "exchange"})
    assert [trace.y for trace in elsewhere] == [(), ()]


def test_an_exchange_rate_beyond_the_sweep_ends_there_and_is_open(findings):
    beyond = replace(findings.headline, value=np.inf, low=700.0, high=np.inf)
    interval, line = figure4(replace(findings, headline=beyond), "all").data[-2:]
    assert line.x == (50, 1000)
    assert interval.x == (700, 1000)
    assert interval.marker.symbol == ("line-ns-open", "triangle-right")
    unknown = replace(findings.headline, value=np.nan, low=0.0, high=np.inf, design=LONE)
    figure = figure4(replace(findings, headline=unknown), "all")
    assert not list(figure.select_traces({"meta": "exchange"}))


def with_more_labels(findings):
    """Fine-tuning uses twice as many labels as it has faces."""
    curves = {
        region: {**by, "finetune": tuple(replace(p, labels=2 * p.n_real) for p in by["finetune"])}
        for region, by in findings.curves.items()
    }
    return replace(findings, curves=curves)


def test_the_axis_of_labels_is_offered_only_where_it_differs(findings):
    assert "Horizontal axis" not in menus(findings)
    more = with_more_labels(findings)
    changes = menus(more)["Horizontal axis"]["real labels used in total"]
    assert (
        set(changes)
        == set(figures_over_sizes(more))
        == {
            "figure4",
            "figure4b",
            "figure4c",
            *(f"region-{i}" for i in range(1, 7)),
        }
    )
    figure = figure4(more, "all", "labels")
    assert list(trace_of(figure, "fine-tuning", "mean").x) == [20, 100, 500, 2000]
    assert list(trace_of(figure, "real only", "mean").x) == [10, 50, 250, 1000]
    assert json.dumps(changes)


def test_displacements_are_drawn_longer_if_they_are_small():
    face = MEAN_FACE.astype(np.float64)
    for down, factor in ((0.02, 10), (0.3, 1)):
        moved = np.zeros_like(face)
        moved[8] = [0, down]  # the chin
        found = Attribution(n_real=9, scheme=IBUG68, mean_face=face, moved=moved, parts=())
        assert found.magnification == factor
        outlines, arrows = mean_face_figure(found).data
        start, end = arrows.y[3 * 8 : 3 * 8 + 2]
        assert end - start == pytest.approx(factor * down, abs=1e-3)
        assert [size for size in arrows.marker.size if size > 4] == [12]  # one head
        assert outlines.x.count(None) == 9  # jaw, brows, nose, eyes and lips
