"""Tables of what was found: exchange rates, comparisons, learning curves, label adaptation."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from landmarks.analysis.attribution import ADAPTED, UNADAPTED, Attribution
from landmarks.analysis.comparisons import LEVEL, Comparison
from landmarks.analysis.contrasts import Interval, combined, mean_error
from landmarks.analysis.exchange import CALIBRATED_RATIO, CALIBRATED_SIZES, Exchange
from landmarks.analysis.learning_curves import Fit
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.study import (
    BASELINE,
    SYNTHETIC,
    SYNTHETIC_SET,
    Cell,
    Study,
    differing_settings,
)
from landmarks.analysis.styles import region_label, style_of
from landmarks.analysis.tables import ARTICLE, OURS, Table, table_of
from landmarks.errors import InputError

TABLE2_STRATEGIES = (UNADAPTED, ADAPTED, BASELINE)
# Datagen, 2022, Table 2; NME on 300-W Common, per cent.
ARTICLE_TABLE2 = (
    ("DGFaces (Datagen), 10,000", "-", "3.93", "3.32", "1.184", "-", ARTICLE),
    ("Microsoft FaceSynthetics, 10,000", "-", "3.63", "3.32", "1.093", "-", ARTICLE),
    (
        "Microsoft FaceSynthetics, 100,000, its own pipeline",
        "-",
        "3.09",
        "3.37",
        "0.917",
        "-",
        ARTICLE,
    ),
)


def exchange_table(found: Sequence[Exchange], labelling_cost: float | None) -> Table:
    """N_eff of each strategy at each size, and its value in money if a label has a price."""
    return table_of(
        "exchange",
        "Exchange rate: real faces alone with the same error",
        (_exchange_row(one, labelling_cost) for one in found),
        "Nothing is extrapolated: > and < are the largest and smallest size that real only was run "
        "with for all of the seeds. Brackets: 90 % interval over seeds and test photos. "
        "transferred: N_eff - n_real, effective data (Hernandez et al., 2021). far apart: fewer "
        f"than {CALIBRATED_SIZES} sizes, or neighbouring sizes more than {CALIBRATED_RATIO:g} "
        "times apart around the interval, so that its coverage may be lower.",
    )


def _exchange_row(one: Exchange, price: float | None) -> dict[str, object]:
    n = one.n_real

    def cell(of: Callable[[float], float], digits: int = 0) -> str:
        return one.transformed(of, digits) if one.is_known else "-"

    row = {
        "strategy": style_of(one.strategy).label,
        "n_real": n,
        "N_eff [90 %]": one.text(),
        "per real face": cell(lambda faces: faces / n, 2) if n else "-",
        "transferred": cell(lambda faces: faces - n),
    }
    if price is not None:
        row[f"saved at {price:g} a label"] = cell(lambda faces: price * (faces - n))
    sizes = " ".join(map(str, one.design.sizes))
    return {
        **row,
        "seeds": " ".join(map(str, one.design.seeds)),
        "sizes of real only": f"far apart: {sizes}" if one.is_sparse else sizes,
    }


def comparison_table(found: Sequence[Comparison]) -> Table:
    """The numbers of Figure 4B."""

    def cell(lower: Interval | None) -> str:
        return "-" if lower is None else lower.text(1)

    def seeds(lower: Interval | None) -> int:
        return 0 if lower is None else lower.seeds

    return table_of(
        "figure4b",
        "How much lower the error is than with one kind of faces alone, %",
        (
            {
                "strategy": style_of(one.strategy).label,
                "n_real": one.n_real,
                "than real only [95 %]": cell(one.lower),
                "verdict": one.verdict,
                "than synthetic only [95 %]": cell(one.lower_than_synthetic),
                "verdict, synthetic only": one.synthetic_verdict,
                "seeds": f"{seeds(one.lower)}/{seeds(one.lower_than_synthetic)}",
            }
            for one in found
        ),
        "Positive: better. Real only uses as many real faces, synthetic only none. The difference "
        "is relative to the error of the other, within each seed and on the same test photos. "
        "seeds: of the first and of the second comparison.",
    )


def forms_table(study: Study, forms: Sequence[Fit], headline: Exchange | None) -> Table:
    """Forms of the learning curve: how well each fits, and N_eff of the headline by each."""
    title, error = "N_eff", None
    if headline is not None:
        title = f"N_eff of {style_of(headline.strategy).label} with {headline.n_real:,}"
        error = mean_error(study, (headline.strategy, headline.n_real), LEVEL).value
    return table_of(
        "forms",
        "Forms of the learning curve of real only",
        (
            {
                "form": fit.form.name,
                "error at n": fit.formula,
                "residual %": f"{100 * fit.residual:.1f}",
                title: "-" if error is None else _faces(fit.size_at(error), fit),
            }
            for fit in forms
        ),
        "The exchange rate uses interpolation, not these forms. A form with a large residual does "
        "not describe the curve.",
    )


def _faces(size: float, fit: Fit) -> str:
    if size <= 0:
        return f"< {fit.sizes[0]:,}"
    return f"> {fit.sizes[-1]:,}" if size == np.inf else f"{round(size):,}"


def attribution_table(found: Attribution) -> Table:
    """How much of the gap to real training label adaptation closes, by region."""
    return table_of(
        "attribution",
        f"Labelling convention and appearance, NME %, with {found.n_real:,} real labels",
        (
            {
                "region": region_label(part.region),
                "synthetic only": f"{100 * part.unadapted:.2f}",
                "label adaptation": f"{100 * part.adapted:.2f}",
                "real only": f"{100 * part.baseline:.2f}",
                f"closed % [{100 * LEVEL:.0f} %]": part.share.text(0) if part.share else "-",
                "seeds": part.share.seeds if part.share else "-",
            }
            for part in found.parts
        ),
        "closed: share of the gap between synthetic only and real only that adapting the labels "
        "closes; - with fewer than two seeds of all three, or where real only is not significantly "
        "better. It is an upper bound for the share of the labelling convention, because an "
        "adapter also corrects errors that the network makes everywhere. The rest is appearance, "
        "and anything else that photographs teach.",
    )


def table2(study: Study) -> Table:
    """Label adaptation at each size that was run with real only too, next to the article's."""
    sizes = sorted(set(study.sizes(ADAPTED)) & set(study.sizes(BASELINE)))
    return Table(
        name="table2",
        title="Table 2. Label adaptation, NME %",
        header=(
            "trained on",
            "without adaptation",
            "with adaptation",
            "real only",
            "with adaptation / real only",
            "seeds",
            "source",
        ),
        rows=(*(_table2_row(study, n) for n in sizes), *ARTICLE_TABLE2),
        note="Compare the ratio between pipelines, not the errors: models, crops and test photos "
        "differ. Brackets: 95 % interval of the ratio, within each of the listed seeds. The "
        "article's 3.32 is its own pipeline on 6,296 real images.",
    )


def _table2_row(study: Study, n: int) -> tuple[str, ...]:
    cells: list[Cell] = [SYNTHETIC, (ADAPTED, n), (BASELINE, n)]
    synthetic = next(iter(study.by_cell[ADAPTED, n].values())).result.data["synthetic"]
    return (
        f"{synthetic['name']}, {synthetic['faces']:,}; {n:,} real labels",
        *(
            f"{100 * mean_error(study, cell, LEVEL).value:.2f}" if cell in study.by_cell else "-"
            for cell in cells
        ),
        _ratio(study, *cells[1:]),
        " ".join(map(str, study.seeds(cells[1:]))) or "-",
        OURS,
    )


def _ratio(study: Study, a: Cell, b: Cell) -> str:
    """Error of one cell over that of another, paired within each seed that they share."""
    found = combined(study, {a: 1.0, b: -1.0}, LEVEL)
    if found is not None:
        value, low, high = np.exp([found.value, found.low, found.high])
        return f"{value:.3f} [{low:.3f} to {high:.3f}]"
    seeds = study.seeds([a, b])
    if not seeds:
        return "-"
    return f"{study.by_cell[a][seeds[0]].nme / study.by_cell[b][seeds[0]].nme:.3f}"


def table2_of(studies: Mapping[str, Study]) -> Table:
    """Table 2 over several studies, each with a synthetic set of its own.

    Args:
        studies: By the name that the column "source" shows.

    Raises:
        InputError: A study has no size with both label adaptation and real only.
    """
    tables = {name: table2(study) for name, study in studies.items()}
    rows = []
    for name, one in tables.items():
        ours = [(*row[:-1], name) for row in one.rows if row[-1] == OURS]
        if not ours:
            raise InputError(
                f"{name}: no n_real was run with both {ADAPTED} and {BASELINE}; run it with "
                f"strategy={','.join(TABLE2_STRATEGIES)}"
            )
        rows += ours
    first = next(iter(tables.values()))
    notes = [first.note]
    differing = differing_settings(list(studies.values()), TABLE2_STRATEGIES) - {SYNTHETIC_SET}
    if differing:
        notes.append(
            f"These studies differ in their {', '.join(sorted(differing))}: between them, compare "
            "ratios, not errors."
        )
    if any(study.rendered_test for study in studies.values()):
        notes.append(NOT_PHOTOGRAPHS)
    return Table(
        name=first.name,
        title=first.title,
        header=first.header,
        rows=(*rows, *ARTICLE_TABLE2),
        note=" ".join(notes),
    )
