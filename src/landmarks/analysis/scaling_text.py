"""Scaling in sentences: render more, change the renderer, or label more?"""

from landmarks.analysis.contrasts import Interval
from landmarks.analysis.insights import NO_TELLING
from landmarks.analysis.laws import MIKAMI
from landmarks.analysis.scaling import LEVEL, MORE, LabelMore, RenderMore, Scaling
from landmarks.analysis.styles import look


def lines(found: Scaling) -> tuple[str, ...]:
    """What is known of the three ways, a line for each, and one to compare them."""
    strategy, n_real = found.cell
    label = look(strategy).opening
    start = (
        f"{label} with {n_real:,} real and {found.counts[-1]:,} synthetic "
        f"faces: {100 * found.errors[-1]:.2f} % ({found.seeds} "
        f"seed{'s' if found.seeds != 1 else ''})."
    )
    if found.gap is None:
        return start, f"Render more, change the renderer, or label more: {NO_TELLING} to tell."
    told = (
        f"{start} Brackets: {100 * LEVEL:.0f} % intervals over seeds alone, not over test faces.",
        _joined(_render_more(found), _laws_apart(found.apart), _not_all_seen(found)),
        f"Change the renderer: {_percent(found.gap)} remain by {MIKAMI.name} however many are "
        "rendered; a law without C leaves nothing.",
        _label_more(found.label),
        _joined(_points(found, found.gap), _larger(found.render)),
    )
    return tuple(line for line in told if line)


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _render_more(found: Scaling) -> str:
    told = (
        f"{_percent(one.error)} by {one.law.name} ({one.law.formula}, residual "
        f"{100 * one.residual:.1f} %)"
        for one in found.render
    )
    return f"Render more: {_many(found)} synthetic faces would give {' or '.join(told)}."


def _many(found: Scaling) -> str:
    return f"{MORE * found.counts[-1]:,}"


def _laws_apart(apart: Interval | None) -> str:
    """A sentence where the laws clearly disagree; empty where luck may explain it."""
    if apart is None or apart.low <= 0 <= apart.high:
        return ""
    return f"The laws disagree, by {_size(apart)} points: what more faces give depends on the law."


def _not_all_seen(found: Scaling) -> str:
    """A sentence where so many faces take a longer training."""
    if found.draws >= MORE * found.counts[-1]:
        return ""
    return (
        f"But a training of this length draws {found.draws:,}: it would not see {_many(found)}, so "
        "that takes more updates too."
    )


def _label_more(label: LabelMore | None) -> str:
    if label is None:
        return ""
    if label.error is None:
        return f"Label more: {NO_TELLING} to tell."
    return f"Label more: {label.n_real:,} real faces gave {_percent(label.error)}."


def _points(found: Scaling, gap: Interval) -> str:
    """The three side by side."""
    rendered = (f"{_change(one.change)} by {one.law.name}" for one in found.render)
    labelled = [f"label more {_change(one)}" for one in _changes(found.label)]
    most = -100 * min(found.errors[-1], gap.value)
    parts = (
        f"render more {' or '.join(rendered)}",
        *labelled,
        f"change the renderer {most:+.2f} at the very most, for not all that remains is the "
        "renderer's",
    )
    return f"In points of NME: {'; '.join(parts)}."


def _changes(label: LabelMore | None) -> tuple[Interval, ...]:
    """The one change that more labels made, where it is known."""
    return () if label is None or label.change is None else (label.change,)


def _larger(render: tuple[RenderMore, ...]) -> str:
    """Which of the two that were measured or extrapolated takes away more, and by which law."""
    verdicts = [_verdict(one.above_labels) for one in render if one.above_labels is not None]
    if not verdicts:
        return ""
    if len(set(verdicts)) > 1:
        return "Which of the first two takes away more depends on the law."
    return f"Of the first two, {verdicts[0]} takes away more, by both laws."


def _verdict(above_labels: Interval) -> str:
    if above_labels.low > 0:
        return "label more clearly"
    return "render more clearly" if above_labels.high < 0 else "neither clearly"


def _percent(one: Interval | None) -> str:
    """An error, e.g. "4.10 % [3.98 to 4.22]"; not below 0."""
    if one is None:
        return NO_TELLING
    value, low, high = (100 * max(0.0, part) for part in (one.value, one.low, one.high))
    return f"{value:.2f} % [{low:.2f} to {high:.2f}]"


def _change(one: Interval | None) -> str:
    """Points of NME with their sign, e.g. "-1.02 [-1.14 to -0.90]"."""
    if one is None:
        return NO_TELLING
    value, low, high = (round(100 * part, 2) + 0.0 for part in (one.value, one.low, one.high))
    return f"{value:+.2f} [{low:+.2f} to {high:+.2f}]"


def _size(one: Interval) -> str:
    """The same without a sign, for what is clearly not 0."""
    low, high = sorted(100 * abs(part) for part in (one.low, one.high))
    return f"{100 * abs(one.value):.2f} [{low:.2f} to {high:.2f}]"
