"""Rendering speed by stage, image size and number of processes.

python benchmarks/render.py                      # 60 pictures each, on the CPU
python benchmarks/render.py --count 200 --device cuda

Machines differ and are shared: only compare numbers from the same run, as ratios.
"""

import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

# As when datasets are rendered: one thread of linear algebra per process, to avoid contention.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from measuring import arguments, machine, write

from landmarks.synthesis import studio as studio_module
from landmarks.synthesis.mesh.assembly import Assembly
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.renderer import RayCaster
from landmarks.synthesis.shading.tracer import Tracer
from landmarks.synthesis.storage.writers import write_face_synthetics
from landmarks.synthesis.studio import Studio

# What is timed: name of the stage, object that has the function, name of the function there.
STAGES: tuple[tuple[str, Any, str], ...] = (
    ("draw", Recipe, "draw"),
    ("head", Studio, "_pose"),
    ("blocks", Assembly, "place"),
    ("refit", Tracer, "load"),
    ("rays", Tracer, "trace"),
    ("background", studio_module, "paint"),
    ("camera", studio_module, "develop"),
    ("labels", Studio, "_label"),
)
SINGLE = RayCaster(edge_rays=0, shadow_rays=1)  # one ray a pixel, one shadow ray


@contextmanager
def timed(seconds: dict[str, float]) -> Iterator[None]:
    """Add up the time of each stage inside the block."""

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever is wrapped
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                seconds[name] += time.perf_counter() - start

        return wrapper

    patches = [
        patch.object(owner, attribute, counting(name, getattr(owner, attribute)))
        for name, owner, attribute in STAGES
    ]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def render(size: int, quality: RayCaster, device: str, count: int, start: int) -> dict[str, float]:
    """Render and write `count` pictures; returns seconds by stage and in total."""
    studio, recipe = Studio(device=device, renderer=quality), Recipe(name="benchmark")
    studio.render(recipe.draw(1, 0), size)  # compiles kernels and warms caches
    seconds: dict[str, float] = defaultdict(float)
    with tempfile.TemporaryDirectory() as folder, timed(seconds):
        begin = time.perf_counter()
        for index in range(start, start + count):
            picture = studio.render(recipe.draw(0, index), size)
            before = time.perf_counter()
            write_face_synthetics(Path(folder), f"{index:06}", picture, "contour")
            seconds["files"] += time.perf_counter() - before
        seconds["all"] = time.perf_counter() - begin
    return dict(seconds)


def measure(
    size: int, quality: RayCaster, device: str, processes: int, count: int
) -> dict[str, Any]:
    """Pictures per second of `processes` in parallel, and milliseconds by stage of the first."""
    share = count // processes
    work = partial(render, size, quality, device, share)
    with get_context("spawn").Pool(processes) as pool:
        runs = pool.map(work, [k * share for k in range(processes)], chunksize=1)
    return {
        "size": size,
        "edge_rays": quality.edge_rays,
        "shadow_rays": quality.shadow_rays,
        "processes": processes,
        "pictures_per_second": share * processes / max(run["all"] for run in runs),
        "milliseconds": {name: 1000 * runs[0][name] / share for name in runs[0]},
    }


def main() -> None:
    """Measure, print, write."""
    parser = arguments(__doc__, "render")
    parser.add_argument("--count", type=int, default=60, help="pictures of each measurement")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    options = parser.parse_args()
    description = f"{machine('warp-lang')}, {options.device}"
    print(description)
    stages = [name for name, _, _ in STAGES] + ["files"]
    print(f"{'size':>4} {'rays':>9} {'procs':>5} {'images/s':>8}  milliseconds an image:")
    print(" " * 30 + " ".join(f"{name:>10}" for name in [*stages, "all"]))
    rows = []
    for size in (128, 256):
        for quality in (SINGLE, RayCaster()):
            for processes in (1, 2):
                row = measure(size, quality, options.device, processes, options.count)
                rows.append(row)
                rays = f"1+{quality.edge_rays}e+{quality.shadow_rays}s"
                times = " ".join(f"{row['milliseconds'][name]:10.1f}" for name in [*stages, "all"])
                rate = row["pictures_per_second"]
                print(f"{size:4} {rays:>9} {processes:5} {rate:8.1f}  {times}", flush=True)
    write(options.out, {"machine": description, "rows": rows})


if __name__ == "__main__":
    sys.exit(main())
