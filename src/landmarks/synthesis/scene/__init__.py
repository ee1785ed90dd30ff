"""A scene: everything that decides one picture, as plain numbers."""

from dataclasses import dataclass

from landmarks.synthesis.background import Background
from landmarks.synthesis.camera import Photo
from landmarks.synthesis.scene.annotator import Annotator
from landmarks.synthesis.scene.expression import Expression
from landmarks.synthesis.scene.hair import Beard, Hair
from landmarks.synthesis.scene.lighting import Lighting
from landmarks.synthesis.scene.person import Person
from landmarks.synthesis.scene.skin import Eyes, Skin
from landmarks.synthesis.scene.view import View
from landmarks.synthesis.scene.wear import Clothing, Glasses, Headwear, Occluder


@dataclass(frozen=True, kw_only=True)
class OffModel:
    """A smooth change of shape that no parameter of the head can make.

    Attributes:
        amplitude: Standard deviation of the displacement, metres.
        seed: Of its waves.
    """

    amplitude: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture to be rendered.

    Attributes:
        person: Neutral face.
        off_model: What the face has beyond that.
        expression: Facial actions and gaze.
        view: Camera and pose.
        skin: Material of the skin.
        eyes: Irises, brows, lashes.
        hair: Of the head.
        beard: Of the face.
        clothing: Below the neck.
        glasses: If worn.
        headwear: If worn.
        occluder: If something is before the face.
        lighting: Lights.
        background: What is behind.
        photo: What the camera does.
        annotator: Who labels it.
        grain: Seed of everything textured: pores, strands, fabrics.
    """

    person: Person
    off_model: OffModel
    expression: Expression
    view: View
    skin: Skin
    eyes: Eyes
    hair: Hair
    beard: Beard
    clothing: Clothing
    glasses: Glasses | None
    headwear: Headwear | None
    occluder: Occluder | None
    lighting: Lighting
    background: Background
    photo: Photo
    annotator: Annotator
    grain: int
