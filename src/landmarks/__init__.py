"""What synthetic face data is worth for landmark detection, measured."""

from importlib.metadata import version

__version__ = version("landmarks")
