"""What a landmark scheme is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from landmarks.errors import InputError
from landmarks.scheme.places import Place

# Lengths by which errors are divided; see landmarks.metrics.
NORMALISERS = ("interocular", "interpupil", "box")


@dataclass(frozen=True, kw_only=True)
class LandmarkScheme:
    """What each landmark index means.

    Attributes:
        name: Identifier, e.g. "ibug68".
        mirror: mirror[k] is the index landmark k takes in the left-right mirrored image.
        normaliser: One of `NORMALISERS`: the length by which errors in results are divided.
        interocular: The two outer eye corners, right and left; none if the scheme lacks them.
        pupils: The landmarks of each eye, right and left; their means stand for the pupils. None if
            the scheme has no landmarks there.
        regions: Landmarks of each named part of the face.
        lines: Named lines along the landmarks, from one to the next, as one draws a face; a closed
            line ends where it began.
        names: A name for each landmark. Empty: each is named after its line and index.
        sources: For files in other schemes: by name of theirs, their landmark that is each of ours.
        places: The place on the head of landmarks, by index; may lack some or all.
        revision: Tells apart what users write into files of one name; empty for the schemes that
            come with the package.
    """

    name: str
    mirror: tuple[int, ...]
    normaliser: str = "interocular"
    interocular: tuple[int, ...] = ()
    pupils: tuple[tuple[int, ...], ...] = ()
    regions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    sources: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    places: Mapping[int, Place] = field(default_factory=dict)
    revision: str = ""

    def __post_init__(self) -> None:
        """Check that all parts name existing landmarks and agree with each other."""
        for k, partner in enumerate(self.mirror):
            if not 0 <= partner < len(self.mirror) or self.mirror[partner] != k:
                raise self._error(
                    f"mirror[{k}] = {partner}, but mirror[{partner}] is not {k}; mirror indices "
                    "must come in pairs"
                )
        for part, indices in self._parts():
            outside = [k for k in indices if not 0 <= k < len(self.mirror)]
            if outside:
                raise self._error(
                    f"{part} names landmark {outside[0]}; there are {len(self.mirror)}, counted "
                    "from 0"
                )
        self._check_names()
        self._check_normaliser()
        for source, indices in self.sources.items():
            if len(indices) != len(self.mirror) or min(indices) < 0:
                raise self._error(
                    f"source {source!r} has {len(indices)} landmarks; expected "
                    f"{len(self.mirror)}, one for each of ours, counted from 0"
                )

    def _parts(self) -> list[tuple[str, tuple[int, ...]]]:
        """What names landmarks, for messages, and which ones."""
        named = [("interocular", self.interocular)]
        named += [("pupils", eye) for eye in self.pupils]
        named += [(f"region {region!r}", indices) for region, indices in self.regions.items()]
        named += [(f"line {line!r}", indices) for line, indices in self.lines.items()]
        return [*named, ("places", tuple(self.places))]

    def _check_names(self) -> None:
        if self.names and len(self.names) != len(self.mirror):
            raise self._error(
                f"{len(self.names)} names for {len(self.mirror)} landmarks; expected one each"
            )
        twice = [name for name in self.names if self.names.count(name) > 1]
        if twice:
            raise self._error(f"two landmarks are named {twice[0]!r}; expected different names")

    def _check_normaliser(self) -> None:
        if self.normaliser not in NORMALISERS:
            raise self._error(
                f"normaliser is {self.normaliser!r}; expected one of {', '.join(NORMALISERS)}"
            )
        if len(self.interocular) not in (0, 2) or len(self.pupils) not in (0, 2):
            raise self._error(
                "expected two outer eye corners and two eyes, right and left, or none"
            )
        if self.normaliser not in self.normalisers:
            raise self._error(
                f"normaliser {self.normaliser} needs landmarks that are not given "
                f"(outer_eye_corners or eyes); known are {', '.join(self.normalisers)}"
            )

    def _error(self, text: str) -> InputError:
        return InputError(f"scheme {self.name!r}: {text}")

    @property
    def num_landmarks(self) -> int:
        """K, the number of landmarks."""
        return len(self.mirror)

    @property
    def identity(self) -> str:
        """Name and revision: two schemes with one identity mean the same."""
        return f"{self.name}-{self.revision}" if self.revision else self.name

    @property
    def normalisers(self) -> tuple[str, ...]:
        """Those of `NORMALISERS` that the scheme has the landmarks for."""
        has = {"interocular": bool(self.interocular), "interpupil": bool(self.pupils), "box": True}
        return tuple(name for name in NORMALISERS if has[name])

    @property
    def normalising(self) -> tuple[int, ...]:
        """The landmarks without which a face has no normaliser, and so no error."""
        needed = {
            "interocular": self.interocular,
            "interpupil": tuple(k for eye in self.pupils for k in eye),
            "box": tuple(range(self.num_landmarks)),
        }
        return needed[self.normaliser]

    @property
    def point_names(self) -> tuple[str, ...]:
        """A name for each landmark: its own, or its line and index, as in "jaw_00"."""
        if self.names:
            return self.names
        named = {k: line for line, along in self.lines.items() for k in along}
        digits = len(str(self.num_landmarks - 1))
        return tuple(f"{named.get(k, 'point')}_{k:0{digits}d}" for k in range(self.num_landmarks))

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Pairs of neighbours on the lines."""
        return tuple(pair for along in self.lines.values() for pair in pairwise(along))

    def picked_from(self, source: "LandmarkScheme | str") -> tuple[int, ...]:
        """For each landmark, the one of another scheme that it is.

        Raises:
            InputError: The file of this scheme does not say.
        """
        name = source if isinstance(source, str) else source.name
        if name == self.name:
            return tuple(range(self.num_landmarks))
        if name not in self.sources:
            known = ", ".join([self.name, *self.sources])
            raise self._error(
                f"labels in the scheme {name!r} cannot become these {self.num_landmarks} "
                f"landmarks; known are {known}; add `sources: {{{name}: [...]}}` with the "
                "landmark that each of ours is"
            )
        return self.sources[name]
