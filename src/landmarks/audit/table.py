"""The result of an audit as text for a terminal."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from landmarks.audit.audit import Checked
from landmarks.audit.finding import Finding

HEADER = ("check", "data", "finding", "cost in NME", "how to fix")
_NARROW, _GAP = 14, 2  # characters
_LEAST = 40  # of the two columns of sentences together


def table(checked: Sequence[Checked], width: int) -> str:
    """The findings, a row each, and what the other checks looked at.

    Args:
        checked: Of an audit.
        width: Of the terminal, characters; text is wrapped.
    """
    findings = [finding for one in checked for finding in one.findings]
    parts = ["\n".join(_rows(findings, width))] if findings else []
    silent = [f"  {one.check.name}: {one.looked_at}" for one in checked if _silent(one)]
    if silent:
        parts.append("\n".join(["Nothing found by these checks:", *silent]))
    absent = [one.check.name for one in checked if not one.looked_at]
    if absent:
        parts.append(f"Not checked, because the data are not given: {', '.join(absent)}")
    return "\n\n".join(parts)


def _silent(one: Checked) -> bool:
    return bool(one.looked_at) and not one.findings


def _rows(findings: Sequence[Finding], width: int) -> Iterator[str]:
    sentences = max(_LEAST, width - 3 * _NARROW - _GAP * (len(HEADER) - 1))
    fix = int(0.4 * sentences)
    widths = (_NARROW, _NARROW, sentences - fix, _NARROW, fix)
    yield from _row(HEADER, widths)
    yield (" " * _GAP).join("-" * own for own in widths)
    for finding in findings:
        cost = "unknown" if finding.price is None else str(finding.price)
        text = f"{finding.fault}: {finding.text}"
        yield from _row((finding.check, finding.data, text, cost, finding.fix), widths)
        yield ""


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """The lines of a row; a cell is wrapped to the width of its column."""
    wrapped = [wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    for i in range(max(map(len, wrapped))):
        line = [lines[i] if i < len(lines) else "" for lines in wrapped]
        yield (" " * _GAP).join(map(str.ljust, line, widths)).rstrip()
