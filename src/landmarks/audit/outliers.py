"""Labels: outliers, noisy regions, and sources that differ."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.finding import Finding, Price
from landmarks.audit.label_cost import label_cost
from landmarks.audit.material import Material, Predicted
from landmarks.audit.prices import cost_of_noise
from landmarks.audit.residuals import Residuals, noise_of_lines, regions_of, residuals
from landmarks.audit.shapes import Complex
from landmarks.data.dataset import FaceDataset

Values = NDArray[np.float64]

_DRAWS = 200  # permutations of sources


@dataclass(frozen=True)
class LabelsCheck:
    """Finds wrong labels, noisy regions, and sources that mark other places, in a sample.

    Labels are compared with two models that were fitted on other photos of the dataset: the bundled
    detector, which has seen no photo, with a ridge adapter to the dataset's convention, and a model
    of shapes.

    - A label is wrong if it is `apart` times as far from both models as the landmark usually is and
      as the face's other labels are; a hard face is far in all landmarks.
    - All labels of a face are wrong if the median one is `lost` inter-ocular distances away from
      the prediction.
    - The noise of a region follows from neighbours along lines; see `noise_of_lines`.
    - Sources (subsets, else folders in the names of faces) differ if their mean labels do, after
      the detector's errors are taken off, by `differ`, and more than under any of 200 permutations.

    Measured in `docs/audit-labels.md`.

    Attributes:
        faces: Least number of faces, of a dataset and of a source.
        apart: Of the usual distance.
        lost: Inter-ocular distances.
        noise: Standard deviation along x and along y, inter-ocular distances.
        differ: Root mean square over the landmarks of a region, inter-ocular distances.
    """

    faces: int = 40
    apart: float = 7.0
    lost: float = 0.3
    noise: float = 0.02
    differ: float = 0.015

    name: str = "labels"
    method: str = (
        "Labels are compared with predictions and with a model of shapes, both fitted on other "
        "photos of the dataset."
    )

    def looked_at(self, material: Material) -> str:
        """See `Check`."""
        counts = [f"{len(found.faces):,} {role}" for role, found in self._samples(material)]
        return f"{' and '.join(counts)} faces" if counts else ""

    def __call__(self, material: Material) -> list[Finding]:
        """See `Check`."""
        found = []
        for role, predicted in self._samples(material):
            dataset = material.sets[role]
            left = residuals(predicted, dataset)
            found += self._wrong_labels(role, predicted, left)
            found += self._noisy_regions(role, predicted, left)
            found += self._sources(role, predicted, dataset, left)
        return found

    def _samples(self, material: Material) -> Iterator[tuple[str, Predicted]]:
        for role in material.sets:
            predicted = material.predictions(role)
            if predicted is not None and len(predicted.faces) >= self.faces:
                yield role, predicted

    def _wrong_labels(self, role: str, predicted: Predicted, left: Residuals) -> list[Finding]:
        whole = _of_face(predicted, left)
        lost = np.flatnonzero(whole > self.lost)
        scores = _scores(left)
        scores[lost] = 0
        found = []
        if len(lost):
            lost = lost[np.argsort(-whole[lost])]
            found.append(
                Finding(
                    check=self.name,
                    data=role,
                    fault="labels that are not on the face",
                    text=(
                        f"In {len(lost)} of {len(whole):,} faces compared, most labels are further "
                        f"than {self.lost:g} inter-ocular distances from the prediction."
                    ),
                    fix="look at these faces; correct their labels, or leave them out",
                    faces=tuple(predicted.faces[lost].tolist()),
                    price=_price(role, predicted, left, lost, np.ones_like(scores, bool)),
                )
            )
        wrong = np.flatnonzero(scores.max(axis=1) > self.apart)
        if len(wrong):
            wrong = wrong[np.argsort(-scores[wrong].max(axis=1))]
            found.append(self._outliers(role, predicted, left, wrong, scores))
        return found

    def _outliers(
        self,
        role: str,
        predicted: Predicted,
        left: Residuals,
        wrong: NDArray[np.intp],
        scores: Values,
    ) -> Finding:
        landmarks = Counter(np.nonzero(scores[wrong] > self.apart)[1].tolist())
        most = ", ".join(str(k) for k, _ in landmarks.most_common(4))
        worst = int(scores[wrong[0]].argmax())
        distance = 100 * left.from_prediction[wrong[0], worst]
        return Finding(
            check=self.name,
            data=role,
            fault="outliers among the labels",
            text=(
                f"{len(wrong)} of {len(scores):,} faces compared have labels far from where two "
                f"models expect them: landmarks {most}; the worst is landmark {worst}, "
                f"{distance:.0f} % of the inter-ocular distance away."
            ),
            fix="look at these faces; correct their labels, or leave them out",
            faces=tuple(predicted.faces[wrong].tolist()),
            price=_price(role, predicted, left, wrong, scores > self.apart),
        )

    def _noisy_regions(self, role: str, predicted: Predicted, left: Residuals) -> Iterator[Finding]:
        sigma = noise_of_lines(left, predicted.scheme)
        regions = regions_of(predicted.scheme)
        of_regions = {name: _rms(sigma[list(indices)]) for name, indices in regions.items()}
        noisy = [name for name, value in of_regions.items() if value > self.noise]
        if not noisy:
            return
        landmarks = [k for name in noisy for k in regions[name]]
        strongest = max(noisy, key=of_regions.__getitem__)
        listed = ", ".join(f"{name} {100 * of_regions[name]:.1f} %" for name in of_regions)
        yield Finding(
            check=self.name,
            data=role,
            fault=f"noisy labels of {strongest}",
            text=(
                "Noise of the labels, as a share of the inter-ocular distance along x and y, at "
                f"most: {listed}. Exact labels read 0.5 to 0.8 %."
            ),
            fix="label these landmarks again, or expect no smaller error of them",
            # Training averages noise: what it costs there depends on the number of faces.
            price=cost_of_noise(predicted, landmarks, of_regions[strongest] * predicted.unit)
            if role == "test"
            else None,
        )

    def _sources(
        self, role: str, predicted: Predicted, dataset: FaceDataset, left: Residuals
    ) -> Iterator[Finding]:
        sources = sources_of(dataset)[predicted.faces]
        counts = Counter(sources.tolist())
        for source in [name for name, count in counts.items() if count >= self.faces]:
            own = sources == source
            if (~own).sum() < self.faces:
                continue
            for region, indices in regions_of(predicted.scheme).items():
                apart, chance = _difference(left.turned[:, list(indices)], own)
                if apart > self.differ and apart > chance:
                    yield self._source_finding(role, source, region, apart, predicted, own)
                    break
            if len(counts) == 2:
                return  # the other one differs as much

    def _source_finding(
        self,
        role: str,
        source: str,
        region: str,
        apart: float,
        predicted: Predicted,
        own: NDArray[np.bool_],
    ) -> Finding:
        return Finding(
            check=self.name,
            data=role,
            fault="sources that mark other places",
            text=(
                f"The labels of {source!r} ({own.sum():,} of {len(own):,} faces compared) differ "
                f"from the others by {100 * apart:.1f} % of the inter-ocular distance in the "
                f"region {region!r}, on average over faces."
            ),
            fix="train and test on one source, or adapt one to the other",
            faces=tuple(predicted.faces[own][:8].tolist()),
        )


def sources_of(dataset: FaceDataset) -> NDArray[np.str_]:
    """(N,) where each face is from: its subset, or if all are of one, the folder in its name."""
    subsets = np.array([face.subset for face in dataset.faces])
    if len(np.unique(subsets)) > 1:
        return subsets
    return np.array([face.id.rpartition("/")[0] or "." for face in dataset.faces])


def _of_face(predicted: Predicted, left: Residuals) -> Values:
    """(n,) median distance of a face's labels from the prediction, inter-ocular.

    The smaller of that with left and right exchanged, which are the mirror check's fault.
    """
    swapped = predicted.labels[:, list(predicted.scheme.mirror)]
    other = np.linalg.norm(swapped - left.adapted, axis=-1) / predicted.unit[:, None]
    plain, exchanged = (np.median(d, axis=1) for d in (left.from_prediction, other))
    return np.asarray(np.minimum(plain, exchanged))


def _price(
    role: str,
    predicted: Predicted,
    left: Residuals,
    faces: NDArray[np.intp],
    wrong: NDArray[np.bool_],
) -> Price:
    """What wrong labels cost: of some faces of the sample, those that are `wrong` (n, K)."""
    replaced = wrong & np.isin(np.arange(len(wrong)), faces)[:, None]
    undone = np.where(replaced[..., None], left.adapted, predicted.labels)
    # Each face in turn gets the offsets of one of those faces, in its own size.
    offsets = (predicted.labels - undone)[faces] / predicted.unit[faces, None, None]
    taken = np.arange(len(wrong)) % len(faces)
    faulty = undone + offsets[taken] * predicted.unit[:, None, None]
    share = len(faces) / len(wrong)
    return label_cost(role, predicted, undone.astype(np.float32), faulty.astype(np.float32), share)


def _scores(left: Residuals) -> Values:
    """(n, K) how many times as far from both models as usual each label is."""

    def relative(distances: Values) -> Values:
        usual = distances / np.maximum(np.median(distances, axis=0), 1e-6)
        return np.asarray(usual / np.maximum(1, np.median(usual, axis=1, keepdims=True)))

    return np.minimum(relative(left.from_prediction), relative(left.from_shape))


def _difference(turned: Complex, own: NDArray[np.bool_]) -> tuple[float, float]:
    """Root mean square distance of two groups' median places, and its largest under permutation.

    The first is corrected for what the second is on average.
    """

    def apart(which: NDArray[np.bool_]) -> float:
        one, other = (
            np.median(part.real, axis=0) + 1j * np.median(part.imag, axis=0)
            for part in (turned[which], turned[~which])
        )
        return float(np.mean(np.abs(one - other) ** 2))

    rng = np.random.default_rng(0)
    chance = np.array([apart(rng.permutation(own)) for _ in range(_DRAWS)])
    found = max(apart(own) - float(chance.mean()), 0.0)
    return float(np.sqrt(found)), float(np.sqrt(chance.max()))


def _rms(values: Values) -> float:
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else 0.0
