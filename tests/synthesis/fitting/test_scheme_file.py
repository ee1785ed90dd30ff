"""The scheme's file that is written."""

import numpy as np
import yaml

from landmarks.scheme import OnLine, Pupil, Vertex, own_scheme
from landmarks.synthesis.fitting.placing import Placed
from landmarks.synthesis.fitting.scheme_file import scheme_text

CONTENT = {
    "name": "mine",
    "points": ["right_pupil", "left_pupil", "chin"],
    "normaliser": "interpupil",
    "eyes": {"right": "right_pupil", "left": "left_pupil"},
    "places": {"chin": {"vertex": 5}},
}
PLACES = {0: Pupil("right"), 1: Pupil("left"), 2: OnLine("jaw", 8.0)}


def test_what_is_written_reads_as_the_same_scheme_with_places():
    bare = own_scheme({**CONTENT, "places": {k: dict(vars(p)) for k, p in PLACES.items()}})
    placed = Placed(scheme=bare, errors=np.full((7, 3), 0.02))
    text = scheme_text(CONTENT, placed)
    assert own_scheme(yaml.safe_load(text)) == bare
    assert "chin: {line: jaw, at: 8.0} # spread 2.0 %, 7 faces" in text
    assert Vertex(5) not in bare.places.values()
