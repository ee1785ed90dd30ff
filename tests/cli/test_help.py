"""The --help of each command agrees with its options."""

import re

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from landmarks.cli.hydra_command import CONFIGS

COMMANDS = ["train", "evaluate", "synthesize", "audit"]


def composed(command, *words):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose(command, list(words), return_hydra_config=True)


def template(command):
    return OmegaConf.load(CONFIGS / "hydra" / "help" / f"{command}.yaml").template


def part(command, title, end):
    return re.search(rf"^{title}.*?:\n(.*?)\n\n{end}:", template(command), re.S | re.M)[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_screen_and_is_what_hydra_shows(command):
    assert len(template(command).splitlines()) < 60
    assert composed(command).hydra.help.template == template(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_the_help_is_there_with_its_default(command):
    cfg = composed(command)
    OmegaConf.set_struct(cfg, False)
    if command in ("audit", "train"):  # data that have folders
        cfg.data = composed(command, "data=w300_face_synthetics").data
    options = re.findall(r"^  (\S+?)=(\S+)", part(command, "Options", "Examples"), re.M)
    assert len(options) >= 7
    for key, default in options:
        parent, _, name = key.rpartition(".")
        place = OmegaConf.select(cfg, parent) if parent else cfg
        choices = cfg.hydra.runtime.choices
        chosen = choices[key] if key in choices else OmegaConf.to_container(place)[name]
        shown = "null" if chosen is None else str(chosen).replace("'", "").replace(" ", "")
        assert default in (shown, shown.lower(), "..."), key


@pytest.mark.parametrize("command", COMMANDS)
def test_the_choices_of_the_help_are_the_files(command):
    text = re.sub(r" \(@.*", "", part(command, "Choices", "All options").replace(",\n", ", "))
    text = text.replace("and the controls ", "")
    found = re.findall(r"^  ([a-z]\S+)\s+(\S.*)", text, re.M)
    assert found
    for group, options in found:
        assert group in composed(command).hydra.runtime.choices, group
        files = {path.stem for path in (CONFIGS / group.split("@")[0]).glob("*.yaml")}
        assert {option.strip() for option in options.split(",")} == files, group
