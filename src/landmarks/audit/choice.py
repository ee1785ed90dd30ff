"""Find options that were chosen on the test set, and what that hides."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.finding import Price
from landmarks.audit.stored_runs import StoredRun

# Options that are part of a strategy's name, such as "mixing_alpha_0.3".
_OPTIONS_IN_NAME = re.compile(r"_(alpha|share|until)_[\w.]+")

DRAWS = 2000

Setting = str | float | bool | None
Variant = tuple[tuple[str, Setting], ...]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An option that was tried with several values on test faces, of which the best was used.

    Attributes:
        strategy: Its name without options.
        options: The settings that differ, by path.
        tried: Each variant's runs, on the same test faces and with the same subsets and seeds, by
            its values of the options; the used one first.
        used: The other runs of the variant that was used.
    """

    strategy: str
    options: tuple[str, ...]
    tried: Mapping[Variant, tuple[StoredRun, ...]]
    used: tuple[StoredRun, ...]

    @property
    def errors(self) -> NDArray[np.float64]:
        """(V, F) error of each variant on each test face, the mean over its runs."""
        return np.stack([np.mean([r.errors for r in runs], axis=0) for runs in self.tried.values()])

    @property
    def groups(self) -> NDArray[np.str_]:
        """(F,) photo of each test face."""
        (first, *_), *_ = self.tried.values()
        assert first.predictions is not None
        return first.predictions.groups


def choices(runs: Sequence[StoredRun]) -> Iterator[Choice]:
    """Each choice that was made on test faces.

    Runs of one strategy that differ in nothing but numbers of their settings are variants. A
    choice shows in two ways at once: one variant was run with more subsets and seeds than those
    that all variants were compared at, and it has the lowest error there, on faces that it was
    tested on again.
    """
    families: dict[tuple[str, tuple[str, ...]], list[StoredRun]] = defaultdict(list)
    for run in runs:
        if run.predictions is not None:
            families[_family(run)].append(run)
    for (strategy, _), members in families.items():
        options = tuple(
            path
            for path in members[0].settings
            if len({repr(run.settings[path]) for run in members}) > 1
        )
        for tested in dict.fromkeys(run.tested for run in members):
            found = _choice(strategy, options, members, tested)
            if found is not None:
                yield found


def _family(run: StoredRun) -> tuple[str, tuple[str, ...]]:
    """What variants have in common: the strategy, and which settings there are."""
    return _OPTIONS_IN_NAME.sub("", run.result.strategy), tuple(run.settings)


def _choice(
    strategy: str, options: tuple[str, ...], members: Sequence[StoredRun], tested: frozenset[bytes]
) -> Choice | None:
    """The choice among the runs of a family that were tested on the same faces, if there is one."""
    cells: dict[tuple[int, int], dict[Variant, StoredRun]] = defaultdict(dict)
    for run in members:
        if run.tested == tested:
            cells[run.result.n_real, run.result.seed][_variant(run, options)] = run
    compared = {cell: those for cell, those in cells.items() if len(those) > 1}
    if not compared:
        return None
    variants = set.intersection(*(set(those) for those in compared.values()))
    if len(variants) < 2:
        return None
    tried = {v: tuple(those[v] for those in compared.values()) for v in variants}
    best = min(tried, key=lambda v: float(np.mean([np.nanmean(run.errors) for run in tried[v]])))
    again = tuple(
        run
        for run in members
        if (run.result.n_real, run.result.seed) not in compared and run.tested & tested
    )
    if not again or {_variant(run, options) for run in again} != {best}:
        return None
    ordered = {best: tried[best], **{v: tried[v] for v in sorted(variants, key=repr) if v != best}}
    return Choice(strategy=strategy, options=options, tried=ordered, used=again)


def _variant(run: StoredRun, options: tuple[str, ...]) -> Variant:
    return tuple((path, run.settings[path]) for path in options)


def optimism(errors: NDArray[np.float64], groups: NDArray[np.str_], seed: int = 0) -> Price:
    """How much lower the best of several models reads because it is the best on these faces.

    The selection is repeated on bootstrap samples of photos: the error of the model that is best
    on a sample, on all faces, minus its error on the sample (Efron, "Estimating the error rate of
    a prediction rule", 1983). The errors of models on one sample of faces differ more than those
    on all faces in the world, so that the differences are shrunk first, by the part of their
    variance that is due to the sample. Of models that are in truth equal the result is on average
    15 % too low, because the variance of their differences is overestimated where it is none.

    Args:
        errors: (V, F) error of each model on each face.
        groups: (F,) photo of each face.
        seed: Of the draws.

    Returns:
        The expected error on other faces minus that on these, and its interval over samples.
    """
    photos, photo = np.unique(groups, return_inverse=True)
    totals = np.stack([np.bincount(photo, row, len(photos)) for row in np.nan_to_num(errors)])
    counts = np.bincount(photo, minlength=len(photos))
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(photos), np.full(len(photos), 1 / len(photos)), size=DRAWS)
    sampled = (drawn @ totals.T) / (drawn @ counts)[:, None]  # (DRAWS, V)
    means = totals.sum(axis=1) / counts.sum()
    noise = sampled - means
    own = noise - noise.mean(axis=1, keepdims=True)  # what does not change the order is left out
    observed = means - means.mean()
    spread = float((observed**2).sum())
    kept = max(0.0, 1 - float((own**2).sum(axis=1).mean()) / spread) if spread else 0.0
    true = means.mean() + np.sqrt(kept) * observed
    chosen = (true + noise).argmin(axis=1)
    hidden = -noise[np.arange(DRAWS), chosen]
    low, high = np.quantile(hidden, [0.025, 0.975])
    value = float(hidden.mean())
    return Price(
        nme=value,
        low=min(value, float(low)),
        high=max(value, float(high)),
        how=f"the choice repeated on {DRAWS:,} bootstrap samples of the test photos",
    )
