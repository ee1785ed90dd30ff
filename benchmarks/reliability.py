"""Does a detector know how far its landmarks can be trusted? On rendered faces and on photos.

python benchmarks/reliability.py --rendered held_out --root 300W --folders afw helen/trainset

Boxes are tight around the true landmarks, moved and scaled at random as a face finder would. Of the
rendered faces those count that `scripts/bundle.py` did not fit on. A landmark that is hidden on a
photo is not known, so visibility is measured on rendered faces alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from measuring import Row, arguments, machine, publish
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr
from tqdm import tqdm

from landmarks.data.dataset import FaceDataset
from landmarks.data.rendered import hidden_landmarks, read_rendered
from landmarks.data.unlabelled import noisy_box
from landmarks.data.w300 import read_w300
from landmarks.inference.detector import Detector
from landmarks.inference.reliability import TOLERANCE

FITTED = 2000  # of the rendered faces: scripts/bundle.py
MEASURED = 500
BOX_NOISE = 0.05
BINS = 10


@dataclass(frozen=True)
class Said:
    """Of N faces, (N, K) each; distances are shares of the crop's side.

    Attributes:
        where: Name of the faces.
        error: True distance.
        expected: What the detector expects.
        confidence: Its probability that the distance is at most `TOLERANCE`.
        visible: Its probability that the landmark is seen.
        hidden: Whether something hides it; None: not known.
    """

    where: str
    error: NDArray[np.float64]
    expected: NDArray[np.float64]
    confidence: NDArray[np.float64]
    visible: NDArray[np.float64]
    hidden: NDArray[np.bool_] | None


def said(
    detector: Detector, where: str, faces: FaceDataset, hidden: NDArray[np.bool_] | None
) -> Said:
    """Ask the detector about every face."""
    rng = np.random.default_rng(0)
    rows = []
    for face in tqdm(faces.faces, desc=where, unit="face"):
        box = noisy_box(face.landmarks, BOX_NOISE, rng)
        (found,) = detector(face.image.read(), boxes=[box])
        corners = np.array([box[:2], box[2:]], np.float32)
        side = detector.crop.square(corners, box).side
        error = np.linalg.norm(found.points - face.landmarks, axis=1)
        rows.append((error / side, found.error / side, found.confidence, found.visible))
    return Said(where, *np.array(rows).transpose(1, 0, 2).astype(np.float64), hidden)


def auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Probability that a positive one has the larger score (Mann and Whitney, 1947)."""
    ranks, count = rankdata(scores), int(positive.sum())
    above = ranks[positive].sum() - count * (count + 1) / 2
    return float(above / (count * (len(scores) - count)))


def row(one: Said) -> Row:
    """What a table says of a set."""
    of_landmarks = spearmanr(one.expected.ravel(), one.error.ravel()).statistic
    of_faces = spearmanr(one.expected.mean(axis=1), one.error.mean(axis=1)).statistic
    shown = {"visibility AUC": "-", "hidden": "-"}
    if one.hidden is not None:
        shown["visibility AUC"] = f"{auc(1 - one.visible.ravel(), one.hidden.ravel()):.3f}"
        shown["hidden"] = (
            f"{100 * one.hidden.mean():.1f} %, expected {100 * (1 - one.visible).mean():.1f} %"
        )
    return {
        "faces": f"{one.where} ({len(one.error)})",
        "error / expected": f"{one.error.mean() / one.expected.mean():.2f}",
        "within 3 %": f"{100 * (one.error <= TOLERANCE).mean():.1f} %",
        "mean confidence": f"{100 * one.confidence.mean():.1f} %",
        "rank correlation, landmarks": f"{of_landmarks:.2f}",
        "rank correlation, faces": f"{of_faces:.2f}",
        **shown,
    }


def bins(by: NDArray[np.float64], values: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """Means of both in tenths of `by`."""
    order = np.argsort(by.ravel(), kind="stable")
    for part in np.array_split(order, BINS):
        yield float(by.ravel()[part].mean()), float(values.ravel()[part].mean())


def draw(all_said: list[Said], path: Path) -> None:
    """Expected against true error, and confidence against the share within the tolerance."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for one in all_said:
        left.plot(
            *zip(*bins(100 * one.expected, 100 * one.error), strict=True), "o-", label=one.where
        )
        within = (one.error <= TOLERANCE).astype(float)
        right.plot(*zip(*bins(one.confidence, within), strict=True), "o-", label=one.where)
    for ax, limit in ((left, max(left.get_xlim()[1], left.get_ylim()[1])), (right, 1.0)):
        ax.plot([0, limit], [0, limit], "--", color="grey", linewidth=1, label="calibrated")
    left.set(xlabel="expected error, % of the crop's side", ylabel="mean error")
    right.set(xlabel="confidence", ylabel="share of landmarks within 3 %")
    left.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def main() -> None:
    """Print the table, write it and the figure."""
    parser = arguments(__doc__, "reliability")
    parser.add_argument("--rendered", type=Path, required=True, help="the folder for bundle.py")
    parser.add_argument("--root", type=Path, help="of 300-W")
    parser.add_argument("--folders", nargs="+", default=["afw"])
    parser.add_argument("--detector", type=Path, help="default: the bundled one")
    parser.add_argument("--figure", type=Path, help="SVG")
    options = parser.parse_args()
    detector = Detector.load(options.detector) if options.detector else Detector.load()
    rendered = read_rendered(options.rendered, start=FITTED, first=MEASURED)
    hidden = hidden_landmarks(options.rendered, start=FITTED, first=MEASURED)
    measured = [said(detector, "rendered", rendered, hidden)]
    if options.root:
        measured += [
            said(detector, folder, read_w300(options.root, folders=[folder]), None)
            for folder in options.folders
        ]
    publish([row(one) for one in measured], machine("torch"), options.out)
    if options.figure:
        draw(measured, options.figure)


if __name__ == "__main__":
    main()
