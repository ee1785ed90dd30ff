"""Studies with known errors, and their findings; written once, read by all tests here."""

from pathlib import Path

import pytest

from landmarks.analysis.findings import Findings, find
from landmarks.analysis.study import Study, read_study
from tests.analysis.studies import CONTROLS, STRATEGIES, write_study


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six strategies at four sizes with three seeds, tested on rendered faces."""
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def study(study_folder: Path) -> Study:
    """The runs of `study_folder`."""
    return read_study(study_folder)


@pytest.fixture(scope="session")
def findings(study: Study) -> Findings:
    """The findings of `study`, with a price of 0.5 a label."""
    return find(study, labelling_cost=0.5)


@pytest.fixture(scope="session")
def one_seed(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Findings of two strategies with a single seed, tested on photographs."""
    folder = tmp_path_factory.mktemp("one_seed")
    write_study(folder, seeds=(0,), strategies=("real_only", "finetune"), rendered=False)
    return find(read_study(folder))


@pytest.fixture(scope="session")
def precise(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Findings with little noise and many photos, to compare estimates with the truth."""
    folder = write_study(
        tmp_path_factory.mktemp("precise"),
        faces=200,
        spread=0.004,
        strategies=("synthetic_only", "label_adaptation", "real_only", "finetune"),
    )
    return find(read_study(folder))


@pytest.fixture(scope="session")
def with_controls(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Findings of all strategies, their controls, and mixing with other shares."""
    shares = ("mixing_alpha_0.3", "mixing_alpha_0.7")
    folder = tmp_path_factory.mktemp("controls")
    names = (*STRATEGIES, *CONTROLS, *shares)
    return find(read_study(write_study(folder, strategies=names, sizes=(10, 50), seeds=(0, 1))))
