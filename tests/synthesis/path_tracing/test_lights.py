"""The environment map gives the same light as the scene's lamps and sky."""

import numpy as np
import pytest

from landmarks.synthesis.path_tracing.lights import ROWS, surroundings
from landmarks.synthesis.scene.lighting import Lighting, LightRecipe

NONE = (0.0, 0.0, 0.0)
FRONT = (0.0, -1.0, 0.0)


def lighting(**numbers):
    dark = {
        "key": FRONT, "key_colour": NONE, "softness": 0.2, "fill": FRONT, "fill_colour": NONE,
        "environment": (NONE,) * 9,
    }  # fmt: skip
    return Lighting(**(dark | numbers))


def sent_back(light, normal):
    """(3,) what a white, matt surface with that normal sends back, by adding up over the sphere."""
    radiance = surroundings(light).astype(float)
    polar = np.pi * (np.arange(ROWS) + 0.5)[:, None] / ROWS
    around = np.pi * (np.arange(2 * ROWS) + 0.5)[None] / ROWS
    ways = np.stack(
        np.broadcast_arrays(
            np.sin(polar) * np.sin(around), np.sin(polar) * np.cos(around), np.cos(polar)
        ),
        axis=-1,
    )
    weights = np.maximum(ways @ np.array(normal), 0) * np.sin(polar) * (np.pi / ROWS) ** 2
    return (radiance * weights[..., None]).sum(axis=(0, 1)) / np.pi


def unit(*vector):
    return tuple(np.array(vector) / np.linalg.norm(vector))


@pytest.mark.parametrize("softness", [0.0, 0.03, 0.4, 0.8, 3.0])
def test_the_light_of_a_lamp_does_not_depend_on_its_size(softness):
    key = unit(0.4, -0.7, 0.5)
    lamp = lighting(key=key, key_colour=(2.0, 1.0, 0.5), softness=softness)
    np.testing.assert_allclose(sent_back(lamp, key), (2.0, 1.0, 0.5), rtol=1e-3)


def test_light_falls_off_with_the_cosine_of_the_angle():
    lamp = lighting(key=(1.0, 0.0, 0.0), key_colour=(1.0, 1.0, 1.0))
    for angle in (0.3, 0.8, 1.2):
        turned = (np.cos(angle), 0.0, np.sin(angle))
        np.testing.assert_allclose(sent_back(lamp, turned), np.cos(angle), rtol=2e-3)
    assert sent_back(lamp, (-1.0, 0.0, 0.0)).max() == 0


def test_the_fill_light_comes_from_its_side():
    lamp = lighting(fill=(0.0, 0.0, 1.0), fill_colour=(0.0, 1.0, 0.0))
    np.testing.assert_allclose(sent_back(lamp, (0.0, 0.0, 1.0)), (0, 1, 0), atol=1e-3)
    assert sent_back(lamp, (0.0, 0.0, -1.0)).max() == 0


def test_the_sky_lights_each_side_as_its_harmonics_predict():
    """Ramamoorthi and Hanrahan (2001), equation 13; the sky here is nowhere negative."""
    c = np.zeros(9)
    c[:] = (1.0, 0.2, -0.15, 0.1, 0.1, -0.1, 0.08, 0.05, -0.1)
    sky = lighting(environment=tuple((float(v), float(v), float(v)) for v in c))
    for normal in (unit(1, 0, 0), unit(0, -1, 0), unit(0, 0, 1), unit(1, 2, -2), unit(-1, 1, 1)):
        x, y, z = normal
        expected = 0.886227 * c[0] + 1.023328 * (c[1] * y + c[2] * z + c[3] * x)
        expected += 0.858086 * (c[4] * x * y + c[5] * y * z + c[7] * x * z)
        expected += 0.247708 * c[6] * (3 * z**2 - 1) + 0.429043 * c[8] * (x**2 - y**2)
        np.testing.assert_allclose(sent_back(sky, normal), expected, rtol=2e-3)


def test_no_light_is_negative():
    recipe = LightRecipe(unevenness=3.0)
    for seed in range(10):
        radiance = surroundings(recipe.draw(np.random.default_rng(seed)))
        assert radiance.min() >= 0
        assert np.isfinite(radiance).all()
