"""Pictures of a recipe: connects datasets to the renderer."""

from dataclasses import asdict, dataclass, field
from typing import Any

import warp as wp

from landmarks.data.threads import cores
from landmarks.errors import InputError
from landmarks.synthesis.picture import Picture
from landmarks.synthesis.recipe import Recipe
from landmarks.synthesis.renderer import RayCaster
from landmarks.synthesis.storage.spec import check_seed_and_size
from landmarks.synthesis.storage.workers import Render
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
        dense: Whether to label every vertex of the face.
        device: "cpu" or "cuda"; not part of the fingerprint.
    """

    recipe: Recipe
    seed: int
    size: int
    renderer: RayCaster = field(default_factory=RayCaster)
    dense: bool = False
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Validate the settings."""
        check_seed_and_size(self.seed, self.size)
        if self.device not in DEVICES:
            raise InputError(f"device is {self.device!r}; choose one of {', '.join(DEVICES)}")
        if self.device == "cuda" and not wp.is_cuda_available():
            raise InputError("device is 'cuda', but no CUDA device is available; use device=cpu")
        if not isinstance(self.dense, bool):
            raise InputError(f"dense is {self.dense!r}; it must be true or false")

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

    def start(self) -> Render:
        """Create a studio in this process."""
        studio = Studio(device=self.device, renderer=self.renderer)

        def render(index: int) -> Picture:
            return studio.render(self.recipe.draw(self.seed, index), self.size, self.dense)

        return render
