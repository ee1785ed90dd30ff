"""The two domains of drawn faces, which differ as rendered and photographed ones do.

`SYNTHETIC` labels fixed points of the head, hidden or not, as renderers do. `REAL` plays the part
of photos: it looks otherwise, and it labels what an annotator sees, with habits and a shaky hand.
Nothing in it is a photo, so its name, which every output shows, is the stand-in.
"""

from dataclasses import dataclass
from typing import Final

from landmarks.data.toy.drawing import Look
from landmarks.data.toy.head import Variation
from landmarks.data.toy.labels import Convention


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Faces that look alike and are labelled alike.

    Attributes:
        name: What configurations and outputs call it.
        code: Its share in the seed of a face.
        title: For people.
        variation: Which heads there are.
        look: What their pictures look like.
        convention: What their landmarks mean.
        shared_photo: Of so many consecutive faces, the first two share a photo; 0: none do.
    """

    name: str
    code: int
    title: str
    variation: Variation
    look: Look
    convention: Convention
    shared_photo: int = 0


SYNTHETIC: Final = Domain(
    name="synthetic",
    code=1,
    title="synthetic domain",
    variation=Variation(),
    look=Look(
        skins=((250, 218, 196), (228, 178, 144), (176, 122, 88), (104, 70, 52)),
        hairs=((28, 22, 22), (92, 60, 36), (170, 126, 70), (206, 180, 120)),
    ),
    convention=Convention(),
)

REAL: Final = Domain(
    name="stand_in",
    code=2,
    title="stand-in domain",
    variation=Variation(
        spread=1.4,
        offsets=(
            ("face_width", 0.05),
            ("jaw_width", 0.06),
            ("eye_size", -0.08),
            ("nose_width", 0.02),
            ("mouth_height", 0.02),
        ),
        yaw=22.0,
        pitch=9.0,
        roll=11.0,
        open_mouths=0.45,
        heights=(0.40, 0.62),
    ),
    look=Look(
        skins=((240, 200, 186), (206, 160, 128), (150, 108, 82), (82, 58, 48)),
        hairs=((20, 18, 20), (58, 42, 34), (128, 100, 74), (150, 148, 146)),
        clutter=(8, 22),
        light=0.7,
        cast=0.08,
        grain=4.0,
        texture=10.0,
        blur=0.007,
        jpeg=(30, 85),
        extras=0.16,
    ),
    convention=Convention(
        contour=1.0,
        jaw_along=0.035,
        jaw_outward=0.02,
        brow_up=0.03,
        nose_down=0.015,
        mouth_outward=0.012,
        shake=0.01,
    ),
    shared_photo=20,
)

DOMAINS: Final = {domain.name: domain for domain in (SYNTHETIC, REAL)}
"""By name."""
