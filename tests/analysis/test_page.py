"""The report page as a file: what it says, in what order, and what it must not hold."""

import base64
import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from landmarks.analysis.attribution import Attribution
from landmarks.analysis.design import Design
from landmarks.analysis.faces import FaceSheet
from landmarks.analysis.findings import find
from landmarks.analysis.page.cells import unbroken
from landmarks.analysis.page.marks import PATHS, marks
from landmarks.analysis.page.mean_face import draw_mean_face
from landmarks.analysis.page.plots import plot_data
from landmarks.analysis.page.tables import cost_table, parts_table
from landmarks.analysis.page.write import write_page
from landmarks.analysis.study import read_study
from landmarks.analysis.styles import LOOKS, look
from landmarks.data.mean_face import MEAN_FACE
from tests.analysis.markup import parse
from tests.analysis.studies import write_study

COMMANDS = (
    "python -m landmarks.train -m experiment=figure4",
    "landmarks report <folder>",
)
LONE = Design(seeds=(0,), sizes=(10, 50, 250, 1000))
SHEET = FaceSheet(caption='Sixteen "worst" faces', png=b"\x89PNG\r\n\x1a\nnot shown by this test")
HOSTILE = '</script><script>alert("&")</script><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def html(findings, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_page(findings, path, how_to_repeat=COMMANDS, faces=[SHEET])
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(html):
    return parse(html)


def breaking(text):
    """A text with every space of the same kind."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def page_of(findings, tmp_path, **more):
    write_page(findings, tmp_path / "report.html", how_to_repeat=COMMANDS, **more)
    return parse((tmp_path / "report.html").read_text(encoding="utf-8"))


def test_the_answer_is_the_first_thing_that_is_read(document, findings):
    text = breaking(document.all("body")[0].text()).strip()
    assert text.startswith(findings.answer)
    level = (
        "In brackets: 90 % interval of numbers of real faces, 95 % of differences, over seeds and "
        "test photos."
    )
    said = [text.index(part) for part in (level, findings.comparison, *findings.trends)]
    assert said == sorted(said)


def test_without_a_number_the_page_has_no_level(findings, tmp_path):
    unknown = replace(findings.headline, value=np.nan, low=0.0, high=np.inf, design=LONE)
    assert "In brackets" not in page_of(replace(findings, headline=unknown), tmp_path).text()
    assert "In brackets" not in page_of(replace(findings, headline=None), tmp_path).text()


def test_the_parts_come_in_their_order(document):
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
    tables = [*findings.tables, parts_table(findings.attribution), cost_table(findings.cost)]
    for table in tables:
        shown = document.by_id(f"table-{table.name}")
        rows = [
            tuple(breaking(cell.text()) for cell in row.all() if cell.tag in ("th", "td"))
            for row in shown.all("tr")
        ]
        assert rows == [table.header, *table.rows]
        assert table.note in document.text()


def test_long_tables_are_folded_and_short_ones_are_not(document, findings):
    folded = {t.attributes["id"] for d in document.all("details") for t in d.all("table")}
    long = {table.name for table in findings.tables if len(table.rows) > 16}
    assert {"exchange", "runs"} < long
    assert folded == {f"table-{name}" for name in long - {"exchange"}}  # what the page is about
    assert "table-table2" not in folded


def test_an_interval_and_a_per_cent_are_not_broken_over_lines(document):
    assert unbroken("closed % [95 %]") == "closed\u00a0% [95\u00a0%]"
    assert unbroken("54 [43 to 61] photos [> 1]") == "54 [43\u00a0to\u00a061] photos [>\u00a01]"
    head = document.by_id("table-attribution").all("th")
    assert head[4].text() == "closed\u00a0% [95\u00a0%]"


def test_what_has_no_interval_is_named_below_its_figure(findings, tmp_path):
    few = tuple(
        replace(one, lower=None) if one.n_real == 1000 else one for one in findings.comparisons
    )
    page = page_of(replace(findings, comparisons=few), tmp_path)
    differences, gap = (
        breaking(caption.text()) for caption in page.all("figcaption") if "lower" in caption.text()
    )
    assert "No interval, not enough seeds: label adaptation at 1,000; data" in differences
    assert "No interval, not enough seeds: mixing at 1,000; fine-tuning at 1,000." in gap


def test_one_seed_is_told_where_there_is_one(findings, document, tmp_path):
    said = "Open markers: one seed, interval over photos alone."
    assert said not in document.text()
    assert "Dots: one seed each." in document.text()
    points = findings.curves["all"]["mixing"]
    alone = (*points[:-1], replace(points[-1], mean=replace(points[-1].mean, seeds=1)))
    curves = {**findings.curves, "all": {**findings.curves["all"], "mixing": alone}}
    assert page_of(replace(findings, curves=curves), tmp_path).text().count(said) == 2


def test_rows_of_the_article_are_marked(document):
    marked = [row for row in document.all("tr") if row.attributes.get("class") == "article"]
    assert len(marked) == 7  # four sets in Table 1, three pipelines in Table 2
    assert all(row.all("td")[-1].text() == "article" for row in marked)
    assert "1.184" in [cell.text() for row in marked for cell in row.all("td")]


def test_only_stand_in_faces_call_for_the_notice(findings, document, tmp_path):
    photographs = write_study(tmp_path / "study", rendered=False, seeds=(0,), sizes=(10, 50))
    other = page_of(find(read_study(photographs)), tmp_path)
    notice = "no number here is an accuracy on photographs"
    assert document.text().count(notice) == 1
    assert notice not in other.text()


def test_names_cannot_become_markup(findings, tmp_path):
    curves = {
        region: {HOSTILE: by_strategy["real_only"]}
        for region, by_strategy in findings.curves.items()
    }
    table = replace(findings.tables[0], title=HOSTILE, rows=((HOSTILE,) * 9,), note=HOSTILE)
    hostile = replace(
        findings,
        answer=HOSTILE,
        curves={**curves, HOSTILE: curves["all"]},
        headline=None,
        comparisons=(),
        cumulative={},
        tables=(table,),
        versions={HOSTILE: HOSTILE},
    )
    page = page_of(hostile, tmp_path, faces=[replace(SHEET, caption=HOSTILE)])
    assert len(page.all("script")) == 3
    assert [image.attributes["alt"] for image in page.all("img")] == [HOSTILE]
    data = json.loads(page.by_id("plot-data").inside[0])
    assert data["strategies"][0]["name"] == HOSTILE
    assert page.by_id("table-figure4").all("td")[0].text() == HOSTILE


def test_the_same_findings_give_the_same_bytes(study_folder, tmp_path):
    written = []
    for name in ("first.html", "second.html"):
        found = find(read_study(study_folder), labelling_cost=0.5)
        write_page(found, tmp_path / name, how_to_repeat=COMMANDS, faces=[SHEET])
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_nothing_is_loaded_from_anywhere(document):
    for element in document.all():
        for name in ("src", "href", "data", "action", "poster", "srcset"):
            address = element.attributes.get(name) or "#"
            assert address.startswith(("#", "data:")), f"{name} of <{element.tag}>"
    styles = "".join(part for style in document.all("style") for part in style.inside)
    assert not re.search(r"url\(|@import|@font-face", styles)
    policy = next(m for m in document.all("meta") if "http-equiv" in m.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'")


def test_those_who_cannot_see_it_are_told_what_is_where(document):
    assert document.all("html")[0].attributes["lang"] == "en"
    assert document.all("title")[0].inside[0].strip()
    assert all(image.attributes["alt"] for image in document.all("img"))
    pictures = [e for e in document.all() if e.attributes.get("role") == "img"]
    assert len(pictures) == 4 + 6 + 1  # figures, regions, mean face
    assert all(picture.attributes["aria-label"] for picture in pictures)
    levels = [int(e.tag[1]) for e in document.all() if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_without_scripts_the_page_says_where_the_numbers_are(document):
    in_head, in_body = document.all("noscript")
    assert ".plot" in in_head.all("style")[0].inside[0]
    assert "tables below hold the same numbers" in in_body.all("p")[0].text()


def test_an_id_is_given_once(document):
    ids = [e.attributes["id"] for e in document.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [link.attributes["href"] for link in document.all("a")]
    assert {link[1:] for link in links} <= set(ids)


def test_faces_are_in_the_file_or_have_no_part(document, findings, tmp_path):
    (image,) = document.all("img")
    kind, _, content = image.attributes["src"].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content) == SHEET.png
    assert image.attributes["alt"] == SHEET.caption
    without = page_of(findings, tmp_path)
    assert not without.all("img")
    assert all(link.attributes["href"] != "#faces" for link in without.all("a"))


def test_commands_stand_as_they_are_typed(document):
    (code,) = document.all("code")
    assert code.text() == "\n".join(COMMANDS)


def test_plots_show_the_findings_in_per_cent(findings):
    data = plot_data(findings, marks(tuple(findings.curves["all"])))
    number = [s["name"] for s in data["strategies"]].index("finetune")
    jaw = next(region for region in data["regions"] if region["name"] == "jaw")
    for shown, point in zip(jaw["curves"][number], findings.curves["jaw"]["finetune"], strict=True):
        assert shown["n"] == point.n_real
        assert shown["value"] == pytest.approx(100 * point.mean.value, abs=1e-4)
        assert shown["low"] < shown["value"] < shown["high"]
        assert shown["runs"][2] == [2, pytest.approx(100 * point.runs[2], abs=1e-4)]


def test_an_exchange_beyond_the_sweep_ends_there_and_is_open(findings):
    beyond = replace(findings.headline, value=np.inf, low=700.0, high=np.inf)
    data = plot_data(replace(findings, headline=beyond), marks(tuple(findings.curves["all"])))
    assert data["exchange"]["value"] == data["exchange"]["high"] == 1000
    assert data["exchange"]["low"] == 700
    assert data["exchange"]["is_open"] == [False, True]
    unknown = replace(findings.headline, value=np.nan, low=0.0, high=np.inf, design=LONE)
    data = plot_data(replace(findings, headline=unknown), marks(tuple(findings.curves["all"])))
    assert data["exchange"] is None


def test_a_study_of_one_seed_has_a_page_that_claims_nothing(tmp_path):
    folder = write_study(tmp_path / "study", seeds=(0,), strategies=("real_only", "finetune"))
    page = page_of(find(read_study(folder)), tmp_path)
    assert "not enough seeds" in page.all("h1")[0].text()
    ids = {e.attributes.get("id") for e in page.all()}
    assert "figure4" in ids
    assert not ids & {"figure4b", "figure4c", "attribution"}
    assert "Open markers: one seed" in page.text()
    assert "Dots:" not in page.text()


def test_arrows_have_the_colour_of_label_adaptation(document):
    (figure,) = (f for f in document.all("figure") if f.attributes.get("class") == "mean-face")
    arrows = [path for path in figure.all("path") if path.attributes.get("class") == "move"]
    heads = figure.by_id("arrow-head").all("path")
    colours = {a.attributes["stroke"] for a in arrows} | {h.attributes["fill"] for h in heads}
    assert colours == {look("label_adaptation").colour}


def test_every_look_has_a_mark():
    assert {one.symbol for one in LOOKS.values()} <= set(PATHS)
    for mark in marks([*LOOKS, "a strategy of somebody"]):
        assert mark.colour == look(mark.name).colour


def test_small_moves_are_drawn_longer_and_large_ones_as_they_are():
    face = MEAN_FACE.astype(np.float64)
    moved = np.zeros_like(face)
    moved[8] = [0, 0.02]  # chin, 2 % down
    picture = draw_mean_face(Attribution(n_real=9, mean_face=face, moved=moved, parts=()))
    assert picture.magnified == 10
    assert picture.longest == pytest.approx(0.02)
    numbers = [float(x) for x in re.findall(r"-?[\d.]+", picture.arrows[8].path)]
    # 0.02 inter-ocular distances, ten times as long, 200 to the distance.
    assert np.subtract(numbers[2:], numbers[:2]) == pytest.approx([0, 40], abs=0.15)
    assert [arrow.has_head for arrow in picture.arrows].count(True) == 1
    closed = [path.endswith("Z") for path in picture.lines]
    assert closed == [False, False, False, False, False, True, True, True, True]
    moved[8] = [0, 0.3]
    picture = draw_mean_face(Attribution(n_real=9, mean_face=face, moved=moved, parts=()))
    assert picture.magnified == 1
