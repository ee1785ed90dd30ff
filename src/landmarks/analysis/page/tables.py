"""Attribution and cost as rows, like the tables of the findings."""

from landmarks.analysis.attribution import Attribution
from landmarks.analysis.cost import Cost
from landmarks.analysis.table import Table


def region_label(region: str) -> str:
    """For people."""
    return {"all": "whole face", "inner51": "inner 51"}.get(region, region)


def parts_table(found: Attribution) -> Table:
    """How much of the way from synthetic to real labels adaptation closes, region by region."""
    rows = [
        (
            region_label(part.region),
            *(f"{100 * error:.2f}" for error in (part.unadapted, part.adapted, part.baseline)),
            "-" if part.share is None else f"{100 * part.share:.0f}",
        )
        for part in found.parts
    ]
    return Table(
        name="attribution",
        title=f"Convention against appearance, NME %, with {found.n_real:,} real labels",
        header=("region", "synthetic only", "label adaptation", "real only", "closed %"),
        rows=tuple(rows),
        note="closed: part of the way from synthetic only to real only that moving the labels "
        "closes; the rest is appearance, and whatever else photographs teach.",
    )


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
