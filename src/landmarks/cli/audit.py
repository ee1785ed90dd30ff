"""Command line: find faults of labelled faces and of stored runs before they spoil a result.

landmarks audit data.real.root=my/photos
landmarks audit data=w300_face_synthetics data.real.root=... data.synthetic.root=...
landmarks audit runs=outputs/figure4
"""

import inspect
import logging
import shutil
import sys
from typing import TYPE_CHECKING, Any, cast

import hydra
from omegaconf import DictConfig, OmegaConf

from landmarks.cli.hydra_command import check_dataset, read_dataset, run_command
from landmarks.errors import InputError
from landmarks.scheme import LandmarkScheme, load_scheme

if TYPE_CHECKING:
    from landmarks.data.dataset import FaceDataset

log = logging.getLogger(__name__)


def audit(cfg: DictConfig) -> None:
    """Audit `cfg.data` and `cfg.runs`; write a page and a JSON file into `cfg.out`.

    Raises:
        SystemExit: Code 1 if there is a finding.
    """
    # Slow imports (torch, timm), which --help and --cfg do not need.
    from landmarks.audit.audit import audit as run_checks
    from landmarks.audit.material import ROLES, Material
    from landmarks.audit.report import headline, write_report
    from landmarks.audit.table import table
    from landmarks.data.files import expanded
    from landmarks.models.device import torch_device
    from landmarks.storage.atomic import writable_folder

    if cfg.data is None:
        raise InputError("data is null but required; data=photos with all datasets null for runs=")
    runs = None if cfg.runs is None else expanded(cfg.runs, "runs")
    out = expanded(cfg.out, "out")
    torch_device(cfg.device)
    scheme = load_scheme(str(cfg.scheme))
    given = {role: faces for role in ROLES if (faces := _given(cfg.data, role)) is not None}
    if not given and runs is None:
        raise InputError(
            "nothing to audit; give a dataset, e.g. data.real.root=my/photos, or runs=FOLDER"
        )
    with writable_folder(out):
        material = Material(
            sets={role: _read(faces, role, scheme) for role, faces in given.items()},
            runs=runs,
            sample=cfg.sample,
            device=cfg.device,
        )
        checked = run_checks(material)
        write_report(checked, material, out)
    print(table(checked, shutil.get_terminal_size((120, 24)).columns))
    print(f"\n{headline(checked)}; pictures are in {out / 'audit.html'}")
    if any(one.findings for one in checked):
        sys.exit(1)


def _given(data: DictConfig, role: str) -> dict[str, Any] | None:
    """The options of a dataset; None if it is null or none of its required options is given.

    Raises:
        InputError: It is not a dataset, or only some of its required options are given.
    """
    node = data.get(role)
    if node is None:
        return None
    is_dataset = isinstance(node, DictConfig)
    missing = [str(key) for key in node if OmegaConf.is_missing(node, key)] if is_dataset else []
    if not missing:
        faces = OmegaConf.to_container(node, resolve=True) if is_dataset else node
        check_dataset(faces, f"data.{role}")
        return cast(dict[str, Any], faces)
    required = inspect.signature(hydra.utils.get_method(node["_target_"])).parameters.values()
    needed = {option.name for option in required if option.default is option.empty}
    if needed > set(missing):
        raise InputError(
            f"data.{role}.{missing[0]} is missing; give it as well as "
            f"{', '.join(sorted(needed - set(missing)))}, or set data.{role}=null"
        )
    log.info("data.%s is left out: data.%s.%s is not given", role, role, missing[0])
    return None


def _read(faces: dict[str, Any], role: str, scheme: LandmarkScheme) -> "FaceDataset":
    try:
        dataset = read_dataset(faces, f"data.{role}", scheme)
    except InputError as error:
        raise InputError(f"data.{role}: {error}") from error
    log.info("%s: %s", role, dataset.describe())
    return dataset


def main() -> None:
    """Run the command with the arguments of this process; ends the process."""
    run_command(audit, "audit")
