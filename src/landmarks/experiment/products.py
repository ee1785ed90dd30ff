"""Versions of the products of a run: what decides whether a finished one can be reused.

Each version is a number beside the function that computes the product, and part of fingerprints.
Raise it with any change of the numbers that the same settings and data lead to; nothing else
invalidates what was computed before. `tests/experiment/test_products.py` notices such changes.
"""

from collections.abc import Mapping

from landmarks.adapters.fitting import ADAPTER_VERSION
from landmarks.data.crops import CROPS_VERSION
from landmarks.experiment.strategies import Strategy
from landmarks.inference.predictions import PREDICTIONS_VERSION
from landmarks.training.loop import TRAINING_VERSION
from landmarks.training.self_labels import SELF_LABELS_VERSION


def product_versions(strategy: Strategy) -> dict[str, int]:
    """The version of each kind of product that runs of a strategy depend on."""
    return {
        "crops": CROPS_VERSION,
        "training": TRAINING_VERSION,
        **({"adapter": ADAPTER_VERSION} if strategy.adapts else {}),
        **({"self_labels": SELF_LABELS_VERSION} if strategy.uses_unlabelled else {}),
        "predictions": PREDICTIONS_VERSION,
    }


def version_differences(then: Mapping[str, int], now: Mapping[str, int]) -> str:
    """What was computed by another version: "training 1 (now 2)"; empty if nothing was.

    A product of only one of the two is no difference: other strategies have other products.
    """
    names = [name for name in then if then[name] != now.get(name, then[name])]
    return ", ".join(f"{name} {then[name]} (now {now[name]})" for name in names)
