"""Figures for a paper, drawn and taken apart."""

from pathlib import Path
from xml.etree import ElementTree

from matplotlib.colors import to_hex

from landmarks.analysis.paper.figures import FIGURES
from landmarks.analysis.paper.style import paper_style
from landmarks.analysis.styles import style_of

FINETUNE = style_of("finetune").colour


def draw(name, findings):
    with paper_style():
        figure = FIGURES[name](findings)
        figure.draw_without_rendering()
        return figure


def texts(svg: Path) -> str:
    found = ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")
    return " ".join(" ".join("".join(text.itertext()) for text in found).split())


def small_print(figure) -> str:
    return " ".join(figure.get_supxlabel().split())


def lines_of(ax, colour):
    """(x, y) of the lines through more than one point."""
    return [
        (list(line.get_xdata()), list(line.get_ydata()))
        for line in ax.lines
        if to_hex(line.get_color()) == colour.lower() and len(line.get_xdata()) > 1
    ]
