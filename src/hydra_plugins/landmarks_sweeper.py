"""The sweeper of `python -m landmarks.train -m`, where Hydra looks for plugins.

Hydra's own, and: a run is listed once, what is done is told before anything starts, a failed run
does not stop the others, and progress is told over the whole sweep.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

# Hydra imports every plugin for every command; what takes long to import waits until it sweeps.


@dataclass
class StudySweeperConf:
    """Its options in YAML.

    Attributes:
        params: What to sweep when the command line does not say: name to comma-separated values.
        dry: Tell what would run, what is done and what it would cost; run nothing.
    """

    _target_: str = "hydra_plugins.landmarks_sweeper.StudySweeper"
    params: dict[str, str] = field(default_factory=dict)
    dry: bool = False


class StudySweeper(BasicSweeper):
    """Sweeps over a grid of runs."""

    def __init__(self, params: dict[str, str] | None, dry: bool) -> None:
        super().__init__(max_batch_size=None, params=params)
        self.dry = dry

    def sweep(self, arguments: list[str]) -> Sequence[Sequence[JobReturn]]:
        """Run what is missing of the grid that `params` and `arguments` span."""
        from landmarks.cli.jobs import plan_jobs
        from landmarks.cli.sweep import (
            launched,
            report_end,
            report_failures,
            report_plan,
            watched,
        )

        config, launcher = self.config, self.launcher
        if config is None or launcher is None or self.hydra_context is None:
            raise RuntimeError("Hydra calls setup before sweep")
        loader = self.hydra_context.config_loader
        parser = OverridesParser.create(config_loader=loader)
        grid = self.split_arguments(parser.parse_overrides(self._parse_config() + arguments), None)
        jobs = plan_jobs(
            grid[0], lambda overrides: loader.load_sweep_config(config, list(overrides))
        )
        done = report_plan(jobs, every=self.dry)
        if self.dry:
            return []
        folder = Path(config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(config, folder / "multirun.yaml")
        # Finished runs too: each looks whether it is still the same run, and returns at once.
        with watched(jobs, before=len(done)):
            returns = launched(jobs, launcher)
        report_failures(jobs, returns)
        report_end(jobs)
        return [returns]


ConfigStore.instance().store(
    group="hydra/sweeper", name="study", node=StudySweeperConf, provider="landmarks"
)
