import pickle

import numpy as np
import pytest

from landmarks.data.toy import REAL, SYNTHETIC, read_toy
from landmarks.data.toy.canvas import Canvas, ellipse
from landmarks.data.toy.head import _VARIATIONS, MEAN_FACE
from landmarks.data.toy.labels import Convention
from landmarks.data.toy.shape import pose_shape
from landmarks.errors import InputError
from landmarks.scheme import IBUG68

DOMAINS = ["synthetic", "stand_in"]
MIRROR = list(IBUG68.mirror)


@pytest.fixture(scope="module", params=DOMAINS)
def faces(request):
    """Two hundred drawn faces of a domain, with their pictures."""
    dataset = read_toy(count=200, domain=request.param)
    return dataset, [face.image.read() for face in dataset.faces]


def pose(yaw: float, pitch: float = 0.0, roll: float = 0.0):
    """The mean face, turned by so many degrees, in the middle of a frame of 160 pixels."""
    turns = tuple(np.radians([yaw, pitch, roll]))
    return pose_shape(MEAN_FACE, turns, height=80.0, place=np.zeros(2), size=160)


def brightness_at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    x, y = np.clip(np.rint(points).astype(int), 0, len(image) - 1).T
    return image[y, x].astype(float).mean(axis=-1)


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_face_is_the_same_whatever_the_number_of_faces(domain):
    few, many = read_toy(count=3, domain=domain), read_toy(count=12, domain=domain)
    for a, b in zip(few.faces, many.faces, strict=False):
        assert (a.id, a.group, a.image.content()) == (b.id, b.group, b.image.content())
        np.testing.assert_array_equal(a.landmarks, b.landmarks)
        np.testing.assert_array_equal(a.image.read(), b.image.read())


def test_a_picture_is_the_same_each_time_and_in_another_process():
    image = read_toy(count=1, domain="stand_in").faces[0].image
    np.testing.assert_array_equal(image.read(), image.read())
    again = pickle.loads(pickle.dumps(image))
    np.testing.assert_array_equal(image.read(), again.read())
    assert image.read().shape == (160, 160, 3)
    assert image.read().dtype == np.uint8


def test_seed_domain_and_size_change_faces_and_their_content():
    base = {"count": 1, "domain": "synthetic", "seed": 0, "size": 160}
    datasets = [
        read_toy(**{**base, **change})
        for change in ({}, {"seed": 1}, {"domain": "stand_in"}, {"size": 96})
    ]
    assert len({d.faces[0].image.content() for d in datasets}) == 4
    assert len({d.faces[0].landmarks.tobytes() for d in datasets}) == 4
    assert len({d.content for d in datasets}) == 4


def test_a_larger_picture_shows_the_same_face():
    small, large = (read_toy(count=5, domain="synthetic", size=s).landmarks for s in (160, 320))
    np.testing.assert_allclose((large + 0.5) / 2 - 0.5, small, atol=1e-3)


def test_the_mean_face_is_its_own_mirror_image():
    assert np.isfinite(MEAN_FACE).all()
    np.testing.assert_array_equal(MEAN_FACE[MIRROR] * (-1, 1, 1), MEAN_FACE)
    for _, field in _VARIATIONS.values():
        np.testing.assert_allclose(field[MIRROR] * (-1, 1, 1), field, atol=1e-12)


def test_the_mean_face_has_the_proportions_of_real_ones():
    assert MEAN_FACE[36, 0] < MEAN_FACE[39, 0] < 0 < MEAN_FACE[42, 0] < MEAN_FACE[45, 0]
    right, left = (MEAN_FACE[list(eye), :2].mean(axis=0) for eye in IBUG68.pupils)
    ratio = np.linalg.norm(MEAN_FACE[45, :2] - MEAN_FACE[36, :2]) / np.linalg.norm(left - right)
    assert 1.39 < ratio < 1.44
    y = MEAN_FACE[:, 1]
    assert y[17:27].max() < y[36:48].min() < y[33] < y[51] < y[62] < y[66] < y[57] < y[8]


def test_turning_left_mirrors_turning_right():
    left, right = pose(30, 5, 10), pose(-30, 5, -10)
    np.testing.assert_allclose(159 - left.points[MIRROR, 0], right.points[:, 0], atol=1e-6)
    np.testing.assert_allclose(left.points[MIRROR, 1], right.points[:, 1], atol=1e-6)
    np.testing.assert_allclose(159 - left.outline[::-1, 0], right.outline[:, 0], atol=1e-6)


def test_a_turned_cheek_hides_the_far_jaw_and_leaves_the_near_one():
    shape = pose(30)  # towards the left of the image, so the person's right cheek is far
    gap = shape.points[:17] - shape.outline
    assert (gap[1:5, 0] > 0.03 * shape.unit).all()  # hidden points lie inside the outline
    np.testing.assert_allclose(gap[10:16], 0, atol=1e-9)
    np.testing.assert_allclose(gap[:, 1], 0, atol=1.5)  # at about the same height
    upright = pose(0)
    np.testing.assert_allclose(upright.points[:17], upright.outline, atol=0.5)


def test_faces_fill_about_half_the_frame_and_stay_in_it(faces):
    dataset, _ = faces
    landmarks = dataset.landmarks
    height = np.ptp(landmarks[..., 1], axis=1) / 160
    assert 0.45 < height.mean() < 0.6
    assert landmarks.min() > -0.5
    assert landmarks.max() < 159.5
    centres = landmarks.mean(axis=1)
    assert (centres.std(axis=0) > 5).all()


def test_heads_turn_mostly_up_to_thirty_degrees():
    yaw = np.degrees(
        [face.image.shape().yaw for face in read_toy(count=300, domain="synthetic").faces]
    )
    assert 0.75 < (abs(yaw) < 30).mean() < 0.95
    assert abs(yaw).max() > 35
    assert abs(yaw.mean()) < 4


def test_open_eyes_are_dark_in_the_middle(faces):
    dataset, images = faces
    darker = []
    for face, image in zip(dataset.faces, images, strict=True):
        pupils = np.stack([face.landmarks[list(eye)].mean(axis=0) for eye in IBUG68.pupils])
        cheeks = pupils + 0.9 * (face.landmarks[[48, 54]] - pupils) * (0.35, 0.45)
        darker.append(brightness_at(image, pupils).mean() < brightness_at(image, cheeks).mean())
    assert np.mean(darker) > 0.85


def test_lips_are_redder_than_the_chin(faces):
    dataset, images = faces
    redder = []
    for face, image in zip(dataset.faces, images, strict=True):
        lip = face.landmarks[[56, 57, 58]] * 0.6 + face.landmarks[[65, 66, 67]] * 0.4
        chin = face.landmarks[[57]] * 0.5 + face.landmarks[[8]] * 0.5
        red = []
        for points in (lip, chin):
            x, y = np.rint(points).astype(int).T
            colour = image[y, x].astype(float).mean(axis=0)
            red.append(colour[0] / colour.sum())
        redder.append(red[0] > red[1])
    assert np.mean(redder) > 0.8


def test_the_outline_lies_where_the_skin_ends():
    """Across the outline the picture changes more than across the hidden points of a jaw."""

    def step(image, points, towards):
        direction = (towards - points) / np.linalg.norm(towards - points, axis=1, keepdims=True)
        inside, outside = (brightness_at(image, points + s * 3 * direction) for s in (1, -1))
        return abs(inside - outside).mean()

    at_outline, at_points = [], []
    for face in read_toy(count=150, domain="synthetic").faces:
        shape = face.image.shape()
        if np.degrees(abs(shape.yaw)) < 20:
            continue
        far = slice(1, 6) if shape.yaw > 0 else slice(11, 16)
        image, nose = face.image.read(), shape.points[30]
        at_outline.append(step(image, shape.outline[far], nose))
        at_points.append(step(image, shape.points[:17][far], nose))
    assert len(at_outline) > 20
    assert np.median(at_outline) > 2 * np.median(at_points)


def test_synthetic_labels_are_fixed_points_of_the_head():
    for face in read_toy(count=20, domain="synthetic").faces:
        np.testing.assert_allclose(face.landmarks, face.image.shape().points, atol=1e-4)


def test_the_conventions_differ_by_known_shares_of_the_interocular_distance():
    gaps = []
    for face in read_toy(count=300, domain="stand_in").faces:
        fixed = face.image.annotate(SYNTHETIC.convention)
        distance = np.linalg.norm(fixed[36] - fixed[45])
        gaps.append(np.linalg.norm(face.landmarks - fixed, axis=1) / distance)
    gap = np.mean(gaps, axis=0) * 100
    of = {region: gap[list(indices)].mean() for region, indices in IBUG68.regions.items()}
    assert 6 < of["jaw"] < 8
    assert 2.8 < of["brows"] < 3.6
    assert 1 < of["nose"] < 2
    assert 1 < of["mouth"] < 2
    assert 0.6 < of["eyes"] < 1.1  # nothing but the annotator's hand
    assert 2.5 < gap.mean() < 3.5


def test_each_habit_of_an_annotator_moves_its_own_landmarks_its_own_way():
    face = read_toy(count=1, domain="stand_in").faces[0].image
    shape = face.shape()
    fixed = face.annotate(Convention())
    distance = np.linalg.norm(fixed[36] - fixed[45])
    down = np.array([-np.sin(shape.roll), np.cos(shape.roll)])

    brows = (face.annotate(Convention(brow_up=0.03)) - fixed) / distance
    np.testing.assert_allclose(brows[17:27], np.tile(-0.03 * down, (10, 1)), atol=1e-9)
    assert not brows[:17].any()
    assert not brows[27:].any()

    mouth = (face.annotate(Convention(mouth_outward=0.02)) - fixed) / distance
    assert (mouth[[49, 50, 51, 52, 53]] @ down < 0).all()  # the upper lip up
    assert (mouth[[55, 56, 57, 58, 59]] @ down > 0).all()  # the lower lip down
    np.testing.assert_allclose(np.linalg.norm(mouth[48:60], axis=1), 0.02, atol=1e-9)

    jaw = (face.annotate(Convention(jaw_along=0.03)) - fixed) / distance
    assert (jaw[[*range(8), *range(9, 17)]] @ down > 0).all()  # towards the chin is down
    np.testing.assert_allclose(jaw[8], 0, atol=1e-12)


def test_about_one_stand_in_face_in_ten_shares_its_photo():
    stand_in, synthetic = (read_toy(count=1000, domain=d) for d in ("stand_in", "synthetic"))
    groups = [face.group for face in stand_in.faces]
    sharing = [group for group in groups if groups.count(group) == 2]
    assert len(sharing) == 100
    assert max(groups.count(group) for group in groups) == 2
    assert len({face.group for face in synthetic.faces}) == 1000


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_faces_of_both_domains_are_told_to_be_drawn(domain):
    assert read_toy(count=1, domain=domain).rendered


def test_no_output_calls_a_drawn_face_real():
    dataset = read_toy(count=2, domain="stand_in")
    text = f"{dataset.describe()} {dataset.name} {REAL.name} {dataset.faces[0].id}".lower()
    assert "real" not in text
    assert "drawn faces (stand-in domain), 2 faces on 1 photos" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domain": "real"}, "domain is 'real'; choose one of synthetic, stand_in"),
        ({"domain": None}, "domain is None; choose one of synthetic, stand_in"),
        ({"count": 0}, "count is 0; it must be a whole number from 1"),
        ({"count": "abc"}, "count is 'abc'; it must be a whole number from 1"),
        ({"count": True}, "count is True; it must be a whole number from 1"),
        ({"seed": -1}, "seed is -1; it must be a whole number from 0"),
        ({"size": 16}, "size is 16; it must be a whole number from 64"),
        ({"size": 100_000}, "size is 100,000; at most 4,096 pixels a side"),
    ],
)
def test_refuses_options_out_of_range(options, message):
    with pytest.raises(InputError, match=message):
        read_toy(**{"count": 1, "domain": "synthetic", **options})


@pytest.mark.parametrize(("x", "y"), [(32.0, 30.0), (31.3, 30.7), (30.5, 32.5)])
def test_a_filled_shape_covers_its_area_around_its_sub_pixel_centre(x, y):
    canvas = Canvas(np.zeros((64, 64, 3), np.uint8))
    canvas.fill(ellipse(np.array([x, y]), (12.0, 8.0), turn=0.4), np.full(3, 255.0))
    share = canvas.image[..., 0] / 255
    columns, rows = np.arange(64)[None, :], np.arange(64)[:, None]
    centre = (share * columns).sum() / share.sum(), (share * rows).sum() / share.sum()
    np.testing.assert_allclose(centre, (x, y), atol=0.1)
    assert share.sum() == pytest.approx(np.pi * 12 * 8, rel=0.05)


def test_drawing_within_a_shape_leaves_the_rest_alone():
    canvas = Canvas(np.full((64, 64, 3), 100, np.uint8))
    inside = ellipse(np.array([20.0, 40.0]), (10.0, 10.0))
    canvas.within([inside], lambda layer: layer.cover(np.full(3, 200.0)))
    assert (canvas.image[40, 20] == 200).all()
    assert (canvas.image[:28] == 100).all()
    assert (canvas.image[:, 33:] == 100).all()
