"""Paths and other text on the command line, quoted before Hydra's grammar sees them."""

import inspect
from pathlib import Path
from typing import get_args

import hydra
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from landmarks.cli.grid import grid, parse
from landmarks.cli.hydra_command import CONFIGS
from landmarks.cli.quoting import PATHS, quoted
from tests.cli.test_command_line import SMALL, results
from tests.processes import forked
from tests.waiting import PATIENCE


def value(argument, *before):
    """What Hydra reads in an argument once it is quoted."""
    return OverridesParser.create().parse_override(quoted([*before, argument])[-1]).value()


ODD = [
    "~/photos",
    "fotos_josé",
    "写真",
    "my photos (2)",
    "[2024] trip",
    "[2024]",
    "{a}",
    "O'Brien",
    'the "best"',
    "'tis",
    "a,b",
    "a=b",
    "a#b",
    "A&B;C!",
    "2024_01_31",
    "2024",
    "1e5",
    "true",
    "C:\\photos\\new\\",
    "\\\\server\\a'b",
]


@pytest.mark.parametrize("path", ODD)
def test_a_path_is_text_whatever_it_is_made_of(path):
    assert value(f"data.test.root={path}") == path
    assert value(f"+data.test.images={path}") == path


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="$\\"), min_size=1)
)
def test_no_text_of_a_path_is_a_syntax_error(path):
    read = value(f"out={path}")
    assert read in (path, path.strip(), path.strip("'\""), None)


@pytest.mark.parametrize("path", [x for x in ODD if "," not in x and "'" not in x and '"' not in x])
def test_a_sweep_over_paths_has_each_as_text(path):
    argument = quoted(["-m", f"data.real.root=plain,{path}"])[1]
    points = grid(parse([argument]))
    assert [parse(point)[0].value() for point in points] == ["plain", path]


@pytest.mark.parametrize(
    "argument",
    [
        "n_real=10,50",
        "model.network.widths=[8,16]",
        "+data.real={root: photos, first: 3}",
        "out=runs/${n_real}",
        "out='my runs'",
        'out="a","b"',
        "out=choice(a,b)",
        "strategy=glob(real_*)",
        "out=null",
        "out=",
        "~data.real",
        "--cfg",
        "hydra/launcher=joblib",
    ],
)
def test_what_hydra_understands_stays_as_it_is(argument):
    assert quoted(["-m", argument]) == ["-m", argument]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("data.test.folders=[josé,a b,2024]", ["josé", "a b", 2024]),
        ("+data.test={root: ~/photos, first: 3}", {"root": "~/photos", "first": 3}),
        ("model.network.backbone=résnet", "résnet"),
        ("out=José/${n_real}", "José/${n_real}"),
    ],
)
def test_text_in_lists_and_in_other_options_is_quoted_where_it_must_be(argument, expected):
    assert value(argument) == expected


def test_every_option_that_takes_a_path_is_known_by_its_name():
    taken = {"artifacts", "dir", "out", "run"}  # of commands and of Hydra
    for file in (CONFIGS / "faces").glob("*.yaml"):
        reader = hydra.utils.get_method(OmegaConf.load(file)["_target_"])
        parameters = inspect.signature(reader, eval_str=True).parameters.values()
        taken |= {p.name for p in parameters if Path in (*get_args(p.annotation), p.annotation)}
    assert taken <= PATHS
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        for command in ("train", "evaluate", "synthesize", "audit"):
            assert {"out"} <= set(compose(command)) & PATHS


def test_a_run_lands_in_a_folder_of_any_name_alone_and_in_a_sweep(tmp_path):
    folder = "José's runs (2) [a]=b #1"
    done = forked("train", *SMALL, f"out={folder}", cwd=tmp_path, patience=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert [str(path.parent) for path in results(tmp_path)] == [folder]
    out = "out=写真/2024_01_31/${seed}"
    swept = forked("train", "-m", *SMALL, "seed=0,1", out, cwd=tmp_path, patience=PATIENCE)
    assert swept.returncode == 0, swept.stderr
    assert [str(path.parent) for path in results(tmp_path / "写真")] == [
        "2024_01_31/0",
        "2024_01_31/1",
    ]
    run = f"run={folder}"
    words = [run, "faces@data.test=toy", "data.test.count=4", "out=~/tested é"]
    tested = forked("evaluate", *words, cwd=tmp_path, patience=PATIENCE, HOME=str(tmp_path))
    assert tested.returncode == 0, tested.stderr
    assert (tmp_path / "tested é" / "evaluation.json").is_file()
