"""Fixtures that several test modules share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from landmarks.data.crops import FaceCrops, make_crops
from landmarks.data.toy import read_toy
from landmarks.geometry import LandmarkCrop
from landmarks.models.architecture import Architecture
from tests.small import small_architecture

# One thread, here and in the processes that tests start: threads of small networks on a busy
# machine mostly wait for one another.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest module first, so that no core waits for it at the end."""
    items.sort(key=lambda item: item.path.name != "test_readme.py")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests, and the processes that they start, keep nothing in the user's cache."""
    os.environ["LANDMARKS_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session", autouse=True)
def cpu_without_bfloat16() -> Iterator[None]:
    """Tests compute in float32 on every CPU; those about precision fake what the CPU can do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("landmarks.training.device._cpu_has_bfloat16", lambda: False)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files in the real formats, which are not part of the project."""
    root = os.environ.get("LANDMARKS_SHARED_DATA")
    if not root or not Path(root).is_dir():
        pytest.skip("LANDMARKS_SHARED_DATA does not name a folder of real data")
    return Path(root)


@pytest.fixture(scope="session")
def toy_crops(tmp_path_factory: pytest.TempPathFactory) -> FaceCrops:
    """Forty drawn faces at 64 pixels."""
    directory = tmp_path_factory.mktemp("crops")
    dataset = read_toy(count=40, domain="stand_in", seed=5)
    make_crops(dataset, LandmarkCrop(1.35), 64, directory)
    return FaceCrops(directory, 64, dataset.scheme)


@pytest.fixture
def architecture() -> Architecture:
    """See `small_architecture`."""
    return small_architecture()
