"""Labels of rendered faces in a scheme of one's own choice, beside the records of their folder.

    schemes/wflw98-0123456789abcdef.npy    one row for each face, sorted by index
    schemes/wflw98-0123456789abcdef.json   the scheme, as a scheme's YAML file has it

The name depends on the landmarks' places, so that labels of a scheme that has changed are not used.
`landmarks synthesize scheme=...` writes the files.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.data.files import is_file, open_file
from landmarks.errors import InputError, file_error
from landmarks.scheme import IBUG68, LandmarkScheme, as_mapping
from landmarks.storage.serialization import fingerprint

# Raise it when the same places lead to other labels of the same scene.
SCHEME_LABELS_VERSION = 1

SCHEMES = "schemes"
LABEL_SETS = ("surface", "contour", "annotated")


def labels_file(folder: Path, scheme: LandmarkScheme) -> Path:
    """The file with the labels of a scheme in a rendered folder; it need not exist."""
    shown = [
        SCHEME_LABELS_VERSION,
        scheme.num_landmarks,
        as_mapping(scheme)["places"],
        scheme.sources.get(IBUG68.name, ()),
    ]
    return folder / SCHEMES / f"{scheme.name}-{fingerprint(shown)}.npy"


def row_type(scheme: LandmarkScheme) -> np.dtype[np.void]:
    """A row: index of the face, (K, 2) pixels of each label set, (K,) which ones are visible."""
    count = scheme.num_landmarks
    pixels = [(name, "<f4", (count, 2)) for name in LABEL_SETS]
    return np.dtype([("index", "<i4"), *pixels, ("visible", "?", (count,))])


def stored_labels(path: Path, scheme: LandmarkScheme) -> NDArray[np.void]:
    """(N,) rows of `row_type`; none if there is no file.

    Raises:
        InputError: The file is damaged or of another scheme.
    """
    expected = row_type(scheme)
    if not is_file(path):
        return np.empty(0, expected)
    try:
        with open_file(path) as file:
            rows = np.load(file, allow_pickle=False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({file_error(error)})") from None
    except (ValueError, EOFError, MemoryError) as error:
        raise InputError(f"{path}: damaged ({error!r:.100}); remove it, to label again") from None
    if not isinstance(rows, np.ndarray) or rows.dtype != expected or rows.ndim != 1:
        raise InputError(f"{path}: not the labels of scheme {scheme.name!r}; remove it")
    return rows


def scheme_labels(
    folder: Path, scheme: LandmarkScheme, indices: NDArray[np.int64]
) -> NDArray[np.void]:
    """The rows of faces, in their order.

    Raises:
        InputError: A face has no labels in this scheme, or they are no finite numbers.
    """
    path = labels_file(folder, scheme)
    rows = stored_labels(path, scheme)
    at = np.searchsorted(rows["index"], indices)
    known = at < len(rows)
    known[known] = rows["index"][at[known]] == indices[known]
    if not known.all():
        raise InputError(
            f"{folder}: {np.count_nonzero(~known):,} of {len(indices):,} faces are not labelled "
            f"for the scheme {scheme.name!r}; run the command that rendered them with scheme=..., "
            "which renders nothing again"
        )
    chosen: NDArray[np.void] = rows[at]
    if not all(np.isfinite(chosen[name]).all() for name in LABEL_SETS):
        raise InputError(f"{path}: a landmark is not a finite number; remove the file")
    return chosen
