"""An HTML page taken apart, to be asked what it holds."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

UNSEEN = {"script", "style", "title", "noscript"}
EMPTY = {"meta", "link", "img", "input", "br"}


@dataclass
class Element:
    """A start tag, and the text and elements inside."""

    tag: str
    attributes: dict[str, str | None]
    inside: "list[Element | str]" = field(default_factory=list)

    def all(self, tag: str | None = None) -> "list[Element]":
        """Every element below, in the order of the page; of one tag if given."""
        own = [item for item in self.inside if isinstance(item, Element)]
        below = [found for item in own for found in (item, *item.all())]
        return [item for item in below if tag is None or item.tag == tag]

    def text(self) -> str:
        """What a reader sees."""
        if self.tag in UNSEEN:
            return ""
        parts = (item if isinstance(item, str) else item.text() for item in self.inside)
        return "".join(parts).strip() if self.tag == "td" else "".join(parts)

    def by_id(self, name: str) -> "Element":
        """The one element of this id."""
        (found,) = (item for item in self.all() if item.attributes.get("id") == name)
        return found


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("document", {})]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs))
        self.open[-1].inside.append(element)
        if tag not in EMPTY:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].inside.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].inside.append(data)


def parse(html: str) -> Element:
    """The page as a tree; every element that is opened must be closed in its order."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    (document,) = builder.open
    return document
