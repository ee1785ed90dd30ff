"""Pictures of predictions, for a visual check."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from landmarks.data.crops import FaceCrops
from landmarks.geometry import LandmarkCrop, crop_matrix, transform, warp
from landmarks.inference.face import Face, tight_box
from landmarks.inference.predictions import Predictions
from landmarks.storage.atomic import atomic_write, buffered_write

matplotlib.use("agg")

# Okabe and Ito's palette: distinguishable with any colour vision, and in grey.
TARGET, PREDICTED = "#56B4E9", "#F0E442"
BEST, MEDIAN, WORST = "#007A59", "#4D4D4D", "#D55E00"
COLUMNS = 8  # faces of each group
SIDE = 512  # pixels of a picture of one face


def chosen_faces(errors: NDArray[np.float64]) -> Mapping[str, NDArray[np.intp]]:
    """Indices of the faces to show: the best, those around the median, and the worst.

    Args:
        errors: (N,) of each face; faces without one (NaN) are not shown.

    Returns:
        Eight of each group, by increasing error; a third of all faces if there are fewer than 24.
    """
    order = np.argsort(errors, kind="stable")[: np.count_nonzero(~np.isnan(errors))]
    count = min(COLUMNS, max(1, len(order) // 3))
    middle = (len(order) - count) // 2
    return {
        "best": order[:count],
        "around the median": order[middle : middle + count],
        "worst": order[len(order) - count :],
    }


def draw_predictions(predictions: Predictions, crops: FaceCrops, title: str, path: Path) -> None:
    """Draw 24 test faces with predicted and target landmarks, one row per group."""
    errors = predictions.errors
    groups = chosen_faces(errors)
    columns = max(len(faces) for faces in groups.values())
    figure = Figure(figsize=(1.62 * COLUMNS, 6.2), layout="constrained")
    rows = figure.subfigures(len(groups), 1, squeeze=False)[:, 0]
    for row, (name, faces), colour in zip(rows, groups.items(), (BEST, MEDIAN, WORST), strict=True):
        row.suptitle(
            f"{name} of {len(errors)} faces", x=0.005, ha="left", fontsize=10, color=colour
        )
        for ax, i in zip(row.subplots(1, columns, squeeze=False)[0], faces, strict=True):
            _face(ax, predictions, crops, int(i))
            ax.set_title(f"NME {100 * errors[i]:.1f} %", fontsize=8)
            for side in ax.spines.values():
                side.set(color=colour, linewidth=2)
    figure.suptitle(title, fontsize=11)
    handles, labels = rows[0].axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper right", ncols=2, fontsize=9, markerscale=2.5, frameon=False
    )
    with atomic_write(path) as partial, buffered_write(partial) as file:
        figure.savefig(file, dpi=120, format="png")


def _face(ax: Axes, predictions: Predictions, crops: FaceCrops, i: int) -> None:
    """Draw the test crop of one face with its visible landmarks, as far as they are inside it."""
    ax.imshow(crops.crops(np.array([i]))[0], interpolation="lanczos")
    target, predicted = (
        transform(points[i, predictions.visible[i]], crops.to_canvas[i]) - crops.border
        for points in (predictions.target, predictions.predicted)
    )
    # Lines show which points belong together where the error is large.
    lines = np.stack([target, predicted], axis=1)
    ax.add_collection(LineCollection(list(lines), colors="white", linewidths=0.7, alpha=0.8))
    for points, colour, label in (
        (target, TARGET, "target"),
        (predicted, PREDICTED, "predicted"),
    ):
        x, y = points.T
        ax.scatter(x, y, s=5, c=colour, edgecolors="black", linewidths=0.25, label=label)
    ax.set_xlim(-0.5, crops.size - 0.5)
    ax.set_ylim(crops.size - 0.5, -0.5)
    ax.set_xticks([])
    ax.set_yticks([])


def draw_found(
    image: NDArray[np.uint8],
    landmarks: NDArray[np.float32],
    box: tuple[float, float, float, float],
    path: Path,
) -> None:
    """Draw one face with its predicted landmarks and the box that was given for it.

    Args:
        image: (H, W, 3) uint8 RGB.
        landmarks: (K, 2) pixels of `image`.
        box: (x0, y0, x1, y1) pixels of `image`.
        path: A JPEG file of 512 x 512 pixels, whatever the size of the face.
    """
    corners = np.array(box, np.float32).reshape(2, 2)
    seen = LandmarkCrop(1.15).square(np.concatenate([corners, landmarks]), None)
    matrix = crop_matrix(seen, SIDE)
    canvas = np.ascontiguousarray(warp(image, matrix, SIDE))
    first, last = (_sixteenths(corner) for corner in transform(corners, matrix))
    cv2.rectangle(canvas, first, last, _rgb(TARGET), 2, cv2.LINE_AA, 4)
    for point in transform(landmarks, matrix):
        for radius, colour in ((4.5, "#000000"), (3.5, PREDICTED)):
            centre = _sixteenths(point)
            cv2.circle(canvas, centre, int(16 * radius), _rgb(colour), -1, cv2.LINE_AA, 4)
    with buffered_write(path) as file:
        Image.fromarray(canvas).save(file, "JPEG", quality=90)


def draw_on_frame(image: NDArray[np.uint8], faces: Sequence[Face]) -> NDArray[np.uint8]:
    """A frame of a video, (H, W, 3) uint8 RGB, with the landmarks and tracks of its faces."""
    canvas = image.copy()
    for face in faces:
        x0, y0, x1, y1 = tight_box(face.points)
        radius = max(1.0, max(x1 - x0, y1 - y0) / 100)
        for point in face.points:
            cv2.circle(
                canvas, _sixteenths(point), int(16 * radius), _rgb(PREDICTED), -1, cv2.LINE_AA, 4
            )
        place, size = (round(x0), max(12, round(y0 - 4 * radius))), max(0.4, radius / 3)
        for colour, width in (("#000000", 4), ("#FFFFFF", 1)):
            cv2.putText(
                canvas, str(face.track), place, cv2.FONT_HERSHEY_SIMPLEX, size, _rgb(colour), width
            )
    return canvas


def _sixteenths(point: NDArray[np.float32]) -> tuple[int, int]:
    """Sixteenths of a pixel, the unit in which OpenCV draws."""
    x, y = (int(value) for value in np.rint(16 * point))
    return x, y


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
