"""Command line: test a trained detector on a labelled dataset.

landmarks evaluate run=outputs/... data.test.root=...
landmarks evaluate run=outputs/... faces@data.test=toy
landmarks evaluate run=detector.safetensors data.test.root=... out=evaluations/afw
"""

import logging
import sys
from typing import Any, cast

import hydra
from omegaconf import DictConfig, OmegaConf

from landmarks.cli.classes import named_classes
from landmarks.cli.hydra_command import check_dataset, read_dataset, run_command
from landmarks.errors import InputError

log = logging.getLogger(__name__)


def evaluate(cfg: DictConfig) -> float:
    """Test the detector of `cfg.run` on `cfg.data.test`; return its NME.

    Raises:
        SystemExit: Code 1 if the model diverged.
    """
    # Slow imports (torch, timm), which --help and --cfg do not need.
    from landmarks.data.files import expanded
    from landmarks.experiment.evaluation import (
        evaluate_run,
        evaluations_of,
        folder_name,
        run_of,
        trained_on,
    )
    from landmarks.inference.detector_file import DETECTOR, read_scheme
    from landmarks.inference.predictions import DIVERGED

    for name, part in (("data.test", cfg.data.test), ("machine", cfg.machine)):
        if part is None:
            raise InputError(f"{name} is null but required; remove the override")
    faces = cast(dict[str, Any], OmegaConf.to_container(cfg.data.test, resolve=True))
    check_dataset(faces, "data.test")
    run, artifacts = run_of(expanded(cfg.run, "run")), expanded(cfg.artifacts, "artifacts")
    out = None if cfg.out is None else expanded(cfg.out, "out")
    machine = hydra.utils.instantiate(cfg.machine)
    classes = named_classes(cfg.classes)
    training = trained_on(run)  # finds a missing run before faces are rendered or read
    scheme = read_scheme(run / DETECTOR if run.is_dir() else run)
    test = read_dataset(faces, "data.test", scheme)
    log.info("test: %s", test.describe())
    out = out or evaluations_of(run) / folder_name(test)
    evaluation = evaluate_run(run, training, test, machine, artifacts, out, classes)
    nme = evaluation["metrics"]["all"]["nme"][evaluation["normaliser"]]
    log.info(
        "NME %.2f %% [%.2f, %.2f] (%d faces)%s",
        *(100 * nme[key] for key in ("value", "low", "high")),
        evaluation["metrics"]["all"]["faces"],
        ", drawn or rendered, not photographs" if evaluation["rendered_test"] else "",
    )
    log.info("results are in %s (evaluation.json, predictions.npz, faces.png, ced.png)", out)
    if evaluation["diverged"]:
        log.warning("%s", DIVERGED)
        sys.exit(1)
    return float(nme["value"])


def main() -> None:
    """Run the command with the arguments of this process; ends the process."""
    run_command(evaluate, "evaluate")
