"""The sweeper of `landmarks train -m`, in the package where Hydra looks for plugins.

Unlike Hydra's own, it runs each distinct run once, says what is finished before it starts anything,
continues after a failed run, and logs the progress of the whole sweep.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

# Hydra imports every plugin for every command, so slow imports wait until a sweep starts.


@dataclass
class StudySweeperConf:
    """Options of the sweeper.

    Attributes:
        params: What to sweep unless the command line does: name to comma-separated values.
        dry: List the runs, their state and their cost, and run nothing.
    """

    _target_: str = "hydra_plugins.landmarks_sweeper.StudySweeper"
    params: dict[str, str] = field(default_factory=dict)
    dry: bool = False


class StudySweeper(Sweeper):
    """Run a grid; see the module."""

    _config: DictConfig
    _loader: ConfigLoader
    _launcher: Launcher

    def __init__(self, params: dict[str, str] | None, dry: bool) -> None:
        self.params = params or {}
        self.dry = dry

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Called by Hydra before `sweep`."""
        self._config, self._loader = config, hydra_context.config_loader
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Sequence[Sequence[JobReturn]]:
        """Run what is missing of the grid that `params` and `arguments` span."""
        from landmarks.cli.grid import grid, parse
        from landmarks.cli.jobs import plan_jobs
        from landmarks.cli.sweep import (
            launched,
            report_diverged,
            report_end,
            report_failures,
            report_plan,
            watched,
        )

        params = [f"{name}={values}" for name, values in self.params.items()]
        jobs = plan_jobs(
            grid(parse([*params, *arguments], self._loader)),
            lambda overrides: self._loader.load_sweep_config(self._config, list(overrides)),
        )
        done = report_plan(jobs, every=self.dry)
        if self.dry:
            return []
        folder = Path(self._config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self._config, folder / "multirun.yaml")
        # Finished runs too: each checks that it is still the same run, and returns at once.
        with watched(jobs, before=len(done)):
            returns = launched(jobs, self._launcher)
        report_failures(jobs, returns)
        report_end(jobs)
        if report_diverged(jobs):
            sys.exit(1)
        return [returns]


ConfigStore.instance().store(
    group="hydra/sweeper", name="study", node=StudySweeperConf, provider="landmarks"
)
