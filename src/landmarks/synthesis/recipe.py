"""A recipe: the distribution of scenes in a synthetic dataset."""

from dataclasses import MISSING, dataclass, field, fields, is_dataclass

import numpy as np

from landmarks.data.scheme_labels import LABEL_SETS
from landmarks.errors import InputError
from landmarks.synthesis.background import BackgroundRecipe
from landmarks.synthesis.camera import PhotoRecipe
from landmarks.synthesis.ranges import check_strength
from landmarks.synthesis.scene import OffModel, Scene
from landmarks.synthesis.scene.annotator import AnnotatorRecipe
from landmarks.synthesis.scene.expression import ExpressionRecipe
from landmarks.synthesis.scene.hair import HairRecipe
from landmarks.synthesis.scene.lighting import LightRecipe
from landmarks.synthesis.scene.person import PersonRecipe
from landmarks.synthesis.scene.skin import SkinRecipe
from landmarks.synthesis.scene.view import ViewRecipe
from landmarks.synthesis.scene.wear import WearRecipe

# Each part of a scene has its own random generator, so that a recipe that changes one part
# leaves the others as they were: sample 7 without hair is sample 7.
PARTS = (
    "person", "off_model", "expression", "view", "skin", "eyes", "hair", "beard", "clothing",
    "glasses", "headwear", "occluder", "lighting", "background", "photo", "annotator", "grain",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The distribution of scenes in a dataset.

    Attributes:
        name: Name in folders and results.
        labels: Label set in the dataset's files: "surface", "contour" or "annotated"
            (`landmarks.synthesis.picture.Labels`).
        off_model: Standard deviation of shape changes outside the head model, metres.
        person: Age, sex and shape of the face.
        expression: Facial expressions and gaze.
        view: Pose and framing.
        skin: Skin, eyes and brows.
        hair: Hairstyles and beards.
        wear: Clothes, glasses, hats, and objects in front of the face.
        light: Lamps and surroundings.
        background: Background.
        photo: Camera settings.
        annotator: Annotation errors, used if labels are "annotated".
    """

    name: str
    labels: str = "contour"
    off_model: float = 0.0
    person: PersonRecipe = field(default_factory=PersonRecipe)
    expression: ExpressionRecipe = field(default_factory=ExpressionRecipe)
    view: ViewRecipe = field(default_factory=ViewRecipe)
    skin: SkinRecipe = field(default_factory=SkinRecipe)
    hair: HairRecipe = field(default_factory=HairRecipe)
    wear: WearRecipe = field(default_factory=WearRecipe)
    light: LightRecipe = field(default_factory=LightRecipe)
    background: BackgroundRecipe = field(default_factory=BackgroundRecipe)
    photo: PhotoRecipe = field(default_factory=PhotoRecipe)
    annotator: AnnotatorRecipe = field(default_factory=AnnotatorRecipe)

    def __post_init__(self) -> None:
        """Validate the settings."""
        for part in fields(self):
            value = getattr(self, part.name)
            if part.default is MISSING and part.name != "name" and not is_dataclass(value):
                raise InputError(
                    f"recipe: {part.name} is {value!r}; it must be a group of settings, as in "
                    "configs/recipe/synthetic.yaml"
                )
        if not isinstance(self.name, str) or not self.name.replace("_", "").isalnum():
            raise InputError(
                f"recipe: name is {self.name!r}; it must be letters, digits and underscores"
            )
        if self.labels not in LABEL_SETS:
            raise InputError(
                f"recipe: labels are {self.labels!r}; allowed are {', '.join(LABEL_SETS)}"
            )
        check_strength("off_model", self.off_model, 0.01)

    def draw(self, seed: int, index: int) -> Scene:
        """Draw scene `index` of the dataset with `seed`, independently of all other scenes.

        Args:
            seed: Random seed of the dataset, from 0.
            index: Index of the sample, from 0.
        """
        rng = {part: np.random.default_rng((seed, index, k)) for k, part in enumerate(PARTS)}
        person = self.person.draw(rng["person"])
        return Scene(
            person=person,
            off_model=OffModel(
                amplitude=self.off_model, seed=int(rng["off_model"].integers(2**31))
            ),
            expression=self.expression.draw(rng["expression"]),
            view=self.view.draw(rng["view"]),
            skin=self.skin.draw(rng["skin"], person),
            eyes=self.skin.draw_eyes(rng["eyes"], person),
            hair=self.hair.draw(rng["hair"], person),
            beard=self.hair.draw_beard(rng["beard"], person),
            clothing=self.wear.draw_clothing(rng["clothing"]),
            glasses=self.wear.draw_glasses(rng["glasses"]),
            headwear=self.wear.draw_headwear(rng["headwear"]),
            occluder=self.wear.draw_occluder(rng["occluder"]),
            lighting=self.light.draw(rng["lighting"]),
            background=self.background.draw(rng["background"]),
            photo=self.photo.draw(rng["photo"]),
            annotator=self.annotator.draw(rng["annotator"]),
            grain=int(rng["grain"].integers(1, 100_000)),
        )
