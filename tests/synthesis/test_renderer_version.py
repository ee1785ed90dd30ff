"""The pictures and labels of a scene change only with RENDERER_VERSION.

One tiny picture is compared with numbers stored beside this file, coarsely enough to hold on any
CPU. If the test fails after a change that was meant to change pictures, raise the version, then
store the new numbers with

    python -m tests.synthesis.test_renderer_version
"""

import json
from pathlib import Path

import numpy as np

from landmarks.synthesis.picture import Picture
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.renderer import RENDERER_VERSION
from landmarks.synthesis.scene.wear import WearRecipe
from landmarks.synthesis.studio import Studio

STORED = Path(__file__).with_name("renderer_version.json")
SIZE, BLOCKS = 64, 4
MAX_LEVEL = 1.0  # of 255, of a block's mean
MAX_SHIFT = 0.1  # pixels
HOW_TO_STORE = "store the new numbers with `python -m tests.synthesis.test_renderer_version`"
WHERE = "RENDERER_VERSION in landmarks/synthesis/renderer.py"

Numbers = dict[str, list]


def drawn(studio: Studio) -> Picture:
    wear = WearRecipe(glasses=1.0, headwear=1.0, occluders=1.0)
    return studio.render(Recipe(name="any", wear=wear).draw(0, 0), SIZE)


def numbers_of(picture: Picture) -> Numbers:
    step = SIZE // BLOCKS
    blocks = picture.image.reshape(BLOCKS, step, BLOCKS, step, 3).mean(axis=(1, 3))
    depth = np.median(picture.depth[np.isfinite(picture.depth)])
    return {
        "colours": blocks.round(1).tolist(),
        "contour": picture.labels.contour.round(2).tolist(),
        "surface": picture.labels.surface.round(2).tolist(),
        "pupils": picture.labels.pupils.round(2).tolist(),
        "depth": [round(float(depth) * 100, 1)],  # centimetres
    }


def fault(version: int, numbers: Numbers, stored: dict) -> str:
    """What to do about changed numbers; empty if they are those of the version."""
    if version != stored["version"]:
        return f"{WHERE} is {version}, was {stored['version']}; {HOW_TO_STORE}"
    changed = []
    for name, now in numbers.items():
        limit = MAX_LEVEL if name == "colours" else MAX_SHIFT
        difference = np.abs(np.array(now) - stored["numbers"][name]).max()
        if difference > limit:
            changed.append(f"{name} by {difference:.2f} (allowed: {limit})")
    if not changed:
        return ""
    return (
        f"pictures or labels changed ({', '.join(changed)}); if that was intended, raise {WHERE} "
        f"and {HOW_TO_STORE}"
    )


def test_pictures_and_labels_are_those_of_the_renderers_version(studio):
    stored = json.loads(STORED.read_text())
    message = fault(RENDERER_VERSION, numbers_of(drawn(studio)), stored)
    assert not message, message


def test_a_changed_picture_is_reported_with_the_constant_to_raise():
    stored = {"version": 3, "numbers": {"colours": [100.0], "contour": [20.0]}}
    assert fault(3, {"colours": [100.7], "contour": [20.05]}, stored) == ""
    assert f"raise {WHERE}" in fault(3, {"colours": [104.0], "contour": [20.0]}, stored)
    assert "contour by 0.20" in fault(3, {"colours": [100.0], "contour": [20.2]}, stored)
    assert "store the new numbers" in fault(4, {"colours": [100.0], "contour": [20.0]}, stored)


if __name__ == "__main__":
    made = {"version": RENDERER_VERSION, "numbers": numbers_of(drawn(Studio()))}
    STORED.write_text(json.dumps(made) + "\n")
