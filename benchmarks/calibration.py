"""How often the interval of the exchange rate contains the true value, on simulated studies.

python benchmarks/calibration.py                    # 500 studies for each row: minutes
python benchmarks/calibration.py --studies 20
python benchmarks/calibration.py --sizes 10 50 250  # real only at sizes far apart
"""

from collections.abc import Sequence

import numpy as np
from known_truth import SHAPES, SIZES, draw_study
from measuring import Row, arguments, machine, publish

from landmarks.analysis.exchange import LEVEL, exchange

SEEDS = (1, 2, 3, 5, 10)
N_REAL, N_EFF = 50, 140


def calibration(shape: str, seeds: int, studies: int, sizes: Sequence[int]) -> Row:
    """Simulate studies and count the intervals that contain the true value."""
    rng = np.random.default_rng([seeds, list(SHAPES).index(shape)])
    drawn = (
        draw_study(shape, n_real=N_REAL, n_eff=N_EFF, seeds=seeds, rng=rng, sizes=sizes)
        for _ in range(studies)
    )
    found = [one for study in drawn if (one := exchange(study, "finetune", N_REAL)) is not None]
    known = [one for one in found if one.is_known]
    covered = [one.low <= N_EFF <= one.high for one in known]
    ends = np.array([(one.low, one.high) for one in known]).reshape(-1, 2)
    low, high = np.median(ends, axis=0) if known else (np.nan, np.nan)
    return {
        "curve of real only": shape,
        "seeds": seeds,
        "contains the true value, %": f"{100 * np.mean(covered):.1f}" if known else "-",
        "median interval": f"{low:.0f} to {high:.0f}" if known else "not enough seeds",
        "not enough seeds, %": f"{100 * (1 - len(known) / studies):.1f}",
    }


def main() -> None:
    """Print the table and write it."""
    parser = arguments(__doc__, "calibration")
    parser.add_argument("--studies", type=int, default=500, help="for each row")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="of real only")
    given = parser.parse_args()
    if N_REAL not in given.sizes:
        parser.error(f"--sizes must include {N_REAL}, the size at which fine-tuning is run")
    print(f"fine-tuning with {N_REAL} is truly worth {N_EFF}; intervals of {100 * LEVEL:.0f} %\n")
    rows = [
        calibration(shape, seeds, given.studies, given.sizes) for shape in SHAPES for seeds in SEEDS
    ]
    settings = {"studies": given.studies, "sizes": list(given.sizes)}
    publish(rows, machine("numpy", "scipy"), given.out, **settings)


if __name__ == "__main__":
    main()
