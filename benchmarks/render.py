"""Rendering speed by stage, image size and number of processes.

python benchmarks/render.py                      # 60 pictures each, on the CPU
python benchmarks/render.py --count 200 --device cuda
python benchmarks/render.py --sizes 128 160 --clock cpu   # on a busy machine

Machines differ and are shared: only compare numbers from the same run, as ratios.
"""

import os
import sys
import tempfile
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

import warp as wp
from measuring import CLOCKS, arguments, machine, write

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
    ("load", Tracer, "load"),
    ("trace", Tracer, "trace"),
    ("background", studio_module, "paint"),
    ("camera", studio_module, "develop"),
    ("labels", Studio, "_label"),
)
# Kernels of "trace". Only on the CPU can each be timed: a GPU runs them in the background.
KERNELS = ("rasterise", "expose", "shadow", "develop", "rasterise_edges", "refine")
SINGLE = RayCaster(edge_rays=0, shadow_rays=1)  # one ray a pixel, one shadow ray


@contextmanager
def timed(seconds: dict[str, float], now: Callable[[], float]) -> Iterator[None]:
    """Add up the time of each stage and kernel inside the block."""

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever is wrapped
            start = now()
            try:
                return function(*args, **kwargs)
            finally:
                seconds[name] += now() - start

        return wrapper

    launch = Tracer._launch

    def launching(self: Tracer, kernel: wp.Kernel, *inputs: Any) -> None:  # noqa: ANN401
        counting(kernel.key, launch)(self, kernel, *inputs)

    patches = [patch.object(Tracer, "_launch", launching)]
    patches += [
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


def render(
    size: int, quality: RayCaster, device: str, clock: str, count: int, start: int
) -> dict[str, float]:
    """Render and write `count` pictures; returns seconds by stage and in total."""
    now = CLOCKS[clock]
    studio, recipe = Studio(device=device, renderer=quality), Recipe(name="benchmark")
    studio.render(recipe.draw(1, 0), size)  # compiles kernels and warms caches
    seconds: dict[str, float] = defaultdict(float)
    with tempfile.TemporaryDirectory() as folder, timed(seconds, now):
        begin = now()
        for index in range(start, start + count):
            picture = studio.render(recipe.draw(0, index), size)
            before = now()
            write_face_synthetics(Path(folder), f"{index:06}", picture, "contour")
            seconds["files"] += now() - before
        seconds["all"] = now() - begin
    return dict(seconds)


def measure(
    size: int, quality: RayCaster, device: str, clock: str, processes: int, count: int
) -> dict[str, Any]:
    """Pictures per second of `processes` in parallel, and milliseconds by stage of the first."""
    share = count // processes
    work = partial(render, size, quality, device, clock, share)
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
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256], help="pixels of a side")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: on busy machines")
    options = parser.parse_args()
    description = f"{machine('warp-lang')}, {options.device}"
    print(description)
    stages = [*(name for name, _, _ in STAGES), "files", "all", *KERNELS]
    print(f"{'size':>4} {'rays':>9} {'procs':>5} {'images/s':>8}  milliseconds an image:")
    print(" " * 30 + " ".join(f"{name:>15}" for name in stages))
    rows = []
    for size in options.sizes:
        for quality in (SINGLE, RayCaster()):
            for processes in (1, 2):
                row = measure(
                    size, quality, options.device, options.clock, processes, options.count
                )
                rows.append(row)
                rays = f"1+{quality.edge_rays}e+{quality.shadow_rays}s"
                taken = row["milliseconds"]
                times = " ".join(f"{taken.get(name, 0.0):15.1f}" for name in stages)
                rate = row["pictures_per_second"]
                print(f"{size:4} {rays:>9} {processes:5} {rate:8.1f}  {times}", flush=True)
    write(options.out, {"machine": description, "rows": rows})


if __name__ == "__main__":
    sys.exit(main())
