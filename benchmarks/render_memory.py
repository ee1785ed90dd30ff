"""Peak memory of rendering, workers included, by number of faces.

python benchmarks/render_memory.py                       # 50 and 500 faces of 64 pixels, 2 workers
python benchmarks/render_memory.py --faces 1000 --size 256 --workers 1 4

Measures the whole command: `landmarks synthesize n=50 size=64 workers=2`.
"""

import sys
import tempfile

from measuring import Row, arguments, machine, publish
from memory import most_held


def measure(faces: int, workers: int, size: int) -> Row:
    """Peak memory of the command that renders `faces` faces."""
    with tempfile.TemporaryDirectory() as folder:
        options = {"n": faces, "workers": workers, "size": size, "out": folder}
        words = [f"{name}={value}" for name, value in options.items()]
        held = most_held([sys.executable, "-m", "landmarks", "synthesize", *words])
    return {
        "faces": faces,
        "workers": workers,
        "size": size,
        "processes": held.processes,
        "private MB": held.own,
        "resident MB": held.resident,
    }


def main() -> None:
    """Measure, print, write."""
    parser = arguments(__doc__, "render_memory")
    parser.add_argument("--faces", nargs="+", type=int, default=[50, 500], help="number of faces")
    parser.add_argument("--workers", nargs="+", type=int, default=[2], help="number of processes")
    parser.add_argument("--size", type=int, default=64, help="pixels of a side")
    options = parser.parse_args()
    description = machine("warp-lang")
    print(description)
    pairs = [(faces, workers) for workers in options.workers for faces in options.faces]
    publish([measure(*pair, options.size) for pair in pairs], description, options.out)


if __name__ == "__main__":
    main()
