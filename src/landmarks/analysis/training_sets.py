"""Training sets: Table 2 over several studies, one for each set of synthetic faces."""

from collections.abc import Mapping

from landmarks.analysis.attribution import ADAPTED, UNADAPTED
from landmarks.analysis.setting import NOT_PHOTOGRAPHS
from landmarks.analysis.statements import table2
from landmarks.analysis.study import BASELINE, SYNTHETIC_SET, Study, apart
from landmarks.analysis.table import ARTICLE, OURS, Table
from landmarks.errors import InputError

SHOWN = (UNADAPTED, ADAPTED, BASELINE)  # the strategies of Table 2


def table2_of(studies: Mapping[str, Study]) -> Table:
    """Label adaptation on each training set, beside what the article printed.

    Args:
        studies: By what the column "source" calls them.

    Raises:
        InputError: One has no size with label adaptation and real only.
    """
    tables = {name: table2(study) for name, study in studies.items()}
    for name, one in tables.items():
        if all(row[-1] != OURS for row in one.rows):
            raise InputError(
                f"{name}: no n_real was run with both {ADAPTED} and {BASELINE}; run it with "
                f"strategy={','.join(SHOWN)}"
            )
    first = next(iter(tables.values()))
    ours = [
        (*row[:-1], name) for name, one in tables.items() for row in one.rows if row[-1] == OURS
    ]
    theirs = [row for row in first.rows if row[-1] == ARTICLE]
    return Table(
        name=first.name,
        title=first.title,
        header=first.header,
        rows=(*ours, *theirs),
        note=" ".join(part for part in (first.note, _apart(studies), _stand_in(studies)) if part),
    )


def _apart(studies: Mapping[str, Study]) -> str:
    """A warning, if errors of different studies cannot be compared."""
    # In their synthetic set they are there to differ.
    differ = apart(list(studies.values()), SHOWN) - {SYNTHETIC_SET}
    if not differ:
        return ""
    return (
        f"These studies differ in their {', '.join(sorted(differ))}: between them, compare ratios, "
        "not errors."
    )


def _stand_in(studies: Mapping[str, Study]) -> str:
    return NOT_PHOTOGRAPHS if any(study.rendered_test for study in studies.values()) else ""
