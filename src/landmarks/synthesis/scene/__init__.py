"""A scene: all parameters of one picture, as plain numbers."""

from dataclasses import dataclass

from landmarks.synthesis.background import Background
from landmarks.synthesis.camera import CameraSettings
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
    """A smooth shape change outside the head model.

    Attributes:
        amplitude: Standard deviation of the displacement, metres.
        seed: Random seed of its waves.
    """

    amplitude: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture to be rendered.

    Attributes:
        person: Neutral face.
        off_model: Shape change outside the head model.
        expression: Facial actions and gaze.
        view: Camera and pose.
        skin: Material of the skin.
        eyes: Irises, brows, lashes.
        hair: Hair of the head.
        beard: Beard and stubble.
        clothing: Clothes below the neck.
        glasses: Glasses, if worn.
        headwear: Headwear, if worn.
        occluder: Object in front of the face, if any.
        lighting: Lights.
        background: Background.
        photo: Camera settings.
        annotator: Errors of the labels.
        grain: Random seed of all textures: pores, strands, fabrics.
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
    photo: CameraSettings
    annotator: Annotator
    grain: int
