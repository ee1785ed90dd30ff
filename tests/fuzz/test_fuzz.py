"""Whatever a file holds: one line or the right data; no hang, no flood, nothing read elsewhere.

`python -m tests.fuzz --help` tries more mutations, or one of them again.
"""

from pathlib import Path

import pytest

from landmarks.data.images import ImageFile
from tests.fuzz.campaign import campaign
from tests.fuzz.images import FULL, full_png
from tests.fuzz.subjects import SUBJECTS
from tests.fuzz.watch import Watch
from tests.processes import FORKS
from tests.waiting import PATIENCE

# Those that train, or read a whole sweep, take a second for each mutation.
QUICK = [
    name
    for name in SUBJECTS
    if not any(word in name for word in ("sweep", "artifacts", "checkpoint", "evaluated"))
]
SLOW_SEEDS = 100
SLOWEST_SEEDS = 25


def check(jobs, folder):
    reports = campaign(jobs, folder)
    failures = [str(failure) for report in reports.values() for failure in report.failures]
    assert not failures, "\n".join(failures)
    return reports


def test_a_few_mutations_of_everything_that_is_read(tmp_path):
    jobs = [(name, seed) for name in QUICK for seed in range(1_000_000, 1_000_003)]
    reports = check(jobs, tmp_path)
    assert sum(report.tried for report in reports.values()) == len(jobs)
    assert min(report.refused + report.accepted for report in reports.values()) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_many_mutations(tmp_path, name):
    seeds = range(SLOW_SEEDS if name in QUICK else SLOWEST_SEEDS)
    (report,) = check([(name, seed) for seed in seeds], tmp_path).values()
    assert report.refused + report.accepted == len(seeds)


def _read_full(kind: str, folder: Path) -> None:
    path = folder / "full.png"
    path.write_bytes(full_png(kind))
    watch = Watch()
    with watch.limits(folder):
        shape = ImageFile(path).read().shape
    assert shape == (8000, 8000, 3)
    assert not watch.beyond, watch.beyond


@pytest.mark.slow
@pytest.mark.parametrize("kind", FULL)
def test_the_largest_images_that_are_read_take_no_more_than_a_gigabyte(tmp_path, kind):
    process = FORKS.Process(target=_read_full, args=(kind, tmp_path))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 0
