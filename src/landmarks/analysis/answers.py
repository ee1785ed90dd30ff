"""Answers: what a strategy, and synthetic faces alone, are worth, in a sentence: the first insight.

Datagen, "Facial landmark detection using synthetic data", 2022: fine-tuned with 50 real faces is as
good as 250 alone (4A).
"""

from collections.abc import Sequence

import numpy as np

from landmarks.analysis.exchange import Exchange, exchange
from landmarks.analysis.insights import COMBINED, NO_TELLING, Comparison, listed
from landmarks.analysis.study import BASELINE, Study
from landmarks.analysis.styles import look

ARTICLE_SIZE = 50  # real faces of the article's first insight


def exchanges(study: Study) -> list[Exchange]:
    """What every strategy beside the baseline is worth at every size it was run with, none too."""
    return [
        found
        for strategy in study.strategies
        if strategy != BASELINE
        for n in study.sizes(strategy)
        if (found := exchange(study, strategy, n)) is not None
    ]


def headline_exchange(found: Sequence[Exchange]) -> Exchange | None:
    """The one that answers the question: of two seeds, fine-tuning, near the article's size.

    What came out plays no part.
    """
    combined = [one for one in found if one.strategy in COMBINED]
    return min(
        combined,
        key=lambda one: (
            not one.design.has_seeds,
            COMBINED.index(one.strategy),
            abs(np.log(one.n_real / ARTICLE_SIZE)),
        ),
        default=None,
    )


def answer(one: Exchange | None, *, rendered_test: bool) -> str:
    """Insight 4A in a sentence, which opens the report."""
    if one is None:
        return (
            "No exchange rate of a combination: it takes real only at two sizes or more and, with "
            "one of its seeds, a strategy that trains on both kinds of faces."
        )
    faces = "stand-in faces" if rendered_test else "real faces"
    what = f"With {one.n_real:,} {faces}, {look(one.strategy).label}"
    if not one.design.has_seeds:
        return (
            f"{what} was compared with one seed: {NO_TELLING} to say how many {faces} it is worth."
        )
    if not one.is_known:
        return (
            f"{what} may be worth anything from {one.smallest:,} {faces} to {one.largest:,}: the "
            f"interval over {len(one.design.seeds)} seeds leaves out none of them."
        )
    told = "; ".join(part for part in (one.text(), one.caveat) if part)
    run = "that were run with the same seeds"
    if one.value == np.inf:
        looks = (
            "is better than"
            if one.low >= one.largest
            else "looks better, but is not clearly so, than"
        )
        return f"{what} {looks} real only with {one.largest:,}, the most {run} (N_eff {told})."
    if one.value == 0:
        looks = (
            "is worse than"
            if one.high <= one.smallest
            else "looks worse, but is not clearly so, than"
        )
        return f"{what} {looks} real only with {one.smallest:,}, the fewest {run} (N_eff {told})."
    parts = (one.caveat, "" if one.is_gain else f"not clearly more than {one.n_real:,}")
    caveat = "; ".join(part for part in parts if part)
    return (
        f"{what} does what real only needs {one.text()} {faces} for"
        f"{f' ({caveat})' if caveat else ''}."
    )


def worth(found: Sequence[Exchange], compared: Sequence[Comparison], *, rendered_test: bool) -> str:
    """What synthetic faces alone are worth, and where a combination beats both kinds alone."""
    faces = "stand-in faces" if rendered_test else "real faces"
    sentences = [
        f"Synthetic faces alone, without a real label, do what {one.text()} {faces} do"
        f"{f' ({one.caveat})' if one.caveat else ''}."
        for one in found
        if one.n_real == 0 and one.is_known
    ]
    judged = [
        one
        for one in compared
        if one.strategy in COMBINED and None not in (one.lower, one.lower_than_synthetic)
    ]
    if judged:
        sentences.append(_better_than_both([one for one in judged if one.beats_both]))
    return " ".join(sentences)


def _better_than_both(better: Sequence[Comparison]) -> str:
    if not better:
        return "No combination is clearly better than both kinds of faces, each alone."
    places = (
        f"{look(name).label} at {listed([f'{b.n_real:,}' for b in better if b.strategy == name])}"
        for name in dict.fromkeys(one.strategy for one in better)
    )
    return f"Clearly better than both kinds of faces, each alone: {'; '.join(places)}."
