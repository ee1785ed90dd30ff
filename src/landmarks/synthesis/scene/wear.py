"""Clothes and accessories: glasses, headwear, clothes, and objects in front of the face."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from landmarks.synthesis.colour import RGB, linear, muted
from landmarks.synthesis.ranges import check_share


@dataclass(frozen=True, kw_only=True)
class Glasses:
    """A pair of glasses.

    Attributes:
        width: Half width of a lens on an average face, metres; scaled with the eyes' distance.
        height: Half height of a lens, metres.
        squareness: Exponent of the lens's super-ellipse; 2 is an ellipse.
        rim: Radius of the frame, metres.
        drop: How much lower than the pupils the lenses sit, metres.
        colour: Colour of the frame, linear RGB.
        tint: Opacity of the lenses; above a half: sunglasses.
    """

    width: float
    height: float
    squareness: float
    rim: float
    drop: float
    colour: RGB
    tint: float


@dataclass(frozen=True, kw_only=True)
class Headwear:
    """A cap or beanie: the scalp pushed outwards.

    Attributes:
        edge: Height of its lower edge over the eyes, metres, at the front.
        back: How much lower the edge is at the back, metres.
        thickness: Distance from the scalp, metres.
        brim: Length of a brim over the forehead, metres; 0: none.
        colour: Linear RGB.
        knit: Strength of a knitted pattern.
    """

    edge: float
    back: float
    thickness: float
    brim: float
    colour: RGB
    knit: float


@dataclass(frozen=True, kw_only=True)
class Clothing:
    """Clothes below the neck.

    Attributes:
        collar: Height of the neckline over the eyes, metres, negative.
        colour: Linear RGB.
        second: Linear RGB of its pattern.
        pattern: Frequency of the pattern; 0: plain.
    """

    collar: float
    colour: RGB
    second: RGB
    pattern: float


@dataclass(frozen=True, kw_only=True)
class Occluder:
    """An object between the camera and the face.

    Attributes:
        kind: "hand", "stick" (a pen, a microphone) or "slab" (a phone, a cup, a book).
        landmark: Index of the landmark it covers, of the 68.
        angle: Direction of its long axis in the picture, radians.
        distance: From the face, metres.
        length: Half its length, metres.
        breadth: Half its breadth, metres.
        curl: Bend of the fingers, radians at each joint.
        colour: Linear RGB.
    """

    kind: str
    landmark: int
    angle: float
    distance: float
    length: float
    breadth: float
    curl: float
    colour: RGB


# Half length and half breadth of each kind, metres.
KINDS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "hand": {"length": (0.032, 0.04), "breadth": (0.0078, 0.0095)},
    "stick": {"length": (0.05, 0.09), "breadth": (0.005, 0.018)},
    "slab": {"length": (0.02, 0.06), "breadth": (0.015, 0.035)},
}
COVERED = (2, 4, 6, 8, 10, 12, 14, 19, 24, 30, 33, 48, 51, 54, 57)


@dataclass(frozen=True, kw_only=True)
class WearRecipe:
    """How often accessories are worn or held.

    Attributes:
        glasses: Share of faces with glasses.
        sunglasses: Share of glasses that are sunglasses.
        headwear: Share of heads with a cap or a beanie.
        occluders: Share of faces with an object in front of them.
    """

    glasses: float = 0.2
    sunglasses: float = 0.25
    headwear: float = 0.1
    occluders: float = 0.15

    def __post_init__(self) -> None:
        """Validate the settings."""
        for name in ("glasses", "sunglasses", "headwear", "occluders"):
            check_share(f"wear.{name}", getattr(self, name))

    def draw_glasses(self, rng: np.random.Generator) -> Glasses | None:
        """Draw a pair of glasses, or None."""
        worn, dark = rng.random() < self.glasses, rng.random() < self.sunglasses
        bright = rng.random() < 0.2
        low, high = (0.2, 0.9) if bright else (0.02, 0.3)
        r, g, b = rng.uniform(low, high, 3)
        pair = Glasses(
            width=float(rng.uniform(0.021, 0.028)),
            height=float(rng.uniform(0.013, 0.024)),
            squareness=float(rng.choice([2.0, 2.6, 4.0])),
            rim=float(rng.choice([0.0007, 0.0012, 0.002])),
            drop=float(rng.uniform(-0.001, 0.005)),
            colour=linear((float(r), float(g), float(b))),
            tint=float(rng.uniform(0.6, 0.97) if dark else rng.uniform(0.01, 0.06)),
        )
        return pair if worn else None

    def draw_headwear(self, rng: np.random.Generator) -> Headwear | None:
        """Draw a cap, a beanie, or None."""
        worn, is_cap = rng.random() < self.headwear, rng.random() < 0.55
        piece = Headwear(
            edge=float(rng.uniform(0.035, 0.075)),
            back=float(rng.uniform(0.0, 0.07)),
            thickness=float(rng.uniform(0.006, 0.014)),
            brim=float(rng.uniform(0.045, 0.075)) if is_cap else 0.0,
            colour=muted(rng, 0.16),
            knit=0.0 if is_cap else float(rng.uniform(0.3, 1.0)),
        )
        return piece if worn else None

    def draw_clothing(self, rng: np.random.Generator) -> Clothing:
        """Draw a neckline, a colour and sometimes a pattern."""
        patterned = rng.random() < 0.35
        return Clothing(
            collar=float(rng.uniform(-0.185, -0.135)),
            colour=muted(rng),
            second=muted(rng, 0.2),
            pattern=float(rng.uniform(0.5, 3)) if patterned else 0.0,
        )

    def draw_occluder(self, rng: np.random.Generator) -> Occluder | None:
        """Draw a hand or an object, or None."""
        held = rng.random() < self.occluders
        kind = str(rng.choice(sorted(KINDS), p=(0.5, 0.25, 0.25)))
        sizes: dict[str, Any] = {
            name: float(rng.uniform(*span)) for name, span in KINDS[kind].items()
        }
        piece = Occluder(
            kind=kind,
            landmark=int(rng.choice(COVERED)),
            angle=float(rng.uniform(0, 2 * np.pi)),
            distance=float(rng.uniform(0.015, 0.04)),
            curl=float(rng.uniform(0.05, 0.5)),
            colour=muted(rng, 0.16),
            **sizes,
        )
        return piece if held else None
