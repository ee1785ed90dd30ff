"""Findings: everything that a report says, as one value that is made from stored predictions.

The report, its figures and its tables show these and compute nothing themselves, so that whoever
makes them again from the same predictions can compare everything (`landmarks.cli.verify`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.analysis.answers import answer, exchanges, headline_exchange, worth
from landmarks.analysis.attribution import Attribution, attribution
from landmarks.analysis.contrasts import Interval, mean_error
from landmarks.analysis.cost import Cost, cost
from landmarks.analysis.curves import Fit, fit_forms
from landmarks.analysis.exchange import Exchange
from landmarks.analysis.insights import (
    COMBINED,
    LEVEL,
    Comparison,
    Trend,
    comparisons,
    summary,
    trend,
)
from landmarks.analysis.setting import setting, versions
from landmarks.analysis.statements import comparison_table, exchange_table, forms_table, table2
from landmarks.analysis.study import BASELINE, Cell, Study
from landmarks.analysis.table import Table
from landmarks.analysis.tables import figure4, ledger_table, runs_table, table1

CED_POINTS = 200


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """A strategy at one size, in one region.

    Attributes:
        n_real: Real faces asked for.
        labels: Different real faces whose labels were used, most of any seed.
        mean: Geometric mean over seeds, with its interval.
        runs: Error of each seed.
    """

    n_real: int
    labels: int
    mean: Interval
    runs: dict[int, float]


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a study says.

    Attributes:
        answer: Insight 4A in a sentence.
        worth: Where synthetic faces clearly pay, in sentences; empty if nothing is known.
        comparison: Insight 4B in sentences.
        trends: Insight 4C in sentences.
        setting: What was trained and tested on what, in sentences; what the runs recorded, for no
            program knows what a person looked at before.
        rendered_test: Whether no number here is an accuracy on photographs.
        headline: The exchange of the answer.
        curves: Points of each strategy, by region.
        headline_curves: Points of real only and of the headline's strategy, over the seeds and
            sizes that its N_eff rests on; empty without a headline.
        exchanges: What each strategy is worth at each size.
        comparisons: Each strategy against real faces alone.
        narrowing: How each gap changes.
        forms: Learning curves fitted to real faces alone, to what the headline's N_eff rests on.
        cumulative_size: The n_real of `cumulative`: the headline's, or the one most were run with.
        cumulative: By strategy, at that size or without real faces: errors at evenly spaced shares
            of the test faces of all seeds together.
        attribution: Convention against appearance.
        cost: Optimiser steps and hours.
        versions: Software that the runs were made with, and the machines, by name.
        tables: Every table of the report.
    """

    answer: str
    worth: str
    comparison: str
    trends: tuple[str, ...]
    setting: tuple[str, ...]
    rendered_test: bool
    headline: Exchange | None
    curves: dict[str, dict[str, tuple[CurvePoint, ...]]]
    headline_curves: dict[str, tuple[CurvePoint, ...]]
    exchanges: tuple[Exchange, ...]
    comparisons: tuple[Comparison, ...]
    narrowing: tuple[Trend, ...]
    forms: tuple[Fit, ...]
    cumulative_size: int
    cumulative: dict[str, NDArray[np.float64]]
    attribution: Attribution | None
    cost: Cost
    versions: dict[str, str]
    tables: tuple[Table, ...]

    @property
    def said(self) -> tuple[str, ...]:
        """The answer and what belongs to it, sentence by sentence."""
        return tuple(
            part for part in (self.answer, self.worth, self.comparison, *self.trends) if part
        )

    def record(self) -> dict[str, Any]:
        """In JSON's types; infinity as text, for JSON has no word for it."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def find(study: Study, labelling_cost: float | None = None) -> Findings:
    """Everything there is to say of a study.

    Args:
        study: Finished runs.
        labelling_cost: Of the label of one face, in any currency; None leaves money out.
    """
    found = exchanges(study)
    headline = headline_exchange(found)
    others = [name for name in study.strategies if name != BASELINE]
    against = comparisons(study, others)
    combined = [one for one in against if one.strategy in COMBINED]
    narrowing = [t for name in COMBINED if (t := trend(study, name)) is not None]
    alike = study if headline is None else study.of_seeds(headline.design.seeds)
    forms = _forms(alike, headline)
    shown = _shown_size(study, headline)
    return Findings(
        answer=answer(headline, rendered_test=study.rendered_test),
        worth=worth(found, combined, rendered_test=study.rendered_test),
        comparison=summary(combined),
        trends=tuple(one.text() for one in narrowing),
        setting=setting(study),
        rendered_test=study.rendered_test,
        headline=headline,
        curves={region: _curves(study, region) for region in study.runs[0].errors},
        headline_curves={} if headline is None else _headline_curves(alike, headline),
        exchanges=tuple(found),
        comparisons=tuple(against),
        narrowing=tuple(narrowing),
        forms=forms,
        cumulative_size=shown,
        cumulative=_cumulative(study, shown),
        attribution=attribution(study),
        cost=cost(study),
        versions=versions(study),
        tables=(
            figure4(study),
            exchange_table(found, labelling_cost),
            comparison_table(against),
            forms_table(alike, forms, headline),
            table1(study),
            table2(study),
            ledger_table(study),
            runs_table(study),
        ),
    )


def _curves(study: Study, region: str) -> dict[str, tuple[CurvePoint, ...]]:
    return {
        strategy: tuple(_point(study, (strategy, n), region) for n in study.sizes(strategy))
        for strategy in study.strategies
    }


def _point(study: Study, cell: Cell, region: str) -> CurvePoint:
    runs = study.by_cell[cell]
    return CurvePoint(
        n_real=cell[1],
        labels=max(int(run.result.ledger["total"]) for run in runs.values()),
        mean=mean_error(study, cell, LEVEL, region),
        runs={seed: float(np.nanmean(run.errors[region])) for seed, run in runs.items()},
    )


def _headline_curves(alike: Study, headline: Exchange) -> dict[str, tuple[CurvePoint, ...]]:
    """Both sides of the headline, at the sizes that have all of its seeds."""
    strategy, design = headline.strategy, headline.design
    own = [n for n in alike.sizes(strategy) if alike.seeds([(strategy, n)]) == design.seeds]
    return {
        name: tuple(_point(alike, (name, n), "all") for n in sizes)
        for name, sizes in ((BASELINE, design.sizes), (strategy, own))
    }


def _forms(alike: Study, headline: Exchange | None) -> tuple[Fit, ...]:
    """Fitted to what N_eff is read from, so that both speak of one curve."""
    sizes = alike.sizes(BASELINE) if headline is None else headline.design.sizes
    if len(sizes) < 3:
        return ()
    return fit_forms(sizes, [mean_error(alike, (BASELINE, n), LEVEL).value for n in sizes])


def _shown_size(study: Study, headline: Exchange | None) -> int:
    """The size of the headline, or the largest that most strategies were run with."""
    if headline is not None:
        return headline.n_real
    sizes = [n for _, n in study.by_cell]
    return max(sizes, key=lambda n: (sizes.count(n), n))


def _cumulative(study: Study, n: int) -> dict[str, NDArray[np.float64]]:
    """Quantiles of the error of all faces and seeds, for each strategy run at size `n`."""
    shares = np.linspace(0, 1, CED_POINTS + 1)
    cells: Sequence[Cell] = [
        cell for cell in study.by_cell if cell[1] == n or cell == ("synthetic_only", 0)
    ]
    return {
        strategy: np.nanquantile(
            np.concatenate([run.errors["all"] for run in study.by_cell[strategy, size].values()]),
            shares,
        )
        for strategy, size in cells
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of a record
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value
