"""Everything that is read from files that somebody else may have written."""

from tests.fuzz.datasets import DATASETS
from tests.fuzz.images import IMAGES
from tests.fuzz.stored import STORED

SUBJECTS = {**DATASETS, **IMAGES, **STORED}
