"""Augmentation: random geometry and appearance of one face, drawn from one generator.

Geometry is a single 3 x 3 map applied once to pixels and landmarks alike, so that a face is
resampled once and no two conventions can meet. Appearance is albumentations', which sees pixels
only. Every strength is a number in YAML, and 0 switches its part off.

The visual gap between rendered and photographed faces is bridged here: the recipe
`configs/augmentation/synthetic_to_real.yaml` does to rendered faces what cameras, light and
compression do to photographed ones.
"""

from dataclasses import dataclass, fields
from functools import lru_cache

import albumentations as A
import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.errors import InputError
from landmarks.geometry import mirror_matrix, mirror_order, transform, warp
from landmarks.scheme import LandmarkScheme

# Data workers are the parallelism; threads of OpenCV inside them only wait for one another.
cv2.setNumThreads(0)


# Interpolation that neither skips pixels on the way down nor makes blocks on the way up.
SMOOTH = {"downscale": cv2.INTER_AREA, "upscale": cv2.INTER_LINEAR}


def _check_range(owner: object, limits: dict[str, float]) -> None:
    for name, limit in limits.items():
        value = getattr(owner, name)
        if not isinstance(value, int | float) or not 0 <= value <= limit:
            raise InputError(
                f"augmentation {name} is {value!r}; it must be a number from 0 (off) to {limit:g}"
            )


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Where the face lies in its crop.

    Attributes:
        rotation: Standard deviation of the in-plane rotation, degrees; cut at twice that.
        scale: Largest relative change of size, drawn evenly in the logarithm.
        shift: Largest shift along x and y, share of the crop's side.
        perspective: Largest tilt of the image plane: relative change of size across the crop.
        mirror: Probability of a left-right reflection.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    perspective: float = 0.0
    mirror: float = 0.0

    def __post_init__(self) -> None:
        """Refuse strengths that leave no face."""
        _check_range(
            self, {"rotation": 90, "scale": 1, "shift": 0.5, "perspective": 0.5, "mirror": 1}
        )

    def draw(self, canvas: int, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """A random map from canvas pixels to crop pixels, both square, centre on centre.

        Args:
            canvas: Side of the stored image.
            size: Side of the crop.
            rng: The only source of randomness.

        Returns:
            (3, 3) matrix, without reflection; the mirror also renames landmarks, so it is apart.
        """
        angle = np.radians(self.rotation * np.clip(rng.standard_normal(), -2, 2))
        zoom = np.exp(np.log1p(self.scale) * rng.uniform(-1, 1))
        tilt = self.perspective / size * rng.uniform(-1, 1, 2)
        shift = self.shift * size * rng.uniform(-1, 1, 2)
        cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
        similarity = np.array([[cos, -sin, 0], [sin, cos, 0], [*tilt, 1]])
        centred = similarity @ _translation((1 - canvas) / 2)
        return np.asarray(_translation(shift + (size - 1) / 2) @ centred)


def _translation(offset: NDArray[np.float64] | float) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[:2, 2] = offset
    return matrix


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """How the face looks; each part happens with its own probability.

    Attributes:
        light: Probability of a change of brightness, contrast and gamma.
        light_strength: Largest relative change of brightness and contrast.
        colour: Probability of a shift of hue, saturation and channel levels.
        colour_strength: Largest shift, share of the full range.
        grey: Probability of losing all colour.
        defocus: Probability of a lens out of focus.
        motion: Probability of motion blur.
        blur_pixels: Largest kernel, crop pixels, at least 3.
        downscale: Probability of a lower resolution, enlarged again.
        noise: Probability of sensor noise.
        noise_strength: Largest standard deviation, share of the full range.
        jpeg: Probability of compression, at a quality of 20 to 90.
        occlusion: Probability of one to three blocks over the face.
        occlusion_size: Largest block, share of the crop's side.
    """

    light: float = 0.0
    light_strength: float = 0.3
    colour: float = 0.0
    colour_strength: float = 0.1
    grey: float = 0.0
    defocus: float = 0.0
    motion: float = 0.0
    blur_pixels: int = 5
    downscale: float = 0.0
    noise: float = 0.0
    noise_strength: float = 0.08
    jpeg: float = 0.0
    occlusion: float = 0.0
    occlusion_size: float = 0.4

    def __post_init__(self) -> None:
        """Refuse what is no probability or no strength."""
        limits: dict[str, float] = {field.name: 1 for field in fields(self)}
        _check_range(self, {**limits, "light_strength": 0.9, "blur_pixels": 31})
        if not isinstance(self.blur_pixels, int) or self.blur_pixels < 3:
            raise InputError(
                f"augmentation blur_pixels is {self.blur_pixels!r}; it must be a whole number "
                "from 3 to 31"
            )

    def __call__(self, image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Another look of `image`, (H, W, 3) uint8."""
        for probability, transforms in _parts(self):
            if rng.random() < probability:
                for transform in transforms:
                    # Each from a seed of its own: albumentations' Compose gives all its parts the
                    # same one, so that noise, blur and compression would come only together.
                    transform.set_random_seed(int(rng.integers(2**31)))
                    image = transform(image=image)["image"]
        return image


@lru_cache(maxsize=16)
def _parts(look: Appearance) -> tuple[tuple[float, tuple[A.BasicTransform, ...]], ...]:
    """The parts of a look with their probabilities, in the order in which a camera does them."""
    light, colour = look.light_strength, look.colour_strength
    block = (0.3 * look.occlusion_size, look.occlusion_size)
    return (
        (
            look.occlusion,
            (
                A.CoarseDropout(
                    num_holes_range=(1, 3),
                    hole_height_range=block,
                    hole_width_range=block,
                    fill="random_uniform",
                    p=1,
                ),
            ),
        ),
        (
            look.light,
            (
                A.RandomBrightnessContrast(brightness_limit=light, contrast_limit=light, p=1),
                A.RandomGamma(gamma_limit=(100 * (1 - light), 100 * (1 + light)), p=1),
            ),
        ),
        (
            look.colour,
            (
                A.HueSaturationValue(180 * colour / 4, 255 * colour * 1.5, 0, p=1),
                A.RGBShift(*[255 * colour] * 3, p=1),
            ),
        ),
        (look.grey, (A.ToGray(p=1),)),
        (
            look.defocus,
            (A.GaussianBlur(0, (0.3, look.blur_pixels / 4), p=1),),
        ),
        (look.motion, (A.MotionBlur(blur_limit=(3, look.blur_pixels | 1), p=1),)),
        (look.downscale, (A.Downscale(scale_range=(0.35, 0.85), interpolation_pair=SMOOTH, p=1),)),
        (look.noise, (A.GaussNoise((0.2 * look.noise_strength, look.noise_strength), p=1),)),
        (look.jpeg, (A.ImageCompression(quality_range=(20, 90), p=1),)),
    )


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Geometry, then appearance.

    Attributes:
        geometry: Where the face lies.
        appearance: How it looks.
    """

    geometry: Geometry
    appearance: Appearance

    def __call__(
        self,
        canvas: NDArray[np.uint8],
        landmarks: NDArray[np.float32],
        visible: NDArray[np.bool_],
        *,
        size: int,
        scheme: LandmarkScheme,
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]:
        """A random view of a face.

        Args:
            canvas: (C, C, 3) uint8, the face with a margin around the crop.
            landmarks: (K, 2) canvas pixels.
            visible: (K,) bool.
            size: Side of the crop, in pixels of the same scale.
            scheme: Says which landmarks change places in the mirror.
            rng: The only source of randomness.

        Returns:
            Image (size, size, 3) uint8, landmarks (K, 2) crop pixels, visible (K,).
        """
        matrix = self.geometry.draw(canvas.shape[0], size, rng)
        order = np.arange(len(landmarks))
        if rng.random() < self.geometry.mirror:
            matrix = mirror_matrix(size) @ matrix
            order = mirror_order(scheme)
        image = self.appearance(warp(canvas, matrix, size), rng)
        return image, transform(landmarks, matrix)[order], visible[order]
