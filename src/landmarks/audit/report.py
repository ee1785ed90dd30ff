"""The result of an audit as files: a page with pictures, and JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from landmarks.audit.audit import Checked
from landmarks.audit.finding import Finding
from landmarks.audit.material import Material
from landmarks.audit.pictures import pictures
from landmarks.storage.atomic import atomic_write
from landmarks.storage.serialization import record
from landmarks.storage.versions import versions

PAGE, RECORD = "audit.html", "audit.json"


def headline(checked: Sequence[Checked]) -> str:
    """How many findings, and how many checks had data to look at."""
    found = sum(len(one.findings) for one in checked)
    run = sum(bool(one.looked_at) for one in checked)
    findings = {0: "no findings", 1: "1 finding"}.get(found, f"{found} findings")
    return f"{findings}, {run} {'check' if run == 1 else 'checks'} run"


def write_report(checked: Sequence[Checked], material: Material, folder: Path) -> None:
    """Write `audit.html`, which needs no other file, and `audit.json` into an existing folder.

    Files that a finding comes with, such as a recipe, are written beside them.
    """
    environment = Environment(
        loader=PackageLoader("landmarks.audit", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    findings = [finding for one in checked for finding in one.findings]
    page = environment.get_template("page.html.j2").render(
        headline=headline(checked),
        data=_data(material),
        findings=[(finding, pictures(finding, material)) for finding in findings],
        checked=checked,
        style=(files("landmarks.analysis.page") / "page.css").read_text(encoding="utf-8"),
    )
    with atomic_write(folder / PAGE) as path:
        path.write_text(page, encoding="utf-8", newline="\n")
    for name, text in (file for finding in findings for file in finding.files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / name) as path:
            path.write_text(text, encoding="utf-8", newline="\n")
    content = {
        "data": _data(material),
        "checks": [_check(one) for one in checked],
        "findings": [_finding(finding, material) for finding in findings],
        "versions": versions(),
    }
    with atomic_write(folder / RECORD) as path:
        path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")


def _data(material: Material) -> dict[str, str]:
    described = {role: str(dataset.describe()) for role, dataset in material.sets.items()}
    return {**described, **({} if material.runs is None else {"runs": str(material.runs)})}


def _check(one: Checked) -> dict[str, Any]:
    return {
        "name": one.check.name,
        "method": one.check.method,
        "looked_at": one.looked_at,
        "findings": len(one.findings),
        "thresholds": {
            field: value
            for field, value in record(one.check).items()
            if field not in ("_target_", "name", "method")
        },
    }


def _finding(finding: Finding, material: Material) -> dict[str, Any]:
    """The fields of a finding; faces by name."""

    def names(role: str, positions: tuple[int, ...]) -> list[str]:
        known = material.sets.get(role)
        return [] if known is None else [known.faces[i].id for i in positions]

    return {
        **asdict(finding),
        "faces": names(finding.role, finding.faces),
        "beside": names(finding.other_role, finding.beside),
    }
