"""What synthetic face data is worth for landmark detection, measured."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

__version__ = version("landmarks")
__all__ = ["Detector", "__version__"]

if TYPE_CHECKING:
    from landmarks.inference.detector import Detector
else:

    def __getattr__(name: str) -> object:
        """`Detector`, imported when somebody asks for it: torch takes seconds."""
        if name != "Detector":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return import_module("landmarks.inference.detector").Detector
