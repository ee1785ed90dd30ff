"""Landmark schemes: the meaning of each landmark index.

Indices are 0-based. All datasets use `IBUG68`, the scheme of 300-W (Sagonas et al., 2013); readers
of other schemes map to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError

_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True, kw_only=True)
class LandmarkScheme:
    """What each landmark index means.

    Attributes:
        name: Identifier, e.g. "ibug68".
        mirror: mirror[k] is the index landmark k takes in the left-right mirrored image.
        interocular: The two outer eye corners, whose distance normalises the error.
        pupils: The landmarks of each eye; their means stand for the pupils.
        regions: Landmarks of each named part of the face.
        lines: Named lines along the landmarks, from one to the next, as one draws a face; a closed
            line ends where it began.
    """

    name: str
    mirror: tuple[int, ...]
    interocular: tuple[int, int]
    pupils: tuple[tuple[int, ...], tuple[int, ...]]
    regions: Mapping[str, tuple[int, ...]]
    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that `mirror` pairs landmarks up and that regions name existing landmarks."""
        for k, partner in enumerate(self.mirror):
            if not 0 <= partner < len(self.mirror) or self.mirror[partner] != k:
                raise InputError(
                    f"scheme {self.name!r}: mirror[{k}] = {partner}, but mirror[{partner}] is "
                    f"not {k}; mirror indices must come in pairs"
                )
        for region, indices in {**self.regions, "interocular": self.interocular}.items():
            outside = [k for k in indices if not 0 <= k < len(self.mirror)]
            if outside:
                raise InputError(
                    f"scheme {self.name!r}: region {region!r} names landmark {outside[0]}; "
                    f"there are {len(self.mirror)}, counted from 0"
                )

    @property
    def num_landmarks(self) -> int:
        """K, the number of landmarks."""
        return len(self.mirror)

    @property
    def point_names(self) -> tuple[str, ...]:
        """A name for each landmark that lies on a line: the line and the index, "jaw_00"."""
        names = {k: f"{line}_{k:02d}" for line, along in self.lines.items() for k in along}
        return tuple(names[k] for k in sorted(names))

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Pairs of neighbours on the lines."""
        return tuple(pair for along in self.lines.values() for pair in pairwise(along))


def _span(first: int, last: int) -> tuple[int, ...]:
    """Indices from `first` to `last`, both included, in either direction."""
    step = 1 if last >= first else -1
    return tuple(range(first, last + step, step))


# Sagonas et al., "300 Faces in-the-Wild Challenge", 2013, Figure 1, counted from 0 instead of 1.
# 36 is the outer corner of the person's right eye, on the left of the image.
IBUG68 = LandmarkScheme(
    name="ibug68",
    mirror=(
        *_span(16, 0),  # jaw
        *_span(26, 17),  # brows
        *_span(27, 30),  # nose bridge, on the middle line
        *_span(35, 31),  # nostrils
        *(45, 44, 43, 42, 47, 46),  # right eye
        *(39, 38, 37, 36, 41, 40),  # left eye
        *_span(54, 48),  # outer lip, upper edge
        *_span(59, 55),  # outer lip, lower edge
        *_span(64, 60),  # inner lip, upper edge
        *_span(67, 65),  # inner lip, lower edge
    ),
    interocular=(36, 45),
    pupils=(_span(36, 41), _span(42, 47)),
    regions={
        "jaw": _span(0, 16),
        "brows": _span(17, 26),
        "nose": _span(27, 35),
        "eyes": _span(36, 47),
        "mouth": _span(48, 67),
        "inner51": _span(17, 67),
    },
    lines={
        "jaw": _span(0, 16),
        "right_brow": _span(17, 21),
        "left_brow": _span(22, 26),
        "nose_bridge": _span(27, 30),
        "nostrils": _span(31, 35),
        "right_eye": (*_span(36, 41), 36),
        "left_eye": (*_span(42, 47), 42),
        "outer_lip": (*_span(48, 59), 48),
        "inner_lip": (*_span(60, 67), 60),
    },
)


@dataclass(frozen=True, kw_only=True)
class SchemeMap:
    """Maps landmarks of a file's own scheme to another scheme.

    Attributes:
        source_name: Name of the file's scheme.
        num_source: Number of landmarks of a face in the file.
        indices: indices[k] is the file's landmark that becomes landmark k.
        target: The scheme mapped to.
    """

    source_name: str
    num_source: int
    indices: tuple[int, ...]
    target: LandmarkScheme = IBUG68

    def __post_init__(self) -> None:
        """Check that there is one existing source landmark for each target landmark."""
        if len(self.indices) != self.target.num_landmarks:
            raise InputError(
                f"map from {self.source_name!r} to {self.target.name!r} has {len(self.indices)} "
                f"indices; expected {self.target.num_landmarks}, one for each landmark"
            )
        outside = [k for k in self.indices if not 0 <= k < self.num_source]
        if outside:
            raise InputError(
                f"map from {self.source_name!r} to {self.target.name!r} names landmark "
                f"{outside[0]}; allowed are 0 to {self.num_source - 1}"
            )

    def __call__(self, values: NDArray[_Scalar]) -> NDArray[_Scalar]:
        """Pick the target's rows from `values`, whose first axis is the source's landmarks."""
        return values[list(self.indices)]


# Microsoft FaceSynthetics: 68 as in IBUG68, then the two pupils, which are dropped.
FACE_SYNTHETICS70 = SchemeMap(source_name="face_synthetics70", num_source=70, indices=_span(0, 67))

# WFLW (Wu et al., 2018, Figure 4) to iBUG: every second of the 33 jaw points; the upper edge of
# each brow (five of its nine points); four of the six lid points beside the corners of each eye;
# nose and mouth one to one; pupils (96, 97) dropped.
WFLW98 = SchemeMap(
    source_name="wflw98",
    num_source=98,
    indices=(
        *range(0, 33, 2),
        *_span(33, 37),
        *_span(42, 46),
        *_span(51, 59),
        *(60, 61, 63, 64, 65, 67),
        *(68, 69, 71, 72, 73, 75),
        *_span(76, 95),
    ),
)
