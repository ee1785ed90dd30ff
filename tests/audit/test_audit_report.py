"""What an audit prints and writes."""

import json
from dataclasses import dataclass, replace

import pytest

from landmarks.audit.audit import audit
from landmarks.audit.finding import Finding, Price
from landmarks.audit.material import Material
from landmarks.audit.report import headline, write_report
from landmarks.audit.table import table
from landmarks.data.toy import read_toy
from landmarks.errors import InputError


@dataclass(frozen=True)
class Planted:
    """Finds what it is told to find."""

    findings: tuple[Finding, ...]
    name: str = "planted"
    method: str = "Finds what it is told to."
    needs: str = "real"

    def looked_at(self, material):
        return material.counted([self.needs])

    def __call__(self, material):
        return list(self.findings)


FINDING = Finding(
    check="planted",
    data="real and test",
    fault="copies",
    text="3 faces are <twice> there.",
    fix="remove one of the two",
    faces=(3, 1),
    beside=(0, 2),
    price=Price(nme=0.01, low=0.008, high=0.012),
)


@pytest.fixture(scope="module")
def material():
    real, test = (read_toy(domain="stand_in", count=4, seed=s, size=96) for s in (0, 1))
    return Material(sets={"real": real, "test": test})


def test_the_table_says_what_is_found_what_it_costs_and_how_to_fix_it(material):
    text = table(audit(material, [Planted((FINDING,))]), 160)
    header, _, row = text.splitlines()[:3]
    assert header.split("  ")[0] == "check"
    assert "copies: 3 faces are <twice> there." in row
    assert "+1.00 %" in row
    assert "remove one of the two" in row


def test_the_table_says_what_was_looked_at_where_nothing_is_found(material):
    text = table(audit(material, [Planted(()), Planted((), needs="synthetic")]), 80)
    assert "planted: 4 real faces" in text
    assert text.endswith("Not checked, because the data are not given: planted")


def test_long_texts_are_wrapped_to_the_terminal(material):
    text = table(audit(material, [Planted((FINDING,))]), 90)
    assert max(map(len, text.splitlines())) <= 90


def test_the_page_shows_pairs_of_faces_and_needs_no_other_file(material, tmp_path):
    write_report(audit(material, [Planted((FINDING,))]), material, tmp_path)
    page = (tmp_path / "audit.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 4
    assert "&lt;twice&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "1 finding, 1 check run" in page


def test_the_json_names_the_faces(material, tmp_path):
    write_report(audit(material, [Planted((FINDING,))]), material, tmp_path)
    (finding,) = json.loads((tmp_path / "audit.json").read_text())["findings"]
    real, test = (material.sets[role].faces for role in ("real", "test"))
    assert finding["faces"] == [real[3].id, real[1].id]
    assert finding["beside"] == [test[0].id, test[2].id]
    assert finding["price"]["nme"] == 0.01


def test_an_image_that_cannot_be_read_leaves_a_place_on_the_page(tmp_path):
    faces = read_toy(domain="stand_in", count=2, seed=0, size=96)
    broken = Broken(faces.faces[1].image)
    dataset = replaced_image(faces, 1, broken)
    material = Material(sets={"real": dataset})
    finding = Finding(check="c", data="real", fault="f", text="t", fix="x", faces=(1,))
    write_report(audit(material, [Planted((finding,))]), material, tmp_path)
    assert "The image cannot be read." in (tmp_path / "audit.html").read_text()


def test_counts_are_said_as_people_say_them(material):
    assert material.counted() == "4 real and 4 test faces"
    assert material.counted(["test"], most=3) == "3 test faces"
    assert material.counted(["synthetic"]) == ""
    assert headline(audit(material, [Planted(())])) == "no findings, 1 check run"


@dataclass(frozen=True)
class Broken:
    """An image that cannot be decoded."""

    image: object
    variant: str = ""

    def read(self):
        raise InputError("broken")

    def shape(self):
        return self.image.shape()

    def content(self):
        return "broken"


def replaced_image(dataset, i, image):
    faces = list(dataset.faces)
    faces[i] = replace(faces[i], image=image)
    return replace(dataset, faces=tuple(faces))
