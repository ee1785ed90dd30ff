"""Pictures of predictions: where people look before they believe a number."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landmarks.data.crops import FaceCrops
from landmarks.geometry import transform
from landmarks.results import Predictions

matplotlib.use("agg")

# Okabe and Ito's palette: told apart by people with any colour vision, and in grey.
TARGET, PREDICTED, WORST = "#56B4E9", "#F0E442", "#D55E00"
SHOWN = 16


def chosen_faces(errors: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[list[int], int]:
    """Indices of the faces to show, and how many of them, at the end, are the worst.

    Twelve spread evenly over the order of errors, from the best on, and the four worst.
    """
    order = np.argsort(errors, kind="stable")
    num_worst = min(4, len(order) // 4)
    rest = order[: len(order) - num_worst]
    spread = np.unique(np.linspace(0, len(rest) - 1, min(SHOWN - num_worst, len(rest))).astype(int))
    return [int(i) for i in [*rest[spread], *order[len(order) - num_worst :]]], num_worst


def draw_predictions(predictions: Predictions, crops: FaceCrops, title: str, path: Path) -> None:
    """Draw 16 test faces with predicted and target landmarks; the worst are framed."""
    faces, num_worst = chosen_faces(predictions.errors)
    columns = 4
    rows = -(-len(faces) // columns)
    figure = Figure(figsize=(10, 2.75 * rows + 0.7), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for ax in axes:
        ax.axis("off")
    for place, (ax, i) in enumerate(zip(axes, faces, strict=False)):
        is_worst = place >= len(faces) - num_worst
        ax.imshow(crops.images[i], interpolation="lanczos")
        _points(ax, transform(predictions.target[i], crops.to_canvas[i]), TARGET, "target")
        _points(ax, transform(predictions.predicted[i], crops.to_canvas[i]), PREDICTED, "predicted")
        label = f"NME {100 * predictions.errors[i]:.1f} %" + (" · among the worst" * is_worst)
        ax.set_title(label, fontsize=9, color=WORST if is_worst else "black")
        if is_worst:
            ax.add_patch(_frame(crops.images.shape[1]))
    figure.suptitle(title, fontsize=11)
    axes[0].legend(loc="lower left", fontsize=7, markerscale=2, framealpha=0.8)
    figure.savefig(path, dpi=110)


def _points(
    ax: Axes, landmarks: np.ndarray[tuple[int, int], np.dtype[np.float32]], colour: str, label: str
) -> None:
    x, y = landmarks.T
    ax.scatter(x, y, s=7, c=colour, edgecolors="black", linewidths=0.25, label=label)


def _frame(side: int) -> matplotlib.patches.Rectangle:
    return matplotlib.patches.Rectangle(
        (-0.5, -0.5), side, side, fill=False, edgecolor=WORST, linewidth=4
    )
