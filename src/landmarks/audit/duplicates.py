"""Check: the same photo twice, within a dataset or on both sides of training and test."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.copies import candidates, likenesses
from landmarks.audit.finding import Finding, Price
from landmarks.audit.material import ROLES, Material
from landmarks.audit.prices import cost_of_part
from landmarks.audit.stored_runs import errors_of_runs
from landmarks.geometry import mirrored
from landmarks.scheme.units import IN_WORDS, unit


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """Pairs of faces that resemble each other, of two datasets or of one.

    Attributes:
        roles: The datasets; twice the same for pairs within one.
        faces: (n, 2) positions in them.
        mirrored: (n,) whether the second is the mirror image of the first.
        likeness: (n,) of the faces' pixels, as of `likeness`.
    """

    roles: tuple[str, str]
    faces: NDArray[np.intp]
    mirrored: NDArray[np.bool_]
    likeness: NDArray[np.float64]

    def where(self, chosen: NDArray[np.bool_]) -> "Pairs":
        """Some of the pairs, those most alike first."""
        order = np.flatnonzero(chosen)
        order = order[np.argsort(-self.likeness[order], kind="stable")]
        return Pairs(
            roles=self.roles,
            faces=self.faces[order],
            mirrored=self.mirrored[order],
            likeness=self.likeness[order],
        )


@dataclass(frozen=True, kw_only=True)
class DuplicateCheck:
    """Compare all faces with all others, and their mirror images: within a dataset and across.

    Faces are cut out by their labels, so a copy is found whatever its size, file format or crop.
    Pairs whose likeness (`landmarks.audit.copies.likeness`) reaches `copy` are one photo. Among
    photographs, a likeness from `series` is the same person seconds apart. Two faces of one photo
    are found if the whole images are alike.

    Pairs of one group of a dataset, such as a photo and its mirrored copy that the reader knows,
    are left out within this dataset: no split separates them.

    Measured (`docs/audit.md`): copies made smaller by a third, compressed to quality 30, cropped,
    brightened and labelled again reach 0.89 and more for 300 photos, 99 % of them 0.93. Of 730,000
    pairs of photos in AFW and HELEN, 7 reach `copy` and 4 more `series`; by eye, all of them are
    what the check says. Of 1.1 million pairs of renders, the most alike reach 0.83.

    Attributes:
        copy: Least likeness of copies.
        series: Least likeness of two photos of a series.
        whole: Least likeness of the whole images of two faces of one photo.
        apart: Faces of one photo are at least so far from each other, as a share of its width.
    """

    name: str = "duplicates"
    method: str = (
        "Faces and whole images are compared by a coarse pattern, mirrored too; similar ones are "
        "aligned and their pixels correlated. Names of photos and people are compared as well."
    )
    copy: float = 0.92
    series: float = 0.85
    whole: float = 0.97
    apart: float = 0.1

    def looked_at(self, material: Material) -> str:
        """All faces, against all others."""
        counted = material.counted()
        return f"{counted}, each against all others" if counted else ""

    def __call__(self, material: Material) -> list[Finding]:
        """Copies, series and photos shared, for each dataset and each two of them."""
        given = [role for role in ROLES if role in material.sets]
        found: list[Finding] = []
        copied: set[tuple[str, str, int]] = set()
        for first, second in combinations_with_replacement(given, 2):
            pairs = _alike(material, first, second)
            copies = pairs.where(pairs.likeness >= self.copy)
            found += _copies(self.name, material, copies)
            copied |= {(first, second, i) for i in copies.faces[:, 0].tolist()}
            if not (material.sets[first].rendered or material.sets[second].rendered):
                rest = (pairs.likeness >= self.series) & (pairs.likeness < self.copy)
                found += _series(self.name, pairs.where(rest & ~pairs.mirrored))
            found += _same_photo(self, material, first, second)
        found += _same_group(self.name, material, copied)
        return found


def _alike(material: Material, first: str, second: str) -> Pairs:
    """Candidates among the faces of two datasets, or of one, with their likeness."""
    title = _title(first, second)
    ones, others = material.looks(first), material.looks(second)
    parts = []
    for mirror in (False, True):
        target = np.ascontiguousarray(others.face[:, :, ::-1]) if mirror else others.face
        alone = first == second and not mirror
        found = candidates(ones.face, None if alone else target, f"comparing {title}")
        if first == second and mirror:
            found = found[found[:, 0] < found[:, 1]]
        found = found[~_known(material, first, second, found)]
        alike = likenesses(ones.face, target, found, f"verifying {title}")
        parts.append((found, np.full(len(found), mirror), alike))
    faces, mirrors, alike = (np.concatenate(part) for part in zip(*parts, strict=True))
    pairs = Pairs(
        roles=(first, second), faces=faces, mirrored=mirrors, likeness=alike.astype(np.float64)
    )
    return _once(pairs.where(np.ones(len(faces), bool)))


def _once(pairs: Pairs) -> Pairs:
    """Each pair once: as it is, or as a mirror image, whichever is more alike."""
    _, first = np.unique(pairs.faces, axis=0, return_index=True)
    chosen = np.zeros(len(pairs.faces), bool)
    chosen[first] = True  # the first of equals is the one most alike
    return pairs.where(chosen)


def _known(
    material: Material, first: str, second: str, pairs: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """(n,) whether the two faces are in one group of the same dataset."""
    if first != second:
        return np.zeros(len(pairs), bool)
    groups = np.array([face.group for face in material.sets[first].faces])
    same: NDArray[np.bool_] = groups[pairs[:, 0]] == groups[pairs[:, 1]]
    return same


def _copies(check: str, material: Material, pairs: Pairs) -> Iterator[Finding]:
    count = len(pairs.faces)
    if not count:
        return
    kinds = Counter(_kinds(material, pairs))
    listed = ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common())
    yield Finding(
        check=check,
        data=_data(pairs.roles),
        fault=_leak(pairs.roles, "the same photo on both sides", "photos that are there twice"),
        text=(
            f"{count:,} {'pair' if count == 1 else 'pairs'} of faces are one photo ({listed})."
            f"{_disagreement(material, pairs)}"
        ),
        fix=_remedy(pairs.roles),
        faces=tuple(pairs.faces[:, 0].tolist()),
        beside=tuple(pairs.faces[:, 1].tolist()),
        price=_optimism(material, pairs),
    )


def _optimism(material: Material, pairs: Pairs) -> Price | None:
    """What training faces in the test set take off the error of the stored runs; negative."""
    first, second = pairs.roles
    if material.runs is None or first == second or second != "test":
        return None
    errors = errors_of_runs(material.runs, material.sets[second])
    return cost_of_part(errors, np.isin(np.arange(len(errors)), pairs.faces[:, 1]))


def _series(check: str, pairs: Pairs) -> Iterator[Finding]:
    count = len(pairs.faces)
    if not count:
        return
    yield Finding(
        check=check,
        data=_data(pairs.roles),
        fault=_leak(pairs.roles, "one person's photos on both sides", "photos of one series"),
        text=(
            f"{count:,} {'pair' if count == 1 else 'pairs'} of photos show the same person in the "
            "same pose and place, as taken seconds apart, and are not in one group."
        ),
        fix=_remedy(pairs.roles),
        faces=tuple(pairs.faces[:, 0].tolist()),
        beside=tuple(pairs.faces[:, 1].tolist()),
    )


def _same_photo(
    check: DuplicateCheck, material: Material, first: str, second: str
) -> Iterator[Finding]:
    """Different faces whose whole images are alike, unless they are in one group of a dataset."""
    title = _title(first, second)
    ones, others = material.looks(first), material.looks(second)
    target = None if first == second else others.whole
    pairs = candidates(ones.whole, target, f"comparing images of {title}")
    pairs = pairs[~_known(material, first, second, pairs)]
    centres = [_centres(material, role) for role in (first, second)]
    apart = np.linalg.norm(centres[0][pairs[:, 0]] - centres[1][pairs[:, 1]], axis=1) > check.apart
    pairs = pairs[apart]
    alike = likenesses(ones.whole, others.whole, pairs, f"verifying images of {title}")
    pairs = pairs[alike >= check.whole]
    if not len(pairs):
        return
    yield Finding(
        check=check.name,
        data=_data((first, second)),
        fault=_leak(
            (first, second), "faces of one photo on both sides", "faces of one photo, not grouped"
        ),
        text=f"{len(pairs):,} pairs of different faces are on the same photo.",
        fix=_remedy((first, second)),
        faces=tuple(pairs[:, 0].tolist()),
        beside=tuple(pairs[:, 1].tolist()),
    )


def _same_group(
    check: str, material: Material, copied: set[tuple[str, str, int]]
) -> Iterator[Finding]:
    """Photos or people that the names say are in two datasets, other than copies found already."""
    for first, second in (("real", "test"), ("synthetic", "test")):
        if not {first, second} <= material.sets.keys():
            continue
        known = {photo: i for i, photo in enumerate(material.sets[second].photos)}
        shared = [
            (i, known[photo])
            for i, photo in enumerate(material.sets[first].photos)
            if photo in known and (first, second, i) not in copied
        ]
        if shared:
            names = {material.sets[first].photos[i] for i, _ in shared}
            yield Finding(
                check=check,
                data=_data((first, second)),
                fault="photos or people on both sides, by name",
                text=f"{len(names):,} photos or people are named in both datasets.",
                fix=_remedy((first, second)),
                faces=tuple(i for i, _ in shared),
                beside=tuple(j for _, j in shared),
            )


def _kinds(material: Material, pairs: Pairs) -> Iterator[str]:
    """How each copy differs from the other."""
    contents = [material.sets[role].image_contents for role in pairs.roles]
    looks = [material.looks(role) for role in pairs.roles]
    for (i, j), mirror in zip(pairs.faces.tolist(), pairs.mirrored.tolist(), strict=True):
        if mirror:
            yield "mirrored"
        elif contents[0][i] == contents[1][j]:
            yield "the same file"
        elif (looks[0].shapes[i] != looks[1].shapes[j]).any():
            yield "of another size"
        else:
            yield "changed or compressed again"


def _disagreement(material: Material, pairs: Pairs) -> str:
    """The median NME between the labels of copies, which were perhaps labelled twice.

    The second labels are brought onto the first by a similarity transform: copies may be scaled and
    cropped.
    """
    first, second = (material.sets[role] for role in pairs.roles)
    if first.scheme != second.scheme:
        return ""
    a, b = first.landmarks[pairs.faces[:, 0]], second.landmarks[pairs.faces[:, 1]]
    b = np.where(pairs.mirrored[:, None, None], mirrored(b, 0, second.scheme), b)
    length = unit(a, np.ones(a.shape[:2], bool), first.scheme)
    apart = np.linalg.norm(_onto(b.astype(np.float64), a.astype(np.float64)) - a, axis=2)
    share = 100 * float(np.median(apart.mean(axis=1) / length))
    return f" Their labels differ by {share:.1f} % of the {IN_WORDS[first.scheme.normaliser]}."


def _onto(moved: NDArray[np.float64], fixed: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, K, 2) points after the similarity transform that brings them nearest to `fixed`."""
    x, y = (points[..., 0] + 1j * points[..., 1] for points in (moved, fixed))
    x_mean, y_mean = x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)
    x, y = x - x_mean, y - y_mean
    factor = (x.conj() * y).sum(axis=1, keepdims=True) / (np.abs(x) ** 2).sum(axis=1, keepdims=True)
    fitted = factor * x + y_mean
    return np.stack([fitted.real, fitted.imag], axis=-1)


def _centres(material: Material, role: str) -> NDArray[np.float64]:
    """(N, 2) centre of each face, as shares of the width and height of its image."""
    height_width = np.maximum(material.looks(role).shapes, 1)
    centres: NDArray[np.float64] = (
        material.sets[role].landmarks.mean(axis=1) / height_width[:, ::-1]
    )
    return centres


def _title(first: str, second: str) -> str:
    return first if first == second else f"{first} and {second}"


def _data(roles: tuple[str, str]) -> str:
    return _title(*roles)


def _leak(roles: tuple[str, str], across: str, within: str) -> str:
    return across if roles[0] != roles[1] and roles[1] == "test" else within


def _remedy(roles: tuple[str, str]) -> str:
    if roles[0] != roles[1] and roles[1] == "test":
        return "remove these faces from the training set; audit.json names them"
    if roles == ("test", "test"):
        return "remove one of each pair: both count in the error; audit.json names them"
    return (
        "remove one of each pair, or name their files so that the reader puts both in one group; "
        "audit.json names them"
    )
