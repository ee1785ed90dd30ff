"""Recognise the format of a folder, to suggest its reader in error messages."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from os import scandir
from pathlib import Path

# What is looked at: the first files of a folder, and the beginning of each that could be a dataset.
_MOST_FILES = 2000
_DEEPEST = 4
_HEAD = 2**16  # bytes


@dataclass(frozen=True)
class _Format:
    """How to recognise a format, and how to read it.

    Attributes:
        reader: Its name in configs/faces.
        path: Matches the path of a file or, ending with "/", of a folder.
        options: Of the reader, separated by spaces; {path}, {parent} and {root} are filled in.
        head: Must occur at the beginning of the file.
    """

    reader: str
    path: re.Pattern[str]
    options: str = "root={parent}"
    head: re.Pattern[bytes] = re.compile(b"")


# The first that matches counts.
_FORMATS = (
    _Format("w300_dlib", re.compile(r"labels_ibug_300W\.xml$")),
    _Format("dgfaces", re.compile(r"(datapoint|scene|environment)_[^/]*/$")),
    _Format("face_synthetics", re.compile(r"_ldmks\.txt$")),
    _Format(
        "wflw",
        re.compile(r"list_98pt_rect_attr_[^/]*\.txt$"),
        "annotations={path} images={parent}/WFLW_images",
    ),
    _Format("pts_folder", re.compile(r"\.pts$", re.IGNORECASE), "root={root}"),
    _Format("dlib_xml", re.compile(r"\.xml$"), "path={path}", re.compile(rb"<dataset\b")),
    _Format("cvat_xml", re.compile(r"\.xml$"), "path={path}", re.compile(rb"<annotations\b")),
    _Format(
        "label_studio",
        re.compile(r"\.json$"),
        "path={path} images={parent}",
        re.compile(rb'"keypointlabels"'),
    ),
    _Format(  # the licence without a name is Datumaro's, with which CVAT exports
        "cvat_coco",
        re.compile(r"\.json$"),
        "annotations={path} images={parent}",
        re.compile(rb'"licenses":\s*\[\{"name":\s*"",\s*"id":\s*0'),
    ),
    _Format(
        "coco",
        re.compile(r"\.json$"),
        "annotations={path} images={parent}",
        re.compile(rb'"(annotations|file_name|keypoints)"'),
    ),
    _Format(
        "csv",
        re.compile(r"\.csv$"),
        "path={path}",
        re.compile(rb"[xX]_?67\b|\A[^,\n]+(,\s*-?[0-9.]+){136}\s"),  # a header, or numbers alone
    ),
)


def suggested_reader(path: Path, place: str) -> str:
    """The arguments that read what is at `path`, for the end of a message.

    Args:
        path: A file or folder; it need not exist.
        place: Of the dataset in the configuration: "data.real".

    Returns:
        "; did you mean ..."; empty if the format is not recognised.
    """
    names = _names_below(path)
    root = path if names else path.parent
    for known in _FORMATS:
        for name in names or [path.name]:
            if known.path.search(name) and known.head.search(_head(root / name)):
                found = root / name
                options = [
                    f"{place}.{option.format(path=found, parent=found.parent, root=root)}"
                    for option in known.options.split()
                ]
                return (
                    f"; did you mean faces@{place}={known.reader} {' '.join(options)}? (for "
                    "training also data=own)"
                )
    return ""


def summary(names: Iterable[str]) -> str:
    """How many names there are of each suffix, folders ending with "/": "6 .jpg, 6 .pts"."""
    counts = Counter(
        "folders" if name.endswith("/") else Path(name).suffix.lower() or "without suffix"
        for name in names
    )
    shown = [f"{count:,} {kind}" for kind, count in sorted(counts.items())]
    return ", ".join(shown[:4]) + (", ..." if len(shown) > 4 else "")


def _names_below(root: Path) -> list[str]:
    """Paths of the first files and folders in `root` and below; unreadable folders are empty."""
    names: list[str] = []
    level = [""]
    for _ in range(_DEEPEST):
        folders = []
        for folder in level:
            try:
                with scandir(root / folder) as found:
                    for entry in found:
                        is_folder = entry.is_dir()
                        names.append(f"{folder}{entry.name}{'/' if is_folder else ''}")
                        if is_folder:
                            folders.append(names[-1])
                        if len(names) == _MOST_FILES:
                            return sorted(names)
            except OSError:
                continue
        level = folders
    return sorted(names)


def _head(path: Path) -> bytes:
    """The beginning of a regular file; empty if it cannot be read."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""
