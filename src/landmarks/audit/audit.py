"""All checks, and what they find in some data."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from tqdm import tqdm

from landmarks.audit.boxes import BoxCheck
from landmarks.audit.coverage import CoverageCheck
from landmarks.audit.duplicates import DuplicateCheck
from landmarks.audit.finding import Check, Finding
from landmarks.audit.gap import GapCheck
from landmarks.audit.images import ImageCheck
from landmarks.audit.material import Material
from landmarks.audit.mirror import MirrorCheck
from landmarks.audit.order import OrderCheck
from landmarks.audit.orientation import OrientationCheck
from landmarks.audit.origin import OriginCheck
from landmarks.audit.outliers import LabelsCheck
from landmarks.audit.protocol import StoredSweep

log = logging.getLogger(__name__)

# In the order in which they are reported: first the files, then the labels, then the sets together.
CHECKS: tuple[Check, ...] = (
    ImageCheck(),
    OrientationCheck(),
    BoxCheck(),
    DuplicateCheck(),
    MirrorCheck(),
    OrderCheck(),
    OriginCheck(),
    LabelsCheck(),
    GapCheck(),
    CoverageCheck(),
    StoredSweep(),
)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What one check looked at and found.

    Attributes:
        check: The check.
        looked_at: The data that it looked at, for people; empty: the data it needs are absent.
        findings: Faults; empty: none was found.
    """

    check: Check
    looked_at: str
    findings: tuple[Finding, ...]


def audit(material: Material, checks: Sequence[Check] = CHECKS) -> tuple[Checked, ...]:
    """Run checks, with a progress bar.

    Args:
        material: The data.
        checks: Those to run.

    Returns:
        For each check, what it found.
    """
    done = []
    with tqdm(total=len(checks), desc="checks", unit="check", delay=1) as bar:
        for check in checks:
            bar.set_postfix_str(check.name)
            looked_at = check.looked_at(material)
            findings = tuple(check(material)) if looked_at else ()
            done.append(Checked(check=check, looked_at=looked_at, findings=findings))
            bar.update()
    return tuple(done)
