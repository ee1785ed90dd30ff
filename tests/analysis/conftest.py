"""A study with known errors, and what is found in it."""

from pathlib import Path

import pytest

from landmarks.analysis.findings import Findings, find
from landmarks.analysis.study import Study, read_study
from tests.analysis.studies import write_study


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
    """What `study` says, with a label at half a coin."""
    return find(study, labelling_cost=0.5)
