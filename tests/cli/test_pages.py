"""The commands of the pages about export and scoring are ones that these commands take."""

import importlib
from pathlib import Path

import pytest

from tests.test_readme import commands, landmarks_command

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["export", "score"])
def test_every_command_of_the_page_is_understood(page):
    own = [
        words
        for line in commands((DOCS / f"{page}.md").read_text())
        if (words := landmarks_command(line)) and words[0] == page
    ]
    assert len(own) >= 3
    for name, *arguments in own:
        importlib.import_module(f"landmarks.cli.{name}")._parser().parse_args(arguments)
