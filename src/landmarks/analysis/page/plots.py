"""What the plots of the page show, in JSON's types: errors in per cent, strategies by number.

An exchange that the sweep does not reach ends at the last size and says that it is open.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from landmarks.analysis.contrasts import Interval
from landmarks.analysis.exchange import Exchange
from landmarks.analysis.findings import CurvePoint, Findings
from landmarks.analysis.insights import COMBINED, Comparison
from landmarks.analysis.page.marks import Mark
from landmarks.analysis.styles import region_label

DECIMALS = 4  # of a per cent


def plot_data(findings: Findings, marks: Sequence[Mark]) -> dict[str, Any]:
    """Everything that the page's plots show.

    Args:
        findings: Of a study.
        marks: One for each strategy of the curves, in the order of the page.
    """
    number = {mark.name: i for i, mark in enumerate(marks)}
    return {
        "faces": "stand-in faces" if findings.rendered_test else "photos",
        "strategies": [asdict(mark) for mark in marks],
        "regions": [
            {
                "name": region,
                "label": region_label(region),
                "curves": [[_point(point) for point in curves[mark.name]] for mark in marks],
            }
            for region, curves in findings.curves.items()
        ],
        "exchange": _exchange(findings, findings.headline, number),
        "differences": [
            {
                "strategy": number[one.strategy],
                "n": one.n_real,
                "labels": _labels(findings, one),
                "combined": one.strategy in COMBINED,
                "verdict": one.verdict,
                **_interval(one.lower),
            }
            for one in findings.comparisons
            if one.lower is not None
        ],
        "cumulative": [
            {"strategy": number[name], "errors": [_percent(error) for error in errors]}
            for name, errors in findings.cumulative.items()
        ],
    }


def _labels(findings: Findings, one: Comparison) -> int:
    """Real labels that the strategy of a comparison used."""
    points = findings.curves["all"][one.strategy]
    return next(point.labels for point in points if point.n_real == one.n_real)


def _point(point: CurvePoint) -> dict[str, Any]:
    return {
        "n": point.n_real,
        "labels": point.labels,
        **_interval(point.mean),
        "runs": [[seed, _percent(error)] for seed, error in point.runs.items()],
    }


def _interval(one: Interval) -> dict[str, Any]:
    return {
        "value": _percent(one.value),
        "low": _percent(one.low),
        "high": _percent(one.high),
        "level": _percent(one.level),
        "seeds": one.seeds,
    }


def _exchange(
    findings: Findings, one: Exchange | None, number: dict[str, int]
) -> dict[str, Any] | None:
    """The horizontal line of Insight 4A: from a strategy's size to the curve of photos alone."""
    if one is None or not one.is_known:
        return None
    points = findings.curves["all"][one.strategy]
    start = next(point for point in points if point.n_real == one.n_real)

    def within(size: float) -> float:
        return round(float(np.clip(size, one.smallest, one.largest)), 1)

    return {
        "strategy": number[one.strategy],
        "n": one.n_real,
        "labels": start.labels,
        "error": _percent(start.mean.value),
        "value": within(one.value),
        "low": within(one.low),
        "high": within(one.high),
        "is_open": [one.low == 0, one.high == np.inf],
        "level": _percent(one.level),
        "text": one.text(),
        "caveat": one.caveat,
    }


def _percent(fraction: float) -> float:
    return round(100 * float(fraction), DECIMALS)
