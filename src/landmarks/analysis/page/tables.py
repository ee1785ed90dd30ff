"""Attribution and cost as rows, like the tables of the findings."""

from landmarks.analysis.attribution import LEVEL, Attribution
from landmarks.analysis.contrasts import Interval
from landmarks.analysis.cost import Cost
from landmarks.analysis.styles import region_label
from landmarks.analysis.table import Table


def parts_table(found: Attribution) -> Table:
    """How much of the way from synthetic to real labels adaptation closes, region by region."""
    rows = [
        (
            region_label(part.region),
            *(f"{100 * error:.2f}" for error in (part.unadapted, part.adapted, part.baseline)),
            *_share(part.share),
        )
        for part in found.parts
    ]
    return Table(
        name="attribution",
        title=f"Convention against appearance, NME %, with {found.n_real:,} real labels",
        header=(
            "region",
            "synthetic only",
            "label adaptation",
            "real only",
            f"closed % [{100 * LEVEL:.0f} %]",
            "seeds",
        ),
        rows=tuple(rows),
        note="closed: part of the way from synthetic only to real only that moving the labels "
        "closes, over seeds and test photos; - without two seeds of all three, or where real only "
        "is not clearly better. At most so much is convention, for an adapter also takes away what "
        "the network gets wrong in the same way everywhere; the rest is appearance, and whatever "
        "else photographs teach.",
    )


def _share(share: Interval | None) -> tuple[str, str]:
    """The part that is closed, and its seeds."""
    if share is None:
        return "-", "-"
    value, low, high = (f"{100 * part:.0f}" for part in (share.value, share.low, share.high))
    return f"{value} [{low} to {high}]", f"{share.seeds}"


def cost_table(cost: Cost) -> Table:
    """What was made, beside what would have been made had no step been shared."""
    return Table(
        name="cost",
        title="Cost",
        header=("what", "optimiser steps", "hours"),
        rows=(
            ("shared steps made once", f"{cost.steps:,}", f"{cost.hours:.2f}"),
            ("every run making its own", f"{cost.naive_steps:,}", f"{cost.naive_hours:.2f}"),
        ),
        note="Hours are of training and adapter fits, by the clock of the processes that made them."
        + (
            " Some steps were interrupted and continued: their hours are the last part only."
            if cost.is_partial
            else ""
        ),
    )
