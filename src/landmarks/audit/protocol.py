"""Check how stored runs were made: whether their comparison says what it seems to say."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from landmarks.analysis.verification.runs import not_nested, read_ledger
from landmarks.audit.choice import Choice, choices, optimism
from landmarks.audit.finding import Finding, Price
from landmarks.audit.material import Material
from landmarks.audit.prices import mean_difference
from landmarks.audit.stored_runs import StoredRun, read_runs
from landmarks.experiment.results import LEDGER, RESULT

RUNS = "runs"
SHOWN = 3  # options that a sentence names

_AGAIN = "run it again at a lower learning rate, or with schedule.train.clip_norm=1"


@dataclass(frozen=True, kw_only=True)
class StoredSweep:
    """Check the finished runs below a folder; they need not form one study.

    A choice made on the test set: see `landmarks.audit.choice.choices`. Which of several variants
    is used is by chance the best on the test faces in 1 of V sweeps with V variants, so a sweep
    that compares V values at one size and uses the best at the others for another reason is
    reported too.

    Subsets, adapters and updates are compared exactly; a sweep that this software made has none of
    these faults unless its schedules differ by more than `updates`. Run lengths that differ by less
    are usual: the article's pre-training has fewer updates than training from scratch.

    Diverged: the predictions are not finite, or the error is no less than that of the mean face in
    the true box, or at least `apart` times the median error of two or more other seeds of the same
    strategy and size. With 3 % of standard deviation over seeds, as sweeps of this project have,
    a factor of 1.5 is 13 of them.

    Attributes:
        updates: Largest ratio of the updates of two strategies that is no finding.
        apart: Least ratio of a run's error to the median of its other seeds that is a finding.
    """

    updates: float = 1.5
    apart: float = 1.5
    name: str = "protocol"
    method: str = (
        "stored settings, subsets, updates and errors of runs are compared with one another; "
        "any contradiction is a finding"
    )

    def looked_at(self, material: Material) -> str:
        """The number of runs."""
        if material.runs is None:
            return ""
        return f"{sum(1 for _ in material.runs.rglob(RESULT)):,} runs"

    def __call__(self, material: Material) -> list[Finding]:
        """The faults of the runs; none without `runs`.

        Raises:
            InputError: There are no finished runs, or a file of one cannot be read.
        """
        if material.runs is None:
            return []
        runs = read_runs(material.runs)
        return [
            *self._chosen(runs),
            *self._unequal_updates(runs),
            *self._not_nested(runs),
            *self._adapters(runs),
            *self._diverged(runs),
        ]

    def _found(self, fault: str, text: str, fix: str, price: Price | None = None) -> Finding:
        return Finding(check=self.name, data=RUNS, fault=fault, text=text, fix=fix, price=price)

    def _chosen(self, runs: Sequence[StoredRun]) -> Iterator[Finding]:
        for choice in choices(runs):
            yield self._found(
                "choice made on the test set",
                f"{choice.strategy}: {len(choice.tried)} values of {_options(choice)} were tested "
                f"on the same {choice.errors.shape[1]:,} faces, and only the one with the lowest "
                f"error there was used for {len(choice.used)} more runs, which are tested on these "
                "faces too.",
                "choose on other labelled faces: run the variants with data.test set to photos "
                "that are neither trained nor tested on, then test the chosen one once",
                optimism(choice.errors, choice.groups),
            )

    def _unequal_updates(self, runs: Sequence[StoredRun]) -> Iterator[Finding]:
        for those in _by_test(runs):
            counts: dict[int, dict[str, None]] = defaultdict(dict)
            for run in those:
                counts[run.updates][run.result.strategy] = None
            few, many = min(counts), max(counts)
            if many > self.updates * few:
                yield self._found(
                    "unequal updates",
                    f"{_listed(counts[many])} had {many:,} updates and {_listed(counts[few])} "
                    f"{few:,}: {many / few:.1f} times as many.",
                    "set the steps of schedule.train to those of schedule.pretrain plus "
                    "schedule.finetune, the same for every n_real",
                )

    def _not_nested(self, runs: Sequence[StoredRun]) -> Iterator[Finding]:
        for those in _by_real(runs):
            ledgers: dict[tuple[int, int], tuple[Path, Mapping[str, Any]]] = {}
            others = []
            for run in those:
                path = run.directory / LEDGER
                ledger = read_ledger(path)
                place = run.result.seed, run.result.n_real
                first_path, first = ledgers.setdefault(place, (path, ledger))
                if first["faces"] != ledger["faces"]:
                    others.append(f"{path}: other faces than {first_path}")
            found = [*others, *not_nested(ledgers)]
            if found:
                yield self._found(
                    "subsets are not nested",
                    f"{len(found)} subsets of real faces differ where one seed should have the "
                    f"same faces, and more of them for a larger n_real. {found[0]}.",
                    "draw the subsets of a seed from one order of the photos, as this software "
                    "does, and run the sizes that differ again",
                )

    def _adapters(self, runs: Sequence[StoredRun]) -> Iterator[Finding]:
        wrong = {}
        for run in runs:
            ledger, n = run.result.ledger, run.result.n_real
            steps = (s["real_labels"] for s in run.result.steps if not s["optimiser_steps"])
            used = max(ledger["adapter"], *steps, 0)
            if used > n:
                wrong[run.name] = used
        if wrong:
            first, used = next(iter(wrong.items()))
            yield self._found(
                "adapter fitted on more than n_real",
                f"{len(wrong)} runs use more real labels than they claim: the adapter of {first} "
                f"was fitted on {used:,} faces.",
                "fit the adapter on the same n_real faces, or count all of its labels as n_real",
            )

    def _diverged(self, runs: Sequence[StoredRun]) -> Iterator[Finding]:
        for those in _by_test(runs):
            cells: dict[tuple[str, int], list[StoredRun]] = defaultdict(list)
            for run in those:
                cells[run.result.strategy, run.result.n_real].append(run)
            for cell in cells.values():
                wrong = [run for run in cell if self._is_apart(run, cell)]
                sound = [run for run in cell if run not in wrong]
                yield from (self._lost(run, sound, len(cell)) for run in wrong)
        for run in runs:
            if run.predictions is None:
                yield self._found("diverged", f"{run.name}: {run.problem}.", _AGAIN)

    def _is_apart(self, run: StoredRun, cell: Sequence[StoredRun]) -> bool:
        error = float(np.nanmean(run.errors))
        others = [float(np.nanmean(other.errors)) for other in cell if other is not run]
        far = len(others) > 1 and error >= self.apart * float(np.median(others))
        return run.result.diverged or far or error >= run.mean_face_error

    def _lost(self, run: StoredRun, sound: Sequence[StoredRun], seeds: int) -> Finding:
        error, limit = float(np.nanmean(run.errors)), run.mean_face_error
        text = f"{run.name}: NME {100 * error:.1f} %; the mean face has {100 * limit:.1f} %"
        price = None
        if sound:
            usual = np.mean([other.errors for other in sound], axis=0)
            text += f", the other seeds {100 * float(np.nanmean(usual)):.1f} %"
            assert run.predictions is not None
            # The mean over seeds is what reports show; this run counts once among them.
            price = mean_difference(
                run.errors / seeds,
                usual / seeds,
                run.predictions.groups,
                how="this run against the other seeds, in the mean over seeds",
            )
        return self._found("diverged", f"{text}.", _AGAIN, price)


def _by_test(runs: Sequence[StoredRun]) -> list[list[StoredRun]]:
    """The runs with finite predictions, by the faces that they were tested on."""
    found: dict[frozenset[bytes], list[StoredRun]] = defaultdict(list)
    for run in runs:
        if run.predictions is not None:
            found[run.tested].append(run)
    return list(found.values())


def _by_real(runs: Sequence[StoredRun]) -> list[list[StoredRun]]:
    """The runs that used real faces, by the dataset that these were drawn from."""
    found: dict[str, list[StoredRun]] = defaultdict(list)
    for run in runs:
        if run.result.n_real and "real" in run.result.data:
            real = run.result.data["real"]
            found[repr([real.get(key) for key in ("name", "faces", "notes")])].append(run)
    return list(found.values())


def _options(choice: Choice) -> str:
    """The options that differ, as the records name them."""
    shown = [path.removeprefix("strategy.") for path in choice.options]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return f"{', '.join(shown[:SHOWN])}{more}"


def _listed(names: Mapping[str, None]) -> str:
    return ", ".join(names)
