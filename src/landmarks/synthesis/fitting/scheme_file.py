"""Write a scheme with places of all its landmarks."""

from collections.abc import Mapping
from typing import Any

import yaml

from landmarks.scheme import LandmarkScheme, as_mapping
from landmarks.synthesis.fitting.placing import Placed

_HEAD = (
    "# On the head that is rendered, by `landmarks scheme`. Spread: root mean square distance",
    "# between labels and place, in per cent of the inter-ocular distance.",
    "places:",
)


def scheme_text(content: Mapping[str, Any], placed: Placed) -> str:
    """A scheme's YAML with the place of every landmark, and its spread in a comment.

    Args:
        content: What the scheme's own file contains.
        placed: The same scheme with places.
    """
    rest = {key: value for key, value in content.items() if key != "places"}
    kept = yaml.safe_dump(
        rest, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100
    )
    names = placed.scheme.names or range(placed.scheme.num_landmarks)
    rows = zip(names, place_texts(placed.scheme), placed.spread, placed.faces, strict=True)
    places = [
        f"  {name}: {place} # spread {100 * spread:.1f} %, {faces} faces"
        for name, place, spread, faces in rows
    ]
    return "\n".join((kept.rstrip(), *_HEAD, *places, ""))


def place_texts(scheme: LandmarkScheme) -> list[str]:
    """The place of each landmark as a scheme's file has it; all have one."""
    places = as_mapping(scheme)["places"]
    return [
        yaml.safe_dump(
            places[str(k)], default_flow_style=True, sort_keys=False, width=float("inf")
        ).strip()
        for k in range(scheme.num_landmarks)
    ]
