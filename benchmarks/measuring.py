"""Shared by the benchmarks: description of the machine, interleaved timing, tables, JSON files.

Machines differ and are shared, so only numbers from the same run can be compared. Whatever is
compared is measured in turn for several rounds, and reported as a median and a ratio.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

OUT = Path("outputs/benchmarks")
PROCESSORS = Path("/proc/cpuinfo")  # Linux only

# Wall time, or CPU time of this process. On a busy machine CPU time is more reliable for a single
# thread, but it is meaningless with several threads or with workers.
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}

Row = dict[str, Any]
Now = Callable[[], float]
Name = TypeVar("Name")


def machine(*packages: str) -> str:
    """Description of the machine: processor, Python, versions of `packages`, load at the start."""
    lines = PROCESSORS.read_text().splitlines() if PROCESSORS.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = models[0] if models else platform.processor() or platform.machine()
    python = f"Python {platform.python_version()}"
    versions = [f"{name} {version(name)}" for name in packages]
    busy = f"load {os.getloadavg()[0]:.1f} before"
    return ", ".join([processor, f"{os.cpu_count()} cores", python, *versions, busy])


def arguments(about: str | None, name: str) -> argparse.ArgumentParser:
    """A parser with the option that all benchmarks have.

    Args:
        about: The benchmark's docstring; its first line becomes the description.
        name: Name of the JSON file.
    """
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT / f"{name}.json", help="JSON file")
    return parser


def add_loop_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the benchmarks that train."""
    parser.add_argument("--models", nargs="+", default=["unet"], help="files of configs/model")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="torch threads")
    parser.add_argument("--workers", nargs="+", type=int, default=[0, 1], help="data workers")
    parser.add_argument("--batch", type=int, default=16, help="faces in a batch")
    add_clock_argument(parser)


def add_clock_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that selects the clock."""
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="cpu: CPU time of one thread, on a busy machine",
    )


def loop_clock(options: argparse.Namespace) -> Now:
    """The clock of a benchmark that trains; exits if CPU time would miss threads or workers."""
    if options.clock == "cpu" and (options.threads != [1] or options.workers != [0]):
        sys.exit("--clock cpu measures one thread of one process; add --threads 1 --workers 0")
    return CLOCKS[options.clock]


def in_turn(works: Mapping[Name, Callable[[], float]], repeats: int) -> dict[Name, list[float]]:
    """Call every function once per round, for `repeats` rounds; returns what each returned.

    They take turns, so that other load on the machine affects all of them alike. Results are also
    printed to standard error as they arrive.
    """
    figures: dict[Name, list[float]] = {name: [] for name in works}
    for number in range(1, repeats + 1):
        for name, work in works.items():
            figures[name].append(work())
            print(f"round {number}, {name}: {figures[name][-1]:.4g}", file=sys.stderr, flush=True)
    return figures


def ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """Median over the rounds of the first number divided by the second."""
    return median(one / other for one, other in zip(ones, others, strict=True))


def per_second(work: Callable[[], object], count: int, now: Now) -> float:
    """Items per second by the clock `now`, where one call of `work` processes `count` items."""
    begin = now()
    work()
    return count / (now() - begin)


@dataclass
class Clock:
    """Measures the speed of a training: pass it to `fit` as `on_progress`.

    The first call starts the clock, so that compilation and warm-up do not count.

    Attributes:
        now: Returns the time in seconds.
    """

    now: Now = time.perf_counter
    marks: list[tuple[int, float]] = field(default_factory=list)

    def __call__(self, step: int, *_: float) -> None:
        """Record the time of `step`."""
        self.marks.append((step, self.now()))

    def per_second(self, batch_size: int) -> float:
        """Faces per second between the first call and the last."""
        (first, begin), (last, end) = self.marks[0], self.marks[-1]
        return (last - first) * batch_size / (end - begin)


def table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table, with a column for each key of the first row except lists."""
    columns = [key for key, value in rows[0].items() if not isinstance(value, list)]
    lines = [columns, ["---"] * len(columns)]
    lines += [[_cell(row[key]) for key in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def publish(rows: Sequence[Row], description: str, out: Path, **more: object) -> None:
    """Print the table; write it with the machine's description and `more` to a JSON file."""
    print(table(rows))
    write(out, {"machine": description, "rows": list(rows), **more})


def write(out: Path, values: Mapping[str, Any]) -> None:
    """Write a JSON file and print its path."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(values, indent=2) + "\n")
    print(f"written to {out}")
