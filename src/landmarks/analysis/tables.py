"""Tables: the rows of the report, once, for CSV, Markdown and HTML alike."""

from collections.abc import Sequence
from dataclasses import replace

from landmarks.analysis.contrasts import mean_error
from landmarks.analysis.curves import FORMS, Fit
from landmarks.analysis.exchange import Exchange
from landmarks.analysis.insights import LEVEL, Comparison
from landmarks.analysis.looks import look
from landmarks.analysis.study import BASELINE, Study
from landmarks.analysis.table import Table

# Datagen, 2022, Tables 1 and 2, and its Figure 4A; NME on 300-W Common, per cent.
ARTICLE_TABLE1 = (
    ("synthetic", "DGFaces (Datagen)", "10,000", "article"),
    ("synthetic", "Microsoft FaceSynthetics", "100,000, 10,000 used", "article"),
    ("real", "300-W Train", "6,296", "article"),
    ("test", "300-W Common", "1,108", "article"),
)
ARTICLE_TABLE2 = (
    ("DGFaces (Datagen), 10,000", "-", "3.93", "3.32", "1.184", "article"),
    ("Microsoft FaceSynthetics, 10,000", "-", "3.63", "3.32", "1.093", "article"),
    (
        "Microsoft FaceSynthetics, 100,000, its own pipeline",
        "-",
        "3.09",
        "3.37",
        "0.917",
        "article",
    ),
)
OURS = "this study"


def table1(study: Study) -> Table:
    """The data that were used, beside the article's."""
    rows: dict[tuple[str, ...], None] = {}
    for run in study.runs:
        for role, used in run.result.data.items():
            count = f"{used['faces']:,}"
            rows[role, used["name"], count, OURS] = None
    order = ("synthetic", "real", "test")
    return Table(
        name="table1",
        title="Table 1. Data",
        header=("role", "set", "faces", "source"),
        rows=(*sorted(rows, key=lambda row: order.index(row[0])), *ARTICLE_TABLE1),
        note=" ".join(
            dict.fromkeys(n for r in study.runs for u in r.result.data.values() for n in u["notes"])
        ),
    )


def table2(study: Study) -> Table:
    """Label adaptation, at the largest size run beside real only."""
    sizes = sorted(set(study.sizes("label_adaptation")) & set(study.sizes(BASELINE)))
    rows = []
    for n in sizes[-1:]:
        without = _nme(study, ("synthetic_only", 0))
        adapted = mean_error(study, ("label_adaptation", n), LEVEL).value
        baseline = mean_error(study, (BASELINE, n), LEVEL).value
        used = study.by_cell["label_adaptation", n].values()
        synthetic = next(iter(used)).result.data["synthetic"]
        rows.append(
            (
                f"{synthetic['name']}, {synthetic['faces']:,}; {n:,} real labels",
                without,
                f"{100 * adapted:.2f}",
                f"{100 * baseline:.2f}",
                f"{adapted / baseline:.3f}",
                OURS,
            )
        )
    return Table(
        name="table2",
        title="Table 2. Label adaptation, NME %",
        header=(
            "trained on",
            "without adaptation",
            "with adaptation",
            "real only",
            "with adaptation / real only",
            "source",
        ),
        rows=(*rows, *ARTICLE_TABLE2),
        note=(
            "The ratio can be compared between pipelines; the errors cannot, for models, crops and "
            "test photos differ. The article's 3.32 is its own pipeline on 6,296 real images."
        ),
    )


def _nme(study: Study, cell: tuple[str, int]) -> str:
    if cell not in study.by_cell:
        return "-"
    return f"{100 * mean_error(study, cell, LEVEL).value:.2f}"


def figure4(study: Study) -> Table:
    """The numbers of Figure 4."""
    rows = []
    for (strategy, n), runs in study.by_cell.items():
        found = mean_error(study, (strategy, n), LEVEL)
        totals = {run.result.ledger["total"] for run in runs.values()}
        regions = (
            f"{100 * mean_error(study, (strategy, n), LEVEL, r).value:.2f}"
            for r in ("jaw", "inner51")
        )
        rows.append(
            (
                look(strategy).label,
                f"{n}",
                "/".join(str(total) for total in sorted(totals)),
                f"{100 * found.value:.2f}",
                f"{100 * found.low:.2f}",
                f"{100 * found.high:.2f}",
                *regions,
                " ".join(str(seed) for seed in runs),
            )
        )
    return Table(
        name="figure4",
        title="Figure 4 in numbers, NME %",
        header=(
            "strategy",
            "n_real",
            "real labels",
            "NME",
            "low",
            "high",
            "jaw",
            "inner 51",
            "seeds",
        ),
        rows=tuple(rows),
        note="low to high: 95 % interval over seeds and test photos; of photos alone at one seed.",
    )


def exchange_table(found: Sequence[Exchange], labelling_cost: float | None) -> Table:
    """What each strategy is worth in photos alone, and in money if a label has a price."""
    header = ("strategy", "n_real", "N_eff [90 %]", "per real photo", "seeds")
    rows = [
        (
            look(one.strategy).label,
            f"{one.n_real}",
            one.text(),
            f"{one.rate:.1f}" if one.is_known and 0 < one.value < float("inf") else "-",
            f"{one.seeds}",
        )
        for one in found
    ]
    table = Table(
        name="exchange",
        title="Exchange rate: photos alone with the same error",
        header=header,
        rows=tuple(rows),
        note="No number is extrapolated: > and < are the ends of what was run.",
    )
    if labelling_cost is None:
        return table
    saved = [
        f"{round(labelling_cost * (one.value - one.n_real)) + 0:,}"
        if one.is_known and 0 < one.value < float("inf")
        else "-"
        for one in found
    ]
    return replace(
        table,
        header=(*header, f"saved at {labelling_cost:g} a photo"),
        rows=tuple((*row, cell) for row, cell in zip(rows, saved, strict=True)),
    )


def comparison_table(found: Sequence[Comparison]) -> Table:
    """Figure 4B in numbers."""
    rows = []
    for one in found:
        cells: tuple[str, ...] = ("-", "-", "-", "0")
        if one.lower is not None:
            part = one.lower
            cells = (
                *(f"{100 * x:.1f}" for x in (part.value, part.low, part.high)),
                f"{part.seeds}",
            )
        rows.append((look(one.strategy).label, f"{one.n_real}", *cells, one.verdict))
    return Table(
        name="figure4b",
        title="Against real only: how much lower the error is, %",
        header=("strategy", "n_real", "lower by", "low", "high", "seeds", "verdict"),
        rows=tuple(rows),
        note="Differences within each seed, on the same test photos; low to high: 95 % interval.",
    )


def forms_table(study: Study, forms: Sequence[Fit], headline: Exchange | None) -> Table:
    """Forms of learning curves side by side: fit, and N_eff of the headline by each."""
    error = None
    if headline is not None:
        error = mean_error(study, (headline.strategy, headline.n_real), LEVEL).value
    rows = [
        (
            fit.name,
            FORMS[fit.name].formula,
            f"{100 * fit.residual:.1f}",
            "-" if error is None else _photos(fit.size_at(error), fit),
        )
        for fit in forms
    ]
    what = (
        "of the headline"
        if headline is None
        else (f"of {look(headline.strategy).label} with {headline.n_real:,}")
    )
    return Table(
        name="forms",
        title="Forms of the learning curve of real only",
        header=("form", "error at n", "residual %", f"N_eff {what}"),
        rows=tuple(rows),
        note="The interval of the exchange rate rests on interpolation, not on any of these; a "
        "form with a large residual does not describe the curve.",
    )


def _photos(size: float, fit: Fit) -> str:
    if size <= 0:
        return f"< {fit.sizes[0]:,}"
    return f"> {fit.sizes[-1]:,}" if size == float("inf") else f"{round(size):,}"


def ledger_table(study: Study) -> Table:
    """Every real label that the runs touched, and for what."""
    parts = ("n_real", "photos", "training", "adapter", "validation", "total")
    rows = [
        (
            look(run.result.strategy).label,
            f"{run.result.seed}",
            *(str(run.result.ledger[part]) for part in parts),
            f"{run.result.shared_photos}",
        )
        for run in study.runs
    ]
    return Table(
        name="ledger",
        title="Ledger: real faces whose labels a run used",
        header=("strategy", "seed", *parts, "test faces on a training photo"),
        rows=tuple(rows),
        note="total counts a face once, whatever it was used for.",
    )


def runs_table(study: Study) -> Table:
    """Every run, and where it lies."""
    rows = [
        (
            look(run.result.strategy).label,
            f"{run.result.n_real}",
            f"{run.result.seed}",
            f"{100 * run.nme:.3f}",
            f"{run.result.optimiser_steps}",
            run.result.fingerprint,
            run.directory.relative_to(study.folder).as_posix(),
        )
        for run in study.runs
    ]
    return Table(
        name="runs",
        title="Runs",
        header=("strategy", "n_real", "seed", "NME %", "steps", "fingerprint", "folder"),
        rows=tuple(rows),
        note="Each folder holds config.yaml, run.log, result.json and predictions.npz.",
    )
