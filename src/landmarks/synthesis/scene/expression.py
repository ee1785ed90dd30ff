"""Facial expressions: combinations of facial actions, with ARKit's names, and the gaze."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from landmarks.errors import InputError
from landmarks.synthesis.ranges import check_share, check_shares, check_strength

BOTH = ("Left", "Right")


def _both(**weights: float) -> dict[str, float]:
    return {name + side: weight for name, weight in weights.items() for side in BOTH}


# Plausible combinations at full strength.
COMBINATIONS: Mapping[str, Mapping[str, float]] = {
    "neutral": {},
    "smile": _both(mouthSmile=1.0, cheekSquint=0.6, eyeSquint=0.35, mouthDimple=0.3),
    "grin": {
        **_both(mouthSmile=1.15, cheekSquint=0.7, eyeSquint=0.4, mouthStretch=0.3),
        **_both(mouthUpperUp=0.8, mouthLowerDown=0.6),
        "jawOpen": 0.12,
    },
    "laugh": {
        **_both(mouthSmile=1.1, cheekSquint=0.8, eyeSquint=0.5, mouthStretch=0.3),
        **_both(mouthUpperUp=0.7, mouthLowerDown=0.5),
        "jawOpen": 0.4,
    },
    "talk": {**_both(mouthLowerDown=0.3, mouthUpperUp=0.2), "jawOpen": 0.25},
    "surprise": {"jawOpen": 0.7, "browInnerUp": 0.9, **_both(browOuterUp=0.9, eyeWide=0.8)},
    "anger": _both(browDown=0.9, noseSneer=0.6, mouthPress=0.6, eyeSquint=0.4),
    "disgust": _both(noseSneer=0.9, mouthUpperUp=0.8, browDown=0.5),
    "sad": {**_both(mouthFrown=0.8), "browInnerUp": 0.7, "mouthShrugLower": 0.4},
    "scream": {**_both(mouthStretch=0.6, browDown=0.6, eyeSquint=0.6), "jawOpen": 1.0},
    "pucker": {"mouthPucker": 0.9},
    "funnel": {"mouthFunnel": 0.9, "jawOpen": 0.2},
    "wink": {"eyeBlinkLeft": 1.0, "mouthSmileLeft": 0.5},
    "blink": _both(eyeBlink=1.0),
    "skew": {"mouthLeft": 0.8, "jawLeft": 0.6},
    "puff": {"cheekPuff": 0.8},
    "tongue": {"jawOpen": 0.5, "tongueOut": 0.8},
}
SHARES: Mapping[str, float] = {
    "neutral": 0.20, "smile": 0.15, "grin": 0.22, "laugh": 0.10, "talk": 0.11, "surprise": 0.03,
    "anger": 0.03, "disgust": 0.02, "sad": 0.03, "scream": 0.03, "pucker": 0.02, "funnel": 0.02,
    "wink": 0.01, "blink": 0.01, "skew": 0.01, "puff": 0.005, "tongue": 0.005,
}  # fmt: skip

# Actions that vary slightly in every face; jaw, tongue and gaze are drawn separately.
ACCENTS = (
    "browInnerUp", "mouthRollLower", "mouthRollUpper", "mouthShrugUpper", "mouthShrugLower",
    *_both(browDown=1, browOuterUp=1, eyeSquint=1, eyeWide=1, cheekSquint=1, mouthSmile=1,
           mouthFrown=1, mouthPress=1, mouthStretch=1, mouthUpperUp=1, mouthLowerDown=1,
           mouthDimple=1, noseSneer=1),
)  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """Weights of facial actions by name, mostly within 0 to 1, gaze included."""

    actions: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class ExpressionRecipe:
    """Distribution of expressions.

    Attributes:
        strength: Strength of all actions except gaze; 0: all faces are neutral.
        accents: Number of further, weak actions per face.
        extremes: Share of faces with a 1.5 times stronger expression.
        mouth_open: Share of faces whose mouth is opened in addition.
        lids: Standard deviation of how far both eyes open or close; 1 is fully.
        gaze: Standard deviation of the gaze direction; 1 is the largest possible turn.
        shares: Relative frequency of each combination; they need not sum to 1.
    """

    strength: float = 1.0
    accents: int = 6
    extremes: float = 0.12
    mouth_open: float = 0.25
    lids: float = 0.2
    gaze: float = 0.25
    shares: Mapping[str, float] = field(default_factory=lambda: dict(SHARES))

    def __post_init__(self) -> None:
        """Validate the settings."""
        check_strength("expression.strength", self.strength, 2)
        whole = isinstance(self.accents, int) and not isinstance(self.accents, bool)
        if not whole or not 0 <= self.accents <= len(ACCENTS):
            raise InputError(
                f"recipe: expression.accents is {self.accents!r}; it must be a whole number from 0 "
                f"to {len(ACCENTS)}"
            )
        check_share("expression.extremes", self.extremes)
        check_share("expression.mouth_open", self.mouth_open)
        check_strength("expression.lids", self.lids, 1)
        check_strength("expression.gaze", self.gaze, 1)
        check_shares("expression.shares", self.shares, COMBINATIONS)

    def draw(self, rng: np.random.Generator) -> Expression:
        """Draw a combination with its strength, accents, the mouth and the gaze."""
        names = sorted(self.shares)
        shares = np.array([self.shares[name] for name in names])
        combination = COMBINATIONS[names[rng.choice(len(names), p=shares / shares.sum())]]
        strength = rng.uniform(0.35, 1.05) * (1.5 if rng.random() < self.extremes else 1.0)
        actions = {name: strength * weight for name, weight in combination.items()}
        order, sizes = rng.permutation(len(ACCENTS)), np.abs(rng.normal(0, 0.15, len(ACCENTS)))
        for k in order[: self.accents]:
            actions[ACCENTS[k]] = actions.get(ACCENTS[k], 0.0) + sizes[k]
        opening = rng.uniform(0, 0.5)
        if rng.random() < self.mouth_open:
            actions["jawOpen"] = max(actions.get("jawOpen", 0.0), opening)
        if rng.random() < 0.5:  # one-sided combinations are defined for the left side
            actions = {_other_side(name): weight for name, weight in actions.items()}
        for name, weight in self._lids(rng).items():
            actions[name] = actions.get(name, 0.0) + weight
        actions = {name: min(self.strength * w, _most(name)) for name, w in actions.items()}
        return Expression({k: float(v) for k, v in (actions | self._gaze(rng)).items() if v})

    def _lids(self, rng: np.random.Generator) -> dict[str, float]:
        """Open or close both eyes a little."""
        opened = rng.normal(0.4, 1.0) * self.lids
        return _both(eyeWide=opened) if opened > 0 else _both(eyeBlink=-opened)

    def _gaze(self, rng: np.random.Generator) -> dict[str, float]:
        """Turn both eyes in one direction; the lids follow."""
        left, up = rng.normal(0, self.gaze), rng.normal(0, 0.8 * self.gaze)
        sideways = {
            "eyeLookOutLeft": left, "eyeLookInRight": left,
            "eyeLookInLeft": -left, "eyeLookOutRight": -left,
        }  # fmt: skip
        vertical = _both(eyeLookUp=up, eyeLookDown=-up)
        return {name: float(np.clip(w, 0, 1)) for name, w in (sideways | vertical).items()}


def _most(name: str) -> float:
    """Greatest weight of an action; a stronger smile pulls the lower teeth through the chin."""
    return 1.2 if name.startswith("mouthSmile") else 1.5


def _other_side(name: str) -> str:
    for side, other in (BOTH, BOTH[::-1]):
        if name.endswith(side):
            return name.removesuffix(side) + other
    return name
