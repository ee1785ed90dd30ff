"""Hairstyles and beards.

Short hair and beards are shells: copies of the skin, pushed outwards, whose opacity is a pattern
of strands. Long hair is a set of cards around the head. Hairline, baldness and fringe are defined
by angles around the skull, and so need only a few numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from landmarks.errors import InputError
from landmarks.synthesis.colour import RGB, scaled
from landmarks.synthesis.ranges import check_share, check_shares
from landmarks.synthesis.scene.person import Person

# Linear RGB, black to blond, red, grey and white.
COLOURS: tuple[RGB, ...] = (
    (0.012, 0.010, 0.009), (0.02, 0.013, 0.010), (0.045, 0.026, 0.016), (0.09, 0.05, 0.028),
    (0.17, 0.095, 0.045), (0.34, 0.22, 0.11), (0.22, 0.07, 0.03),
)  # fmt: skip
SHARES_OF_COLOUR = (0.22, 0.2, 0.2, 0.15, 0.1, 0.08, 0.05)
GREYS: tuple[RGB, ...] = ((0.13, 0.125, 0.12), (0.35, 0.34, 0.33), (0.6, 0.6, 0.58))


@dataclass(frozen=True, kw_only=True)
class Hair:
    """Hair of the head.

    Attributes:
        family: Name of the hairstyle, for information only.
        colour: Linear RGB.
        length: Length of short hair (shells), metres.
        density: 0 none to 1.
        hairline: Shift of the front hairline, radians upwards.
        fringe: Radians that hair hangs below the hairline over the forehead.
        baldness: 0 to 1.
        strands: Frequency of strands around the crown; low: locks, high: fine hair.
        curl: 0 straight to 1 tight curls.
        crown: Direction of the crown seen from the middle of the skull.
        long: Length of long hair as a fraction of the cards' length; 0: no long hair.
        bun: Radius of a knot at the back, metres; 0: none.
        bun_height: Height of the knot, radians above the horizon.
    """

    family: str
    colour: RGB
    length: float
    density: float
    hairline: float
    fringe: float
    baldness: float
    strands: float
    curl: float
    crown: tuple[float, float, float]
    long: float
    bun: float
    bun_height: float


@dataclass(frozen=True, kw_only=True)
class Beard:
    """Hair of the face.

    Attributes:
        stubble: Darkness of shaved or short hair.
        density: Density of the beard; 0: none.
        length: Length of the beard, metres.
    """

    stubble: float
    density: float
    length: float


# Hairstyles: ranges of the fields that differ from a short straight cut.
FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "short": {"length": (0.008, 0.02)},
    "cropped": {"length": (0.003, 0.006)},
    "voluminous": {"length": (0.025, 0.04), "curl": (0.1, 0.5), "fringe": (-0.1, 0.25)},
    "curly": {"length": (0.018, 0.035), "curl": (0.7, 1.0)},
    "afro": {"length": (0.035, 0.06), "curl": (0.9, 1.0), "strands": (30, 60)},
    "fringe": {"length": (0.014, 0.026), "fringe": (0.2, 0.42)},
    "long": {"length": (0.012, 0.02), "long": (0.4, 0.9), "fringe": (-0.05, 0.2)},
    "tied": {"length": (0.005, 0.009), "bun": (0.022, 0.04), "strands": (50, 90)},
    "receding": {"length": (0.005, 0.016), "baldness": (0.35, 0.8)},
    "bald": {"length": (0.0, 0.0), "density": (0.0, 0.12), "baldness": (0.6, 1.0)},
}
SHORT: Mapping[str, Any] = {
    "density": (0.95, 1.0), "hairline": (-0.22, 0.06), "fringe": (-0.05, 0.05),
    "baldness": (0.0, 0.1), "strands": (22, 60), "curl": (0.0, 0.15), "long": (0.0, 0.0),
    "bun": (0.0, 0.0),
}  # fmt: skip
SHARES: Mapping[str, Mapping[str, float]] = {
    "women": {
        "short": 0.1, "cropped": 0.02, "voluminous": 0.08, "curly": 0.1, "afro": 0.04,
        "fringe": 0.08, "long": 0.42, "tied": 0.15, "receding": 0.0, "bald": 0.01,
    },
    "men": {
        "short": 0.38, "cropped": 0.16, "voluminous": 0.06, "curly": 0.08, "afro": 0.03,
        "fringe": 0.07, "long": 0.04, "tied": 0.01, "receding": 0.11, "bald": 0.06,
    },
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class HairRecipe:
    """Distribution of hairstyles and beards.

    Attributes:
        amount: Share of heads with hair (brows are separate).
        beards: Share of grown men with a beard.
        stubble: Share of grown men with stubble.
        women: Relative frequencies of hairstyles.
        men: Relative frequencies of hairstyles.
    """

    amount: float = 1.0
    beards: float = 0.28
    stubble: float = 0.3
    women: Mapping[str, float] = field(default_factory=lambda: dict(SHARES["women"]))
    men: Mapping[str, float] = field(default_factory=lambda: dict(SHARES["men"]))

    def __post_init__(self) -> None:
        """Validate the settings."""
        for name in ("amount", "beards", "stubble"):
            check_share(f"hair.{name}", getattr(self, name))
        if self.beards + self.stubble > 1:
            raise InputError(
                f"recipe: hair.beards is {self.beards} and hair.stubble {self.stubble}; their "
                "sum must be at most 1"
            )
        check_shares("hair.women", self.women, FAMILIES)
        check_shares("hair.men", self.men, FAMILIES)

    def draw(self, rng: np.random.Generator, person: Person) -> Hair:
        """Draw a hairstyle and its parameters."""
        shares = self.women if person.gender < 0.5 else self.men
        names = sorted(shares)
        weights = np.array([shares[name] for name in names])
        family = names[rng.choice(len(names), p=weights / weights.sum())]
        ranges = {**SHORT, **FAMILIES[family]}
        numbers = {name: float(rng.uniform(*ranges[name])) for name in sorted(ranges)}
        part = float(rng.choice([0.0, 0.35, -0.35, 0.15]))
        crown = (part, float(rng.uniform(0, 0.5)), 1.0)
        colour, height = _colour(rng, person), float(rng.uniform(-0.2, 1.2))
        if rng.random() >= self.amount:
            numbers |= {"density": 0.0, "length": 0.0, "long": 0.0, "bun": 0.0}
            family = "none"
        return Hair(family=family, colour=colour, crown=crown, bun_height=height, **numbers)

    def draw_beard(self, rng: np.random.Generator, person: Person) -> Beard:
        """Draw stubble, a beard or neither."""
        luck, stubble = rng.random(), float(rng.uniform(0.2, 0.7))
        density, length = float(rng.uniform(0.65, 1.0)), float(rng.uniform(0.004, 0.013))
        if person.gender < 0.5 or person.age < 0.6 or luck >= self.beards + self.stubble:
            return Beard(stubble=0.0, density=0.0, length=0.0)
        if luck < self.stubble:
            return Beard(stubble=stubble, density=0.0, length=0.0)
        return Beard(stubble=0.8, density=density, length=length)


def _colour(rng: np.random.Generator, person: Person) -> RGB:
    colour = COLOURS[rng.choice(len(COLOURS), p=SHARES_OF_COLOUR)]
    grey = GREYS[rng.choice(len(GREYS))]
    is_grey = rng.random() < 0.8 * person.oldness
    return scaled(grey if is_grey else colour, rng.uniform(0.75, 1.3))
