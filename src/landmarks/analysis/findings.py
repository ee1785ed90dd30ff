"""Everything that a report says, as one value derived from stored predictions.

The report, its figures and its tables only display findings. Whoever derives them again from the
same predictions can therefore compare everything (`landmarks verify`).
"""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.analysis.attribution import Attribution, attribution
from landmarks.analysis.comparisons import LEVEL, Comparison, Trend, comparisons, trend
from landmarks.analysis.contrasts import mean_error
from landmarks.analysis.cost import Cost, cost
from landmarks.analysis.error_curves import (
    CurvePoint,
    Curves,
    cumulative_errors,
    curve_point,
    error_curves,
)
from landmarks.analysis.exchange import Exchange, exchanges
from landmarks.analysis.learning_curves import Fit, Form, fit_forms
from landmarks.analysis.result_tables import (
    attribution_table,
    comparison_table,
    exchange_table,
    forms_table,
    table2,
)
from landmarks.analysis.sentences import (
    answer,
    comparison_summary,
    headline_exchange,
    trend_text,
    worth,
)
from landmarks.analysis.setting import setting, versions
from landmarks.analysis.study import BASELINE, COMBINED, Study
from landmarks.analysis.tables import (
    Table,
    cost_table,
    data_table,
    figure4_table,
    ledger_table,
    runs_table,
)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The findings of a study.

    Attributes:
        answer: Figure 4A, the headline's exchange rate, in a sentence.
        worth: What synthetic faces are worth, in sentences; may be empty.
        comparison: Figure 4B in sentences.
        trends: Figure 4C in sentences.
        setting: What the runs have in common and warnings, in sentences.
        rendered_test: Whether no number here is an accuracy on photographs.
        unit: What errors are divided by, in words.
        headline: The exchange rate of the answer.
        curves: Figure 4, by region.
        headline_curves: `real_only` and the headline's strategy, with the seeds and sizes of its
            N_eff only; empty without a headline.
        exchanges: N_eff of each strategy at each size.
        comparisons: Each strategy against `real_only` and `synthetic_only`.
        narrowing: How each gap changes.
        forms: Learning curves fitted to the runs of `real_only` that the headline's N_eff uses.
        cumulative_size: The n_real of `cumulative`: the headline's, or the most common one.
        cumulative: Errors at evenly spaced shares of the test faces, by strategy.
        attribution: Labelling convention and appearance.
        cost: Optimiser steps and hours.
        versions: Software of the runs, and machines, by name.
        tables: Every table of the report that has rows.
    """

    answer: str
    worth: str
    comparison: str
    trends: tuple[str, ...]
    setting: tuple[str, ...]
    rendered_test: bool
    unit: str
    headline: Exchange | None
    curves: dict[str, Curves]
    headline_curves: Curves
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
    def summary(self) -> tuple[str, ...]:
        """The answer and the sentences that belong to it."""
        return tuple(
            part for part in (self.answer, self.worth, self.comparison, *self.trends) if part
        )

    @property
    def error_title(self) -> str:
        """The title of an axis of errors."""
        return f"NME, % of {self.unit}"

    @property
    def points(self) -> list[CurvePoint]:
        """Every point of Figure 4, whole face."""
        return [point for curve in self.curves["all"].values() for point in curve]

    def table(self, name: str) -> Table:
        """A table by its name."""
        return next(table for table in self.tables if table.name == name)

    def record(self) -> dict[str, Any]:
        """As JSON types; infinity and NaN as text, which JSON has no number for."""
        plain: dict[str, Any] = _plain(self)
        return plain


def find(study: Study, labelling_cost: float | None = None) -> Findings:
    """Derive the findings of a study.

    Args:
        study: Finished runs.
        labelling_cost: Price of the label of one face, in any currency; None leaves money out.
    """
    found = exchanges(study)
    headline = headline_exchange(found)
    compared = comparisons(study, [name for name in study.strategies if name != BASELINE])
    combined = [one for one in compared if one.strategy in COMBINED]
    narrowing = [one for name in COMBINED if (one := trend(study, name)) is not None]
    # What N_eff is derived from, so that the forms are fitted to the same curve.
    used = study if headline is None else study.with_seeds(headline.design.seeds)
    forms = _forms(used, headline)
    shown = _cumulative_size(study, headline)
    attributed = attribution(study)
    spent = cost(study)
    tables = (
        figure4_table(study),
        exchange_table(found, labelling_cost),
        comparison_table(compared),
        forms_table(used, forms, headline),
        data_table(study),
        table2(study),
        *([] if attributed is None else [attribution_table(attributed)]),
        cost_table(spent),
        ledger_table(study),
        runs_table(study),
    )
    return Findings(
        answer=answer(headline, rendered_test=study.rendered_test),
        worth=worth(found, combined, rendered_test=study.rendered_test),
        comparison=comparison_summary(combined),
        trends=tuple(map(trend_text, narrowing)),
        setting=setting(study),
        unit=study.unit,
        rendered_test=study.rendered_test,
        headline=headline,
        curves={region: error_curves(study, region) for region in study.runs[0].errors},
        headline_curves={} if headline is None else _headline_curves(used, headline),
        exchanges=tuple(found),
        comparisons=tuple(compared),
        narrowing=tuple(narrowing),
        forms=forms,
        cumulative_size=shown,
        cumulative=cumulative_errors(study, shown),
        attribution=attributed,
        cost=spent,
        versions=versions(study),
        tables=tuple(table for table in tables if table.rows),
    )


def _headline_curves(used: Study, headline: Exchange) -> Curves:
    """Both sides of the headline, at the sizes that have all of its seeds."""
    strategy, design = headline.strategy, headline.design
    own = [n for n in used.sizes(strategy) if used.seeds([(strategy, n)]) == design.seeds]
    return {
        name: tuple(curve_point(used, (name, n), "all") for n in sizes)
        for name, sizes in ((BASELINE, design.sizes), (strategy, own))
    }


def _forms(used: Study, headline: Exchange | None) -> tuple[Fit, ...]:
    sizes = used.sizes(BASELINE) if headline is None else headline.design.sizes
    if len(sizes) < 3:
        return ()
    return fit_forms(sizes, [mean_error(used, (BASELINE, n), LEVEL).value for n in sizes])


def _cumulative_size(study: Study, headline: Exchange | None) -> int:
    """The size of the headline, or the largest that most strategies were run with."""
    if headline is not None:
        return headline.n_real
    sizes = [n for _, n in study.by_cell]
    return max(sizes, key=lambda n: (sizes.count(n), n))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of a record
    if isinstance(value, Form):
        return value.name
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value
