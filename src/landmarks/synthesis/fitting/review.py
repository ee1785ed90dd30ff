"""A picture to review the places of a scheme's landmarks: three heads with numbered landmarks."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import LandmarkScheme
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.expression import ExpressionRecipe
from landmarks.synthesis.scene.hair import HairRecipe
from landmarks.synthesis.scene.view import View
from landmarks.synthesis.scene.wear import WearRecipe
from landmarks.synthesis.studio import Studio

SIZE = 600  # pixels of a head
YAWS = (0.0, -38.0, 38.0)  # degrees
PEOPLE = (3, 8, 12)  # scenes of the recipe: different builds and ages
DOT, TEXT, UNDER = (240, 228, 66), (255, 255, 255), (20, 20, 20)  # RGB

_RECIPE = Recipe(
    name="review",
    expression=ExpressionRecipe(strength=0),
    hair=HairRecipe(amount=0, beards=0, stubble=0),
    wear=WearRecipe(glasses=0, headwear=0, occluders=0),
)


def review_picture(scheme: LandmarkScheme) -> NDArray[np.uint8]:
    """Draw the landmarks of a scheme, with their indices, on three heads side by side.

    Args:
        scheme: With a place for every landmark.

    Returns:
        (SIZE, 3 SIZE, 3) RGB.
    """
    studio = Studio()
    places = studio.places_of(scheme)
    heads = []
    for person, yaw in zip(PEOPLE, YAWS, strict=True):
        scene = _bare(_RECIPE.draw(0, person), yaw)
        picture = np.ascontiguousarray(studio.render(scene, SIZE).image)
        _draw(picture, studio.label(scene, SIZE, places).contour)
        heads.append(picture)
    return np.concatenate(heads, axis=1)


def _bare(scene: Scene, yaw: float) -> Scene:
    """The scene, seen from the front or from a side."""
    view = View(
        yaw=yaw,
        pitch=0.0,
        roll=0.0,
        neck=(0.0, 0.0, 0.0),
        distance=1.5,
        face_share=0.6,
        shift=(0.0, 0.0),
    )
    return replace(scene, view=view)


def _draw(picture: NDArray[np.uint8], points: NDArray[np.floating]) -> None:
    """Mark points with their indices; many are marked smaller."""
    scale = 0.45 if len(points) <= 100 else 0.3
    for k, (x, y) in enumerate(np.rint(points).astype(int).tolist()):
        cv2.circle(picture, (x, y), 3, UNDER, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(picture, (x, y), 2, DOT, cv2.FILLED, cv2.LINE_AA)
        for colour, width in ((UNDER, 3), (TEXT, 1)):
            at = (x + 4, y - 3)
            cv2.putText(
                picture, str(k), at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, width, cv2.LINE_AA
            )
