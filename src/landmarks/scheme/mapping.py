"""A landmark scheme as a mapping, as its YAML file has it.

```yaml
name: mine
points: [right_pupil, left_pupil, nose_tip, chin]  # names in order, or their number
mirror: {right_pupil: left_pupil}  # left out: pairs from right_... and left_...
normaliser: interpupil             # or interocular, or box
eyes: {right: right_pupil, left: left_pupil}
regions: {eyes: [right_pupil, left_pupil]}
lines: {middle: [nose_tip, chin]}
places: {right_pupil: {pupil: right}, chin: {line: jaw, at: 8}}
```

Landmarks are given by name, by index from 0, or as a span of indices such as `0-16` or `16-0`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from landmarks.errors import InputError
from landmarks.scheme.definition import LandmarkScheme
from landmarks.scheme.places import Between, Corners, OnLine, Place, Pupil, Vertex

_SPAN = re.compile(r"(\d+)-(\d+)\Z")
_NAME = re.compile(r"[^\W\d_][\w .-]{0,59}")
_KEYS = (
    *("name", "points", "mirror", "normaliser", "outer_eye_corners", "eyes", "regions", "lines"),
    *("sources", "places"),
)
_MOST_POINTS = 10_000
_SIDES = ("right", "left")


def scheme_from(content: Mapping[str, Any]) -> LandmarkScheme:
    """A scheme from what its YAML file contains.

    Raises:
        InputError: A key is unknown or lacking, or a value is wrong.
    """
    unknown = [key for key in content if key not in _KEYS]
    if unknown:
        raise InputError(f"unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}")
    name = content.get("name")
    if not (isinstance(name, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", name)):
        raise InputError(
            f"name is {name!r}; expected a letter, then at most 39 letters, digits and _"
        )
    count, names = _points(content.get("points"))
    reader = _Indices(count, names)
    eyes = _table("eyes", content.get("eyes"))
    if eyes and set(eyes) != set(_SIDES):
        raise InputError(f"eyes has the keys {sorted(eyes)}; expected right and left")
    return LandmarkScheme(
        name=name,
        mirror=_mirror(content.get("mirror"), reader),
        normaliser=content.get("normaliser", "interocular"),
        interocular=reader.of("outer_eye_corners", content.get("outer_eye_corners", [])),
        pupils=tuple(reader.of("eyes", eyes[side]) for side in _SIDES if eyes),
        regions={
            region: reader.of(f"region {region!r}", part)
            for region, part in _table("regions", content.get("regions")).items()
        },
        lines={
            line: reader.of(f"line {line!r}", along)
            for line, along in _table("lines", content.get("lines")).items()
        },
        names=names,
        sources={
            source: _Indices(_MOST_POINTS, ()).of(f"source {source!r}", picked)
            for source, picked in _table("sources", content.get("sources")).items()
        },
        places=_places(_table("places", content.get("places")), reader),
    )


def as_mapping(scheme: LandmarkScheme) -> dict[str, Any]:
    """What `scheme_from` reads, in JSON's types."""
    pairs = {k: partner for k, partner in enumerate(scheme.mirror) if k < partner}
    content: dict[str, Any] = {
        "name": scheme.name,
        "points": list(scheme.names) or scheme.num_landmarks,
        "mirror": {str(k): partner for k, partner in pairs.items()},
        "normaliser": scheme.normaliser,
        "regions": {region: list(part) for region, part in scheme.regions.items()},
        "lines": {line: list(along) for line, along in scheme.lines.items()},
        "sources": {source: list(picked) for source, picked in scheme.sources.items()},
        "places": {str(k): _as_place(place) for k, place in scheme.places.items()},
    }
    if scheme.interocular:
        content["outer_eye_corners"] = list(scheme.interocular)
    if scheme.pupils:
        content["eyes"] = dict(zip(_SIDES, map(list, scheme.pupils), strict=True))
    return content


def _as_place(place: Place) -> dict[str, Any]:
    if isinstance(place, Between):
        return {"between": [_as_place(end) for end in place.between], "at": place.at}
    return dict(vars(place))


class _Indices:
    """Turns names, indices and spans into indices."""

    def __init__(self, count: int, names: tuple[str, ...]) -> None:
        self.count = count
        self.index = {name: k for k, name in enumerate(names)}

    def of(self, where: str, value: object) -> tuple[int, ...]:
        """Indices, each below `count`."""
        if isinstance(value, Sequence) and not isinstance(value, str):
            return tuple(k for item in value for k in self._one_or_span(where, item))
        return self._one_or_span(where, value)

    def _one_or_span(self, where: str, value: object) -> tuple[int, ...]:
        if isinstance(value, str) and value in self.index:
            return (self.index[value],)
        span = _SPAN.match(value) if isinstance(value, str) else None
        if span:
            first, last = int(span[1]), int(span[2])
        elif isinstance(value, str) and value.isascii() and value.isdigit():
            first = last = int(value)
        elif type(value) is int:
            first = last = value
        else:
            named = (
                f", one of the names {', '.join(list(self.index)[:5])} ..." if self.index else ""
            )
            raise InputError(
                f"{where}: {value!r:.60} is no landmark; expected an index, a span such as 0-16"
                f"{named}"
            )
        if not (0 <= first < self.count and 0 <= last < self.count):
            raise InputError(
                f"{where}: {value!r:.60} is outside the landmarks 0 to {self.count - 1}"
            )
        step = 1 if last >= first else -1
        return tuple(range(first, last + step, step))


def _points(value: object) -> tuple[int, tuple[str, ...]]:
    """Number of landmarks, and their names if they have any."""
    if type(value) is int and 1 <= value <= _MOST_POINTS:
        return value, ()
    names = value if isinstance(value, list) and len(value) <= _MOST_POINTS else []
    if names and all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        return len(names), tuple(names)
    raise InputError(
        f"points are {value!r:.60}; expected their number, at most {_MOST_POINTS:,}, or the list "
        "of their names: a letter, then letters, digits, spaces and _ . -"
    )


def _table(key: str, value: object) -> dict[str, Any]:
    """A mapping, or nothing."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(f"{key} is {value!r:.60}; expected a mapping")
    return {str(name): item for name, item in value.items()}


def _mirror(value: object, reader: _Indices) -> tuple[int, ...]:
    """The permutation; landmarks that are in no pair are on the middle line."""
    mirror = list(range(reader.count))
    pairs = _named_pairs(reader) if value is None else _table("mirror", value).items()
    for right, left in pairs:
        one, other = reader.of("mirror", right), reader.of("mirror", left)
        if len(one) != len(other):
            raise InputError(
                f"mirror: {right} are {len(one)} landmarks and {left} are {len(other)}; expected "
                "as many"
            )
        for a, b in zip(one, other, strict=True):
            if mirror[a] != a or mirror[b] != b:
                again = a if mirror[a] != a else b
                raise InputError(f"mirror: landmark {again} is in two pairs; expected one")
            mirror[a], mirror[b] = b, a
    return tuple(mirror)


def _named_pairs(reader: _Indices) -> list[tuple[str, str]]:
    """Pairs of names that differ in the words right and left."""
    if not reader.index:
        raise InputError("mirror is lacking; give the pairs, such as {0-7: 16-9}")
    found = []
    for name in reader.index:
        other = re.sub("right", "left", name)
        if other != name:
            if other not in reader.index:
                raise InputError(f"there is a point {name!r}, but no {other!r}; give `mirror`")
            found.append((name, other))
    return found


def _places(table: Mapping[str, Any], reader: _Indices) -> dict[int, Place]:
    """The place of each landmark; a key can be a span."""
    places: dict[int, Place] = {}
    for key, value in table.items():
        indices = reader.of("places", key)
        try:
            places.update(zip(indices, _spread(value, len(indices)), strict=True))
        except (TypeError, ValueError, KeyError) as error:
            detail = f"; {error}" if isinstance(error, InputError) else ""
            raise InputError(
                f"the place of {key} is {value!r:.80}; expected vertex, corners and weights, line "
                f"and at, pupil, or between and at{detail}"
            ) from None
    return places


def _spread(value: Mapping[str, Any], count: int) -> list[Place]:
    """Places of `count` landmarks: on a line evenly from the first to the second of `at`."""
    kinds = tuple(sorted(value))
    if kinds == ("at", "line") and isinstance(value["at"], list):
        first, last = map(float, value["at"])
        steps = [first + (last - first) * i / max(1, count - 1) for i in range(count)]
        return [OnLine(str(value["line"]), step) for step in steps]
    if kinds == ("vertex",) and isinstance(value["vertex"], list):
        return [Vertex(row) for row in value["vertex"]]
    if kinds == ("at", "line"):
        return [OnLine(str(value["line"]), float(value["at"]))] * count
    if kinds == ("vertex",):
        return [Vertex(value["vertex"])] * count
    if kinds == ("corners", "weights"):
        (a, b, c), (u, v, w) = value["corners"], map(float, value["weights"])
        return [Corners((a, b, c), (u, v, w))] * count
    if kinds == ("pupil",):
        return [Pupil(value["pupil"])] * count
    if kinds in (("between",), ("at", "between")):
        one, other = (_spread(end, count) for end in value["between"])
        share = float(value.get("at", 0.5))
        return [Between(ends, share) for ends in zip(one, other, strict=True)]
    raise InputError(f"the keys are {', '.join(kinds)}")
