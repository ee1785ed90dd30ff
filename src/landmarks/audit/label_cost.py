"""What wrong labels cost, whether models are tested or trained on them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.finding import Price
from landmarks.audit.material import Predicted
from landmarks.audit.prices import cost_in_training, mean_difference


def label_cost(
    role: str,
    predicted: Predicted,
    undone: NDArray[np.float32],
    faulty: NDArray[np.float32],
    share: float = 1.0,
) -> Price:
    """What a fault of labels costs that a share of the faces has.

    Args:
        role: "test", or a dataset that models are trained on.
        predicted: A sample of the dataset.
        undone: (n, K, 2) its labels without the fault, source pixels.
        faulty: (n, K, 2) the same with the fault on each face.
        share: Of the faces that have it.
    """
    right = replace(predicted, labels=undone)
    if role != "test":
        return cost_in_training(right, undone, faulty - undone, share)
    wrong = replace(predicted, labels=faulty)
    return mean_difference(
        share * wrong.errors, share * right.errors, how="test labels with and without the fault"
    )
