"""dlib or MediaPipe on given faces; run by detectors.py with the Python of their environment.

Reads {"images": [path, ...], "boxes": [[x0, y0, x1, y1], ...]} from a file and writes an .npz with
`landmarks` (N, 68, 2), NaN where no face was found, and `seconds` of CPU time for each face.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

# 68 of MediaPipe's 468 points, as most who compare them choose.
# fmt: off
MESH = [
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
    71, 63, 105, 66, 107, 336, 296, 334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
]
# fmt: on
MARGIN = 0.5  # of the box, on each side, that MediaPipe's own face finder sees
# dlib's square from the tight box of the landmarks: side by its longer side, centre moved down by
# that share of it. Found on 100 faces of HELEN.
DLIB_SCALE, DLIB_DOWN = 1.0, -0.1

Find = Callable[[np.ndarray, list[float]], np.ndarray]


def dlib_finder(scale: float = DLIB_SCALE, down: float = DLIB_DOWN) -> Find:
    """The shape predictor of 68 landmarks in the package face_recognition_models."""
    import dlib
    import face_recognition_models

    predictor = dlib.shape_predictor(face_recognition_models.pose_predictor_model_location())

    def find(image: np.ndarray, box: list[float]) -> np.ndarray:
        x0, y0, x1, y1 = box
        side = max(x1 - x0, y1 - y0)
        x, y, half = (x0 + x1) / 2, (y0 + y1) / 2 + down * side, scale * side / 2
        rect = dlib.rectangle(*(round(v) for v in (x - half, y - half, x + half, y + half)))
        shape = predictor(image, rect)
        return np.array([[p.x, p.y] for p in shape.parts()], float)

    return find


def mediapipe_finder() -> Find:
    """Face Mesh with refined lips and eyes."""
    import mediapipe as mp

    mesh = mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.1
    )

    def find(image: np.ndarray, box: list[float]) -> np.ndarray:
        x0, y0, x1, y1 = box
        margin = MARGIN * max(x1 - x0, y1 - y0)
        left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
        part = np.ascontiguousarray(image[top : int(y1 + margin), left : int(x1 + margin)])
        found = mesh.process(part).multi_face_landmarks
        if not found:
            return np.full((68, 2), np.nan)
        points = np.array([[p.x, p.y] for p in found[0].landmark])[MESH]
        # Fractions of the picture, from the corner of its first pixel.
        return points * [part.shape[1], part.shape[0]] - 0.5 + [left, top]

    return find


FINDERS = {"dlib": dlib_finder, "mediapipe": mediapipe_finder}


def main() -> None:
    """Arguments: which of both, the file to read, the file to write."""
    name, request, out = sys.argv[1:]
    asked = json.loads(Path(request).read_text())
    find = FINDERS[name]()
    landmarks, seconds = [], []
    for path, box in zip(asked["images"], asked["boxes"], strict=True):
        image = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
        start = time.process_time()
        landmarks.append(find(image, box))
        seconds.append(time.process_time() - start)
    np.savez(out, landmarks=np.array(landmarks, np.float32), seconds=np.array(seconds))


if __name__ == "__main__":
    main()
