"""Pictures of a recipe: connects datasets to the renderer."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import warp as wp

from landmarks.data.threads import cores
from landmarks.errors import InputError
from landmarks.scheme import LandmarkScheme
from landmarks.synthesis.mesh.head import load_head
from landmarks.synthesis.mesh.places import HeadPlaces, find_places
from landmarks.synthesis.picture import Picture, SchemeLabels
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.renderer import RayCaster
from landmarks.synthesis.storage.spec import check_seed_and_size, check_write
from landmarks.synthesis.studio import Studio

DEVICES = ("cpu", "cuda")


@dataclass(frozen=True, kw_only=True)
class RecipePictures:
    """The pictures of a recipe; each process renders with its own studio.

    Attributes:
        recipe: Distribution of the scenes.
        seed: Random seed of the dataset.
        size: Pixels of a side.
        renderer: Computes the light of a scene.
        write: What else is written with each picture, of `landmarks.synthesis.storage.extras`.
        device: "cpu" or "cuda"; not part of the fingerprint.
    """

    recipe: Recipe
    seed: int
    size: int
    renderer: RayCaster = field(default_factory=RayCaster)
    write: tuple[str, ...] = ()
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Validate the settings."""
        check_seed_and_size(self.seed, self.size)
        if self.device not in DEVICES:
            raise InputError(f"device is {self.device!r}; choose one of {', '.join(DEVICES)}")
        if self.device == "cuda" and not wp.is_cuda_available():
            raise InputError("device is 'cuda', but no CUDA device is available; use device=cpu")
        check_write(self.write)

    @property
    def settings(self) -> dict[str, Any]:
        """All settings of the recipe, with hashes of the user's files."""
        settings = asdict(self.recipe)
        for name in ("skin", "light", "background"):
            content = getattr(self.recipe, name).content
            if content is not None:
                settings[name]["content"] = content
        return settings

    @property
    def processes(self) -> int:
        """One for each core on the CPU; one on a GPU."""
        return cores() if self.device == "cpu" else 1

    @property
    def renderer_version(self) -> str:
        """Version of the renderer; does not need a studio."""
        return self.renderer.version

    def start(self) -> Callable[[int], Picture]:
        """Create a studio in this process."""
        studio = Studio(device=self.device, renderer=self.renderer)

        def render(index: int) -> Picture:
            return studio.render(self.recipe.draw(self.seed, index), self.size, self.write)

        return render

    def labelling(self, scheme: LandmarkScheme) -> "SchemeLabelling":
        """Labels the same pictures for a scheme.

        Raises:
            InputError: The scheme has a landmark without a place on the head.
        """
        return SchemeLabelling(self, find_places(scheme, load_head()))


@dataclass(frozen=True, eq=False)
class SchemeLabelling:
    """Labels the pictures of a recipe for a scheme, on the CPU, without rendering them.

    Attributes:
        pictures: The pictures.
        places: The landmarks of the scheme on the head.
    """

    pictures: RecipePictures
    places: HeadPlaces

    def start(self) -> Callable[[int], SchemeLabels]:
        """Create a studio in this process."""
        studio, pictures = Studio(), self.pictures

        def label(index: int) -> SchemeLabels:
            scene = pictures.recipe.draw(pictures.seed, index)
            return studio.label(scene, pictures.size, self.places)

        return label
