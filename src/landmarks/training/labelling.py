"""SelfLabelling: how a model labels photos; see `landmarks.training.self_labels`."""

from dataclasses import dataclass

from landmarks.augmentation.geometry import Geometry
from landmarks.data.options import check_whole_number
from landmarks.errors import InputError

VIEWS = Geometry(rotation=10.0, scale=0.1, shift=0.04)


@dataclass(frozen=True, kw_only=True)
class SelfLabelling:
    """How photos are labelled by a model.

    Attributes:
        views: Random views of each face; each is predicted upright and mirrored.
        keep: Share of the faces to train on: those whose views agree best.
        geometry: Of the views.
    """

    views: int = 4
    keep: float = 0.9
    geometry: Geometry = VIEWS

    def __post_init__(self) -> None:
        """Refuse what labels nothing."""
        check_whole_number("views", self.views, 1)
        if not isinstance(self.keep, int | float) or not 0 < self.keep <= 1:
            raise InputError(f"keep is {self.keep!r}; it must be above 0, at most 1")
