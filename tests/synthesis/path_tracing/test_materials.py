"""Every material has a Mitsuba model."""

import numpy as np

from landmarks.synthesis.mesh.blocks import Material
from landmarks.synthesis.path_tracing.materials import KINDS, as_bsdf, mirrored_share


def test_every_material_is_of_one_kind():
    assert sorted(material for kind in KINDS for material in kind.of) == sorted(Material)


def test_only_transparent_materials_transmit_light():
    for kind in KINDS:
        solid, clear = (as_bsdf(kind, solid=s) for s in (True, False))
        assert clear["surface"] == solid
        assert "opacity" not in solid


def test_glass_mirrors_little_face_on_and_much_aslant():
    """Times what it holds back, 0.55 of the Fresnel term, as for the ray caster."""
    found = np.zeros(2, [("normal", "f4", 3), ("alpha", "f4")])
    found["normal"], found["alpha"] = (0, 0, 1), (0.8, 0.9)
    towards = np.array([(0, 0, 1), (1, 0, 0)], np.float32)
    share = mirrored_share(found, towards)
    np.testing.assert_allclose(
        share * found["alpha"][:, None], [[0.022] * 3, [0.55] * 3], rtol=1e-5
    )
