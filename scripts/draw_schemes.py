"""Draw every shipped scheme on one rendered head, for the documentation.

python scripts/draw_schemes.py docs/results/schemes.jpg
"""

import sys

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import LandmarkScheme, load_scheme
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.scene import Scene
from landmarks.synthesis.scene.hair import HairRecipe
from landmarks.synthesis.scene.view import ViewRecipe
from landmarks.synthesis.scene.wear import WearRecipe
from landmarks.synthesis.studio import Studio

ORDER = (
    ("five_points", "aflw19", "cofw29"),
    ("ibug51", "ibug68", "wflw98"),
    ("lapa106", "dense", "mediapipe468"),
)
SIZE = 320  # pixels of a head
DRAWN = 2  # times larger while drawing
LINE, SEEN, HIDDEN = (90, 160, 230), (240, 228, 66), (213, 94, 0)  # RGB


def main() -> None:
    """Write the picture that is named on the command line."""
    studio, scene = Studio(), turned_face()
    image = studio.render(scene, SIZE * DRAWN).image
    rows = [
        np.concatenate([drawn(studio, scene, image, load_scheme(name)) for name in row], axis=1)
        for row in ORDER
    ]
    sheet = np.concatenate(rows)
    if not cv2.imwrite(sys.argv[1], sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88]):
        raise SystemExit(f"{sys.argv[1]} cannot be written")


def turned_face() -> Scene:
    """A bald face without beard or glasses, turned a little to a side."""
    recipe = Recipe(
        name="any",
        hair=HairRecipe(amount=0.0, beards=0.0, stubble=0.0),
        wear=WearRecipe(glasses=0.0, headwear=0.0, occluders=0.0),
        view=ViewRecipe(yaw=0.0, pitch=0.0, roll=0.0, wide=0.0, face_share=(0.62, 0.62)),
    )
    return recipe.draw(21, 0)


def drawn(
    studio: Studio, scene: Scene, image: NDArray[np.uint8], scheme: LandmarkScheme
) -> NDArray[np.uint8]:
    """The picture with the lines, landmarks and the name of a scheme."""
    labels = studio.label(scene, len(image), studio.places_of(scheme))
    sheet = image.copy()
    fine = np.rint(labels.contour * 16).astype(int)
    for along in scheme.lines.values():
        cv2.polylines(sheet, [fine[list(along)]], False, LINE, DRAWN, cv2.LINE_AA, 4)
    radius = round(16 * (3.6 if scheme.num_landmarks < 150 else 2.4))
    for point, seen in zip(fine.tolist(), labels.visible.tolist(), strict=True):
        cv2.circle(sheet, point, radius, SEEN if seen else HIDDEN, cv2.FILLED, cv2.LINE_AA, 4)
    cv2.putText(
        sheet, scheme.name, (12, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2, cv2.LINE_AA
    )
    small = cv2.resize(sheet, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


if __name__ == "__main__":
    main()
