"""The findings of a study in sentences: the answer first, then the comparisons behind it."""

from collections.abc import Sequence

import numpy as np

from landmarks.analysis.comparisons import TOO_FEW_SEEDS, Comparison, Trend
from landmarks.analysis.contrasts import Interval
from landmarks.analysis.exchange import Exchange
from landmarks.analysis.study import BASELINE, COMBINED
from landmarks.analysis.styles import style_of

ARTICLE_SIZE = 50  # real faces in the first statement of Figure 4: "50 are as good as 250"


def faces_name(rendered_test: bool) -> str:
    """The name of the faces that stand in for real ones."""
    return "stand-in faces" if rendered_test else "real faces"


def headline_exchange(found: Sequence[Exchange]) -> Exchange | None:
    """The exchange rate that the report opens with.

    It prefers two seeds or more, then fine-tuning, then the size nearest to the article's. It does
    not depend on the results.
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
    """The headline's exchange rate in a sentence."""
    if one is None:
        return (
            f"Not enough runs for an exchange rate: run {BASELINE} at two or more sizes, and "
            f"{', '.join(COMBINED[:-1])} or {COMBINED[-1]}, with the same seed."
        )
    faces = faces_name(rendered_test)
    what = f"{style_of(one.strategy).opening} with {one.n_real:,} {faces}"
    if not one.design.has_seeds:
        return f"{what}: {TOO_FEW_SEEDS} for an exchange rate; run at least two."
    if not one.is_known:
        return (
            f"{what}: exchange rate unknown, because the interval over {len(one.design.seeds)} "
            f"seeds covers all sizes that were run, from {one.smallest:,} to {one.largest:,}."
        )
    if one.value == np.inf:
        return f"{what} {_beyond(one, 'better', one.low >= one.largest, one.largest, 'largest')}"
    if one.value == 0:
        return f"{what} {_beyond(one, 'worse', one.high <= one.smallest, one.smallest, 'smallest')}"
    no_gain = "" if one.is_gain else f"not significantly more than {one.n_real:,}"
    caveats = "; ".join(part for part in (one.caveat, no_gain) if part)
    return (
        f"{what} is as accurate as real only with {one.text()} {faces}"
        f"{f' ({caveats})' if caveats else ''}."
    )


def _beyond(one: Exchange, verdict: str, is_clear: bool, size: int, which: str) -> str:
    """The end of a sentence about an N_eff outside the sizes that were run."""
    caveat = f"; {one.caveat}" if one.caveat else ""
    clear = f"is {verdict} than" if is_clear else f"looks {verdict}, but not significantly, than"
    return (
        f"{clear} real only with {size:,}, the {which} size run with the same seeds "
        f"(N_eff {one.text()}{caveat})."
    )


def worth(found: Sequence[Exchange], compared: Sequence[Comparison], *, rendered_test: bool) -> str:
    """N_eff of synthetic faces alone, and where a combination beats both kinds of faces alone."""
    faces = faces_name(rendered_test)
    sentences = [
        f"Synthetic faces alone are worth {one.text()} {faces}"
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
        return "No combination of both kinds of faces is significantly better than each kind alone."
    places = (
        f"{style_of(name).label} at {_listed([b for b in better if b.strategy == name])}"
        for name in dict.fromkeys(one.strategy for one in better)
    )
    return f"Significantly better than real only and synthetic only: {'; '.join(places)}."


def _listed(found: Sequence[Comparison], *, differences: bool = False) -> str:
    """Sizes, e.g. "10, 25 and 50"; with how much lower or higher the error is if asked for."""
    sizes = [
        f"{one.n_real:,}"
        + (f" ({_difference(one.lower)})" if differences and one.lower is not None else "")
        for one in found
    ]
    return " and ".join([", ".join(sizes[:-1]), sizes[-1]] if len(sizes) > 1 else sizes)


def _difference(lower: Interval) -> str:
    """E.g. "19.1 % lower [4.0 to 31.8]"; a higher error with its sign turned."""
    value, low, high = lower.percent
    if value < 0:
        return f"{-value:.1f} % higher [{-high + 0.0:.1f} to {-low:.1f}]"
    return f"{value:.1f} % lower [{low:.1f} to {high:.1f}]"


def comparison_summary(found: Sequence[Comparison]) -> str:
    """Figure 4B, one sentence per strategy."""
    if not found:
        return f"None of {', '.join(COMBINED)} was run at a size of {BASELINE}."
    judged = [one for one in found if one.lower is not None]
    if not judged:
        return f"{TOO_FEW_SEEDS.capitalize()} for comparisons: run every size with at least two."
    sentences = []
    for name in dict.fromkeys(one.strategy for one in judged):
        parts = []
        for kind in ("better", "no clear difference", "worse"):
            own = [one for one in judged if one.strategy == name and one.verdict == kind]
            if own:
                sizes = _listed(own, differences=kind != "no clear difference")
                parts.append(f"{kind} at {sizes}")
        sentences.append(f"{style_of(name).opening} against real only: {'; '.join(parts)}.")
    return " ".join(sentences)


def trend_text(one: Trend) -> str:
    """Figure 4C, one strategy in a sentence."""
    style = style_of(one.strategy)
    if one.narrowing is None:
        return f"{style.opening} against real only: {TOO_FEW_SEEDS} to see how the gap changes."
    few, many = (_lead(lead) for lead in one.leads)
    change = "no clear change"
    if one.narrowing.low > 0:
        change = "a significantly larger gain with few real faces"
    if one.narrowing.high < 0:
        change = "a significantly larger gain with many real faces"
    ratio = one.narrowing
    factor, low, high = np.exp([ratio.value, ratio.low, ratio.high])
    return (
        f"{style.opening} against real only: error {few} at {one.few:,} real faces, {many} at "
        f"{one.many:,}; the ratio of the two errors changes by a factor of {factor:.2f} "
        f"[{low:.2f} to {high:.2f}], {change} ({ratio.seeds} seeds)."
    )


def _lead(lead: float) -> str:
    """How an error that is lower by a fraction compares."""
    difference = f"{100 * abs(lead):.1f} %"
    if difference == "0.0 %":
        return "the same"
    return f"{difference} {'higher' if lead < 0 else 'lower'}"


def missing_intervals(found: Sequence[Comparison]) -> str:
    """A sentence that names the comparisons with too few seeds; empty without any."""
    gaps: dict[str, list[str]] = {}
    for one in found:
        if one.lower is None:
            gaps.setdefault(style_of(one.strategy).label, []).append(f"{one.n_real:,}")
    if not gaps:
        return ""
    parts = (f"{label} at {', '.join(sizes)}" for label, sizes in gaps.items())
    return f"No interval, {TOO_FEW_SEEDS}: {'; '.join(parts)}."


def level_of(one: Exchange) -> str:
    """The level of an exchange rate's interval."""
    return f"{100 * one.level:.0f} % interval"
