"""Coverage: pose from landmarks, faces without a synthetic one, the recipe that fills the gap."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from scipy.spatial.transform import Rotation

from landmarks.audit.audit import audit
from landmarks.audit.coverage import RECIPE, CoverageCheck, recipe_for
from landmarks.audit.material import Material
from landmarks.audit.pose import DEPTH, pose_of
from landmarks.audit.report import write_report
from landmarks.data.dataset import FaceDataset
from landmarks.data.mean_face import MEAN_FACE
from landmarks.synthesis.scene.view import ViewRecipe
from tests.audit.faults import drawn_faces

HEAD = np.column_stack([MEAN_FACE, DEPTH])


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The mean head seen from far away; angles as of the renders' views."""
    turn = Rotation.from_euler("ZXY", [roll, -pitch, -yaw], degrees=True).as_matrix()
    return 100 * (HEAD @ turn.T)[:, :2] + 300


@pytest.mark.parametrize("angles", [(20.0, 0.0, 0.0), (0.0, 10.0, 0.0), (0.0, 0.0, -15.0)])
def test_pose_has_the_signs_and_nearly_the_size_of_a_views_angles(
    angles: tuple[float, ...],
) -> None:
    (found,), (scale,) = pose_of(turned(*angles)[None])
    slopes = (1.27, 0.91, 0.93)
    assert found == pytest.approx([s * a for s, a in zip(slopes, angles, strict=True)], abs=0.5)
    assert scale == pytest.approx(100, rel=0.01)


def heads(spread: float, count: int = 400) -> FaceDataset:
    """Heads turned, nodding and tilted with a standard deviation, degrees."""
    rng = np.random.default_rng(int(spread))
    angles = rng.normal(0, spread, (count, 3)) * [1, 0.3, 0.3]
    drawn = drawn_faces().faces
    faces = [
        replace(drawn[i % len(drawn)], id=f"{i}", landmarks=turned(*a).astype(np.float32))
        for i, a in enumerate(angles)
    ]
    return FaceDataset(name="heads", origin="a test", faces=tuple(faces), frame="pixels")


def material(real: FaceDataset, synthetic: FaceDataset) -> Material:
    return Material(sets={"real": real, "synthetic": synthetic}, sample=50)


def test_faces_that_are_spread_alike_are_covered() -> None:
    assert CoverageCheck()(material(heads(20), heads(21))) == []


def test_turned_faces_without_synthetic_ones_are_shown_and_rendered_by_a_recipe() -> None:
    real = heads(25)
    (finding,) = CoverageCheck()(material(real, heads(3)))
    assert finding.fault == "poses or expressions without synthetic faces"
    ((name, text),) = finding.files
    assert name == RECIPE
    view = ViewRecipe(**yaml.safe_load(text)["view"])
    assert view.wide > 0.3
    assert view.wide_yaw > 50
    (worst,), _ = pose_of(real.faces[finding.faces[0]].landmarks[None])
    assert abs(worst[0]) > 60


def test_the_recipe_is_written_beside_the_page(tmp_path) -> None:
    given = material(heads(25), heads(3))
    write_report(audit(given, [CoverageCheck()]), given, tmp_path)
    assert yaml.safe_load((tmp_path / RECIPE).read_text())["name"] == "fill"


def test_a_recipe_for_extreme_faces_stays_within_what_recipes_allow() -> None:
    extreme = np.tile([[120.0, 80.0, 80.0, 1.0, 0.0]], (10, 1))
    view = yaml.safe_load(recipe_for(extreme))["view"]
    assert ViewRecipe(**view).wide_yaw == 90


def test_darker_photos_than_all_renders_are_found() -> None:
    class Dark:
        def __init__(self, image) -> None:
            self.image = image

        def read(self) -> np.ndarray:
            return self.image.read() // 8

    bright = drawn_faces()
    dark = replace(
        bright, faces=tuple(replace(face, image=Dark(face.image)) for face in bright.faces)
    )
    (finding,) = CoverageCheck()(material(dark, bright))
    assert finding.fault == "brightness without synthetic faces"
    assert len(finding.faces) == 50
