"""What test faces cost whose images show too little."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.finding import Price
from landmarks.audit.material import Material
from landmarks.audit.prices import cost_of_faces


def face_cost(
    material: Material, role: str, faces: Sequence[int] | NDArray[np.intp]
) -> Price | None:
    """The part of the test error that comes from some faces being worse than the others.

    Args:
        material: The data.
        role: Dataset of the faces.
        faces: Positions in it.

    Returns:
        None for faces that models are trained on, whose cost only a training could say, and if the
        sample that is predicted has none of them.
    """
    predicted = material.predictions(role) if role == "test" else None
    if predicted is None:
        return None
    return cost_of_faces(predicted, [int(i) for i in faces], len(faces) / len(material.sets[role]))
