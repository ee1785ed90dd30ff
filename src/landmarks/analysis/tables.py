"""Tables: what was run, as rows: the data, the numbers of Figure 4, the ledger, the runs."""

from landmarks.analysis.contrasts import mean_error
from landmarks.analysis.insights import LEVEL
from landmarks.analysis.study import Study
from landmarks.analysis.styles import look
from landmarks.analysis.table import ARTICLE, OURS, Table

# Datagen, 2022, Table 1.
ARTICLE_TABLE1 = (
    ("synthetic", "DGFaces (Datagen)", "10,000", ARTICLE),
    ("synthetic", "Microsoft FaceSynthetics", "100,000, 10,000 used", ARTICLE),
    ("real", "300-W Train", "6,296", ARTICLE),
    ("test", "300-W Common", "1,108", ARTICLE),
)


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
            dict.fromkeys(
                f"{used['name']}: {'; '.join(used['notes'])}."
                for run in study.runs
                for used in run.result.data.values()
                if used["notes"]
            )
        ),
    )


def figure4(study: Study) -> Table:
    """The numbers of Figure 4."""
    rows = []
    for (strategy, n), runs in study.by_cell.items():
        found = mean_error(study, (strategy, n), LEVEL)
        totals = {run.result.ledger["total"] for run in runs.values()}
        regions = (
            f"{100 * mean_error(study, (strategy, n), LEVEL, region).value:.2f}"
            if region in study.runs[0].errors
            else "-"
            for region in ("jaw", "inner51")
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
        note="NME: geometric mean over seeds; low to high: 95 % interval over seeds and test "
        "photos; of photos alone at one seed.",
    )


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
