"""The person: sex, age, build, ancestry and the shape of the face."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from landmarks.synthesis.mesh.assets import head_arrays
from landmarks.synthesis.ranges import check_share, check_strength

# MakeHuman's sliders come in pairs of opposite directions.
OPPOSITES = (
    ("incr", "decr"), ("up", "down"), ("out", "in"), ("forward", "backward"), ("round", "square"),
    ("triangle", "pointed"), ("convex", "concave"), ("uncompress", "compress"),
)  # fmt: skip
HEAD_SHAPES = (
    "diamond", "invertedtriangular", "oval", "rectangular", "round", "square", "triangular",
)  # fmt: skip

# Standard deviation of a slider by the prefix of its name; the first match applies.
# Sliders that move the whole head or neck are omitted, because the camera follows the head.
SPREADS = (
    ("head-trans", 0.0), ("neck-trans", 0.0), ("measure-neck", 0.0), ("eye-scale", 0.15),
    ("eye-trans", 0.18), ("eye-push", 0.18), ("head-age", 0.25), ("eyebrows", 0.38),
)  # fmt: skip
SPREAD = 0.33

# Where the average person is, as a slider's name and direction, if not at the head model's own
# average: thinner lips, and nose and mouth higher (measured on labels of photographs;
# docs/results/rendered-faces.md).
MEANS = {
    ("mouth-upperlip-height", "decr"): 0.6, ("mouth-scale-vert", "decr"): 0.45,
    ("mouth-lowerlip-height", "decr"): 0.25, ("mouth-trans", "up"): 0.5, ("nose-trans", "up"): 0.4,
}  # fmt: skip

# Sliders of features in the middle of the face that move them to a side.
TO_A_SIDE = (("mouth-trans", "out"), ("nose-trans", "out"))


@dataclass(frozen=True, kw_only=True)
class Person:
    """The parameters of a neutral face.

    Attributes:
        gender: 0 female to 1 male.
        age: -1/3 newborn, 0 baby, 1/3 child, 2/3 young, 1 old.
        muscle: 0 to 1.
        weight: 0 to 1.
        ancestry: Shares of African, Asian and European proportions.
        shape: Local changes by MakeHuman's names, mostly within 0 to 1.
    """

    gender: float
    age: float
    muscle: float
    weight: float
    ancestry: tuple[float, float, float]
    shape: Mapping[str, float]

    @property
    def oldness(self) -> float:
        """0 up to about forty, 1 in old age; controls wrinkles and grey hair."""
        return float(np.clip((self.age - 0.7) / 0.3, 0, 1))


@dataclass(frozen=True, kw_only=True)
class PersonRecipe:
    """Distribution of people.

    Attributes:
        variation: Strength of local changes; 0: only phenotypes vary.
        asymmetry: Strength of the differences between left and right.
        children: Share of children.
    """

    variation: float = 1.0
    asymmetry: float = 1.0
    children: float = 0.1

    def __post_init__(self) -> None:
        """Validate the settings."""
        check_strength("person.variation", self.variation)
        check_strength("person.asymmetry", self.asymmetry)
        check_share("person.children", self.children)

    def draw(self, rng: np.random.Generator) -> Person:
        """Draw a person; all features are independent."""
        is_child = rng.random() < self.children
        child, adult = rng.uniform(0.25, 0.5), 0.52 + 0.48 * rng.beta(1.1, 1.7)
        african, asian, european = rng.dirichlet([0.35] * 3)
        return Person(
            age=float(child if is_child else adult),
            gender=float(rng.beta(0.6, 0.6)),
            muscle=float(rng.uniform(0.2, 0.9)),
            weight=float(rng.beta(2.2, 2.2)),
            ancestry=(float(african), float(asian), float(european)),
            shape=dict(self._shape(rng)),
        )

    def _shape(self, rng: np.random.Generator) -> Iterator[tuple[str, float]]:
        for name, (plus, minus), spread in _sliders():
            share = 0.25 * self.asymmetry if (name, plus) in TO_A_SIDE else 1.0
            value = rng.normal(0, spread) * share * self.variation
            mean = MEANS.get((name, plus), 0.0) - MEANS.get((name, minus), 0.0)
            yield _slid(name, mean + value, plus, minus)
        for name, (plus, minus), spread in _sliders(paired=True):
            value = rng.normal(0, spread) * self.variation
            for side in ("l", "r"):
                own = value * (1 + 0.1 * self.asymmetry * rng.normal())
                yield _slid(f"{side}-{name}", own, plus, minus)
        for name in _asymmetries():
            yield _slid(f"asym-{name}", rng.normal(0, 0.12) * self.asymmetry, "l", "r")
        yield f"head-{rng.choice(HEAD_SHAPES)}", float(abs(rng.normal(0, 0.35)) * self.variation)


def _slid(name: str, value: float, plus: str, minus: str) -> tuple[str, float]:
    return f"{name}-{plus if value > 0 else minus}", abs(float(value))


@cache
def _sliders(paired: bool = False) -> tuple[tuple[str, tuple[str, str], float], ...]:
    """Name, two directions and spread of every slider; of each side once if `paired`."""
    names = {str(name) for name in head_arrays()["L_labels"]}
    found = []
    for name in sorted(names):
        stem, _, end = name.rpartition("-")
        opposite = dict(OPPOSITES).get(end)
        sided = stem.startswith(("l-", "r-"))
        if opposite is None or f"{stem}-{opposite}" not in names or sided != paired:
            continue
        if stem == "head" or stem.startswith("asym"):  # drawn on their own
            continue
        if paired and stem.startswith("r-"):
            continue
        stem = stem.removeprefix("l-") if paired else stem
        spread = next((s for start, s in SPREADS if stem.startswith(start)), SPREAD)
        if spread:
            found.append((stem, (end, opposite), spread))
    return tuple(found)


@cache
def _asymmetries() -> tuple[str, ...]:
    names = [str(name) for name in head_arrays()["L_labels"]]
    ours = sorted({name[len("asym-") : -len("-l")] for name in names if name.startswith("asym-")})
    return tuple(ours)
