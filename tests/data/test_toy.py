import pickle

import numpy as np
import pytest

from landmarks.data.mean_face import MEAN_FACE
from landmarks.data.toy import _HABITS, read_toy
from landmarks.errors import InputError
from landmarks.scheme import IBUG68

DOMAINS = ["synthetic", "stand_in"]
MIRROR = list(IBUG68.mirror)


@pytest.fixture(scope="module", params=DOMAINS)
def faces(request):
    """A hundred drawn faces of a domain, with their pictures."""
    dataset = read_toy(count=100, domain=request.param)
    return dataset, [face.image.read() for face in dataset.faces]


def colours_at(image, points):
    x, y = np.clip(np.rint(points).astype(int), 0, len(image) - 1).T
    return image[y, x].astype(float)


def interocular(points):
    return np.linalg.norm(points[36] - points[45])


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
    small, large = (read_toy(count=5, domain="synthetic", size=s) for s in (160, 320))
    np.testing.assert_allclose((large.landmarks + 0.5) / 2 - 0.5, small.landmarks, atol=1e-3)
    for one, other in zip(small.faces, large.faces, strict=True):
        halved = other.image.read().reshape(160, 2, 160, 2, 3).mean(axis=(1, 3))
        assert abs(halved - one.image.read()).mean() < 2


def test_labels_are_consistent_with_the_mirror_permutation():
    np.testing.assert_allclose(_HABITS[MIRROR] * (-1, 1), _HABITS, atol=1e-12)
    for domain in DOMAINS:
        landmarks = read_toy(count=300, domain=domain).landmarks
        distance = np.linalg.norm(landmarks[:, 36] - landmarks[:, 45], axis=1)
        upright = (landmarks - landmarks[:, 27:31].mean(axis=1, keepdims=True)) / (
            distance[:, None, None]
        )
        mean = upright.mean(axis=0)
        np.testing.assert_allclose(mean[MIRROR] * (-1, 1), mean, atol=0.1)  # as many turn left


def test_people_differ_and_resemble_the_mean_face():
    landmarks = read_toy(count=100, domain="synthetic").landmarks.astype(float)
    centred = landmarks - landmarks.mean(axis=1, keepdims=True)
    mean = MEAN_FACE - MEAN_FACE.mean(axis=0)
    errors = []
    for face in centred:
        complex_face, complex_mean = face @ (1, 1j), mean @ (1, 1j)
        scale = np.vdot(complex_mean, complex_face) / np.vdot(complex_mean, complex_mean)
        error = abs(complex_face - scale * complex_mean).mean() / interocular(face)
        errors.append(error)
    assert 0.05 < np.mean(errors) < 0.12


def test_faces_fill_about_half_the_frame_and_stay_in_it(faces):
    dataset, _ = faces
    landmarks = dataset.landmarks
    height = np.ptp(landmarks[..., 1], axis=1) / 160
    assert 0.45 < height.mean() < 0.6
    assert landmarks.min() > -0.5
    assert landmarks.max() < 159.5
    assert (landmarks.mean(axis=1).std(axis=0) > 5).all()


def test_features_are_drawn_at_their_landmarks(faces):
    """Pupils are darker than cheeks, lips redder than the chin, brows darker than the forehead."""
    dataset, images = faces
    found = []
    for face, image in zip(dataset.faces, images, strict=True):
        points = face.image.head().points
        eyes = np.stack([points[list(eye)].mean(axis=0) for eye in IBUG68.pupils])
        cheeks = eyes + 0.9 * (points[[48, 54]] - eyes) * (0.35, 0.45)
        lip = points[[56, 57, 58]] * 0.6 + points[[65, 66, 67]] * 0.4
        chin = points[[57]] * 0.5 + points[[8]] * 0.5
        red = [c[0] / c.sum() for c in (colours_at(image, p).mean(axis=0) for p in (lip, chin))]
        brows = points[[18, 19, 20, 23, 24, 25]]
        lids = (brows + points[[36, 37, 38, 43, 44, 45]]) / 2
        found.append(
            (
                colours_at(image, eyes).mean() < colours_at(image, cheeks).mean(),
                red[0] > red[1],
                colours_at(image, brows).mean() < colours_at(image, lids).mean(),
            )
        )
    assert (np.mean(found, axis=0) > 0.8).all(), np.mean(found, axis=0)


def hidden(shape):
    """Indices of the jaw points that a turned cheek hides."""
    gap = np.linalg.norm(shape.points[:17] - shape.outline[:17], axis=1)
    return np.flatnonzero(gap > 0.1 * shape.unit)


def test_a_turned_cheek_hides_points_of_one_side_of_the_jaw():
    shapes = [face.image.head() for face in read_toy(count=100, domain="synthetic").faces]
    sides = [np.unique(np.sign(hidden(shape) - 8)) for shape in shapes]
    assert sum(len(side) == 1 for side in sides) > 30
    assert all(len(side) <= 1 for side in sides)


def test_the_skin_ends_at_the_outline():
    """Across the outline the picture changes more than across the hidden points of a jaw."""

    def step(image, points, towards):
        direction = (towards - points) / np.linalg.norm(towards - points, axis=1, keepdims=True)
        inside, outside = (colours_at(image, points + s * 3 * direction) for s in (1, -1))
        return abs(inside - outside).mean()

    at_outline, at_points = [], []
    for face in read_toy(count=100, domain="synthetic").faces:
        shape, image = face.image.head(), face.image.read()
        far = hidden(shape)
        if len(far):
            at_outline.append(step(image, shape.outline[far], shape.points[30]))
            at_points.append(step(image, shape.points[far], shape.points[30]))
    assert np.median(at_outline) > 2 * np.median(at_points)


def test_synthetic_labels_are_fixed_points_of_the_head():
    for face in read_toy(count=20, domain="synthetic").faces:
        np.testing.assert_allclose(face.landmarks, face.image.head().points, atol=1e-4)


def test_stand_in_labels_differ_by_known_shares_of_the_interocular_distance():
    gaps = []
    for face in read_toy(count=300, domain="stand_in").faces:
        fixed = face.image.head().points
        gaps.append(np.linalg.norm(face.landmarks - fixed, axis=1) / interocular(fixed))
    gap = np.mean(gaps, axis=0) * 100
    of = {region: gap[list(indices)].mean() for region, indices in IBUG68.regions.items()}
    assert 5 < of["jaw"] < 7
    assert 2.8 < of["brows"] < 3.6
    assert 1 < of["nose"] < 2
    assert 1 < of["mouth"] < 2
    assert 0.6 < of["eyes"] < 1.1  # only the unsteady hand
    assert 2.5 < gap.mean() < 3.5


def test_about_one_stand_in_face_in_ten_shares_its_photo():
    stand_in, synthetic = (read_toy(count=200, domain=d) for d in ("stand_in", "synthetic"))
    groups = [face.group for face in stand_in.faces]
    sharing = [group for group in groups if groups.count(group) == 2]
    assert len(sharing) == 20
    assert max(groups.count(group) for group in groups) == 2
    assert len({face.group for face in synthetic.faces}) == 200


def test_no_output_calls_a_drawn_face_real():
    dataset = read_toy(count=2, domain="stand_in")
    assert dataset.rendered
    text = f"{dataset.describe()} {dataset.name} {dataset.faces[0].id}".lower()
    assert "real" not in text
    assert "drawn faces (stand-in domain), 2 faces on 1 photos" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domain": "real"}, "domain is 'real'; choose one of synthetic, stand_in"),
        ({"domain": None}, "domain is None; choose one of synthetic, stand_in"),
        ({"domain": ["synthetic"]}, "choose one of synthetic, stand_in"),
        ({"count": 0}, "count is 0; it must be a whole number from 1"),
        ({"count": "abc"}, "count is 'abc'; it must be a whole number from 1"),
        ({"count": True}, "count is True; it must be a whole number from 1"),
        ({"seed": -1}, "seed is -1; it must be a whole number from 0"),
        ({"size": 16}, "size is 16; it must be a whole number from 64"),
        ({"size": 100_000}, "size is 100,000; at most 4,096 pixels a side"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        read_toy(**{"count": 1, "domain": "synthetic", **options})
