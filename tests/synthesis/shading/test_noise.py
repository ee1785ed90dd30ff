import numpy as np
import warp as wp

from landmarks.synthesis.shading.noise import noise


@wp.kernel
def both(
    points: wp.array(dtype=wp.vec3), ours: wp.array(dtype=float), theirs: wp.array(dtype=float)
):
    i = wp.tid()
    seed = wp.rand_init(3, i % 7)
    ours[i] = noise(seed, points[i])
    theirs[i] = wp.noise(seed, points[i])


def test_noise_has_the_values_of_warps_own():
    points = np.random.default_rng(0).normal(scale=30, size=(5000, 3)).astype(np.float32)
    points[:3] = 0, -2, 5.5  # on corners and edges of cells too
    given = wp.array(points, dtype=wp.vec3, device="cpu")
    ours, theirs = (wp.zeros(len(points), dtype=float, device="cpu") for _ in range(2))
    wp.launch(both, dim=len(points), inputs=[given, ours, theirs], device="cpu")
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-5)
    assert theirs.numpy().std() > 0.1
