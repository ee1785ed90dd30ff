"""Landmark schemes: the meaning of each landmark index, read from YAML files.

Indices are 0-based. `IBUG68`, the scheme of 300-W (Sagonas et al., 2013), is the default.
"""

from landmarks.scheme.definition import NORMALISERS, LandmarkScheme
from landmarks.scheme.files import (
    load_scheme,
    own_scheme,
    restored_scheme,
    shipped_schemes,
    stored_scheme,
)
from landmarks.scheme.mapping import as_mapping, scheme_from
from landmarks.scheme.places import Between, Corners, OnLine, Place, Pupil, Vertex

IBUG68 = load_scheme("ibug68")

__all__ = [
    "IBUG68",
    "NORMALISERS",
    "Between",
    "Corners",
    "LandmarkScheme",
    "OnLine",
    "Place",
    "Pupil",
    "Vertex",
    "as_mapping",
    "load_scheme",
    "own_scheme",
    "restored_scheme",
    "scheme_from",
    "shipped_schemes",
    "stored_scheme",
]
