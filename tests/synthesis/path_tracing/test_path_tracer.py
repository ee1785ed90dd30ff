"""Path tracing and ray casting show the same scene at the same pixels."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from landmarks.errors import InputError
from landmarks.synthesis.faces import rendered_faces
from landmarks.synthesis.mesh.classes import Class
from landmarks.synthesis.path_tracing import PathTracer
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.renderer import RayCaster
from landmarks.synthesis.scene.lighting import Lighting
from landmarks.synthesis.scene.wear import WearRecipe
from landmarks.synthesis.shading.tracer import Quality
from landmarks.synthesis.studio import Studio
from tests.cli.test_command_line import command
from tests.synthesis.scenes import bare, view
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
NEEDED = "needs: pip install 'landmarks[mitsuba]'"
NO_LIGHT = (0.0, 0.0, 0.0)
LAMP = Lighting(
    key=(0.6, -0.8, 0.0), key_colour=(1.0, 1.0, 1.0), softness=0.2, fill=(0.0, -1.0, 0.0),
    fill_colour=NO_LIGHT, environment=(NO_LIGHT,) * 9,
)  # fmt: skip
EVEN = replace(LAMP, key_colour=NO_LIGHT, environment=((0.5, 0.5, 0.5),) + (NO_LIGHT,) * 8)


@pytest.fixture(scope="module")
def paths():
    pytest.importorskip("mitsuba", reason=NEEDED)
    return Studio(renderer=PathTracer(samples=16))


@pytest.fixture
def films(monkeypatch):
    """Light before it is developed and composed, of each picture that is rendered from here on."""
    found = []

    def keeping(expose):
        def wrapper(*args):
            found.append(expose(*args))
            return found[-1]

        return wrapper

    for renderer in (PathTracer, RayCaster):
        monkeypatch.setattr(renderer, "expose", keeping(renderer.expose))
    return found


def worn(seed):
    """A face with all that can be worn and held."""
    recipe = Recipe(name="any", wear=WearRecipe(glasses=1.0, headwear=1.0, occluders=1.0))
    return recipe.draw(seed, 0)


@pytest.mark.parametrize("scene", [Recipe(name="any").draw(0, 3), worn(1)])
def test_everything_but_the_image_is_that_of_cast_rays(studio, paths, scene):
    cast, traced = (s.render(scene, 48, dense=True) for s in (studio, paths))
    for name, value in vars(cast.labels).items():
        np.testing.assert_array_equal(getattr(traced.labels, name), value)
    for name in ("segmentation", "depth", "intrinsics", "extrinsics"):
        np.testing.assert_array_equal(getattr(traced, name), getattr(cast, name))
    assert traced.scene == cast.scene
    assert traced.head_pose == cast.head_pose
    assert (traced.image != cast.image).any()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_heads_cover_the_same_pixels(studio, paths, films, seed):
    """Anywhere in the picture: a camera half a pixel off, or mirrored, would be seen."""
    at = view(yaw=25.0, roll=12.0, distance=0.6, shift=(0.1, -0.12), face_share=0.4)
    for each in (studio, paths):
        each.render(bare(seed, view=at), 96)
    cast, traced = (film.opacity for film in films)
    both, either = (cast > 0.5) & (traced > 0.5), (cast > 0.5) | (traced > 0.5)
    assert both.sum() / either.sum() > 0.995
    edge = (cast > 0) & (cast < 1)
    assert abs((traced - cast)[edge].mean()) < 0.03
    v, u = np.mgrid[0:96, 0:96]
    off = [(grid * (traced - cast)).sum() / cast.sum() for grid in (u - u.mean(), v - v.mean())]
    assert np.abs(off).max() < 0.05


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_irises_are_around_the_labels_of_pupils(paths, films, seed):
    """By their colour, sideways: lids hide the top of some."""
    drawn = bare(seed)
    eyes = replace(drawn.eyes, iris=(0.0, 0.5, 0.0), sclera=(0.6, 0.6, 0.6))
    at = view(yaw=8.0, shift=(0.05, 0.08))
    picture = paths.render(replace(drawn, eyes=eyes, lighting=EVEN, view=at), 112)
    columns = np.arange(112)
    light = films[0].light
    greenness = np.clip(light[..., 1] - light[..., [0, 2]].max(axis=-1), 0, None)
    for (x, _), kind in zip(picture.labels.pupils, (Class.RIGHT_EYE, Class.LEFT_EYE), strict=True):
        found = (greenness * (picture.segmentation == kind)).sum(axis=0)
        assert abs((columns * found).sum() / found.sum() - x) < 0.8


def test_lamps_shine_from_where_they_do_for_cast_rays(studio, paths, films):
    """Brightness over the face: alike as a pattern, and as a whole."""
    for lighting in (LAMP, replace(LAMP, key=(-0.6, -0.64, 0.48)), EVEN):
        for each in (studio, paths):
            classes = each.render(bare(2, lighting=lighting), 64).segmentation
        face = binary_erosion(np.isin(classes, (Class.SKIN, Class.NOSE)))
        cast, traced = (film.light[..., 1][face] for film in films[-2:])
        assert 0.7 < traced.mean() / cast.mean() < 1.2
        if lighting is not EVEN:
            assert np.corrcoef(cast, traced)[0, 1] > 0.85


def test_twice_the_lamps_are_twice_the_light(paths, films):
    for strength in (1.0, 2.0):
        colour = (strength, strength, strength)
        paths.render(bare(0, lighting=replace(LAMP, key_colour=colour)), 48)
    np.testing.assert_allclose(films[1].light, 2 * films[0].light, rtol=1e-3, atol=1e-5)


def test_nothing_behind_the_head_is_in_its_light(paths, films):
    paths.render(bare(0, lighting=EVEN), 48)
    outside = films[0].opacity == 0
    assert outside.mean() > 0.2
    assert films[0].light[outside].max() < 0.02  # the film of cast rays may miss a sliver
    assert np.isfinite(films[0].light).all()


def test_worn_and_held_objects_are_visible(studio, paths, films):
    """No part is lost on the way: each is as bright as for cast rays, within a factor of two."""
    scene = replace(worn(1), lighting=EVEN)
    for each in (studio, paths):
        classes = each.render(scene, 96).segmentation
    cast, traced = (film.light.mean(axis=-1) for film in films)
    kinds = [k for k in np.unique(classes) if k != 0 and (classes == k).sum() > 40]
    assert {Class.HEADWEAR, Class.IGNORE, Class.SKIN, Class.CLOTHING} <= set(kinds)
    for kind in kinds:
        ratio = traced[classes == kind].mean() / cast[classes == kind].mean()
        assert 0.4 < ratio < 2.5, Class(kind).name


def test_a_picture_does_not_depend_on_earlier_pictures(paths):
    scene = Recipe(name="any").draw(0, 0)
    first = paths.render(scene, 48).image
    paths.render(bare(1), 32)
    np.testing.assert_array_equal(paths.render(scene, 48).image, first)
    other = Studio(renderer=PathTracer(samples=16))
    np.testing.assert_array_equal(other.render(scene, 48).image, first)


def test_more_samples_are_less_grain(paths, films):
    for samples in (225, 4, 36):
        Studio(renderer=PathTracer(samples=samples)).render(bare(0, lighting=LAMP), 32)
    even, few, more = (film.light for film in films)
    assert np.square(more - even).mean() < 0.3 * np.square(few - even).mean()


def test_the_version_names_renderer_and_quality():
    pytest.importorskip("mitsuba", reason=NEEDED)
    plain = PathTracer()
    assert plain.version.startswith("mitsuba 3.")
    assert f"{plain.samples} samples" in plain.version
    versions = {plain.version, PathTracer(samples=9).version, PathTracer(depth=3).version}
    assert len(versions | {RayCaster().version}) == 4


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (PathTracer, {"samples": 0}, "renderer.samples is 0"),
        (PathTracer, {"samples": 32}, "renderer.samples is 32; it must be a square"),
        (PathTracer, {"depth": 1}, "renderer.depth is 1"),
        (PathTracer, {"samples": "many"}, "renderer.samples is 'many'"),
        (RayCaster, {"edge_rays": -1}, "edge_rays is -1"),
        (Quality, {"shadow_rays": 1.5}, "shadow_rays is 1.5"),
    ],
)
def test_invalid_quality_settings_are_refused(kind, options, message):
    with pytest.raises(InputError, match=message):
        kind(**options)


WITHOUT = "import sys; sys.modules['mitsuba'] = None"


def test_without_the_package_one_line_names_the_extra(tmp_path):
    """As a user meets it: Python starts as if there were no such package."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    done = subprocess.run(
        [sys.executable, "-m", "landmarks", "synthesize", "renderer=mitsuba", "n=1", "out=faces"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT / 'src'}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "pip install 'landmarks[mitsuba]'" in done.stderr
    assert not (tmp_path / "faces").exists()


def test_a_folder_records_its_renderer_and_refuses_another(tmp_path):
    pytest.importorskip("mitsuba", reason=NEEDED)
    words = ["n=2", "size=32", "workers=2", "out=faces"]
    done = command("synthesize", "renderer=mitsuba", "renderer.samples=4", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = PathTracer(samples=4).version
    assert json.loads((tmp_path / "faces/spec.json").read_text())["renderer"] == expected
    other = command("synthesize", *words, cwd=tmp_path)
    assert other.returncode == 2
    assert "renderer" in other.stderr


def test_faces_for_training_are_kept_apart_too(tmp_path):
    pytest.importorskip("mitsuba", reason=NEEDED)
    recipe, options = Recipe(name="any"), {"count": 1, "size": 32, "root": tmp_path, "workers": 1}
    paths = rendered_faces(recipe, renderer=PathTracer(samples=4), **options)
    rays = rendered_faces(recipe, **options)
    assert len(list(tmp_path.glob("any-*"))) == 2
    np.testing.assert_array_equal(paths.landmarks, rays.landmarks)
    assert (paths.faces[0].image.read() != rays.faces[0].image.read()).any()


def test_ray_casting_does_not_need_mitsuba(monkeypatch, studio):
    monkeypatch.setitem(sys.modules, "mitsuba", None)
    with pytest.raises(InputError, match="mitsuba"):
        PathTracer()
    assert RayCaster().version.startswith("renderer ")
