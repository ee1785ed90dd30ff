"""Sweeps with the other launchers: real ones, started by the command that a user types."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.plugins import Plugins

from landmarks.cli.hydra_command import CONFIGS
from tests.waiting import PATIENCE, wait_until

SMALL = [
    "data=toy",
    "schedule=tiny",
    "data.synthetic.count=24",
    "data.real.count=30",
    "data.test.count=12",
    "model.network.widths=[8,16,16,16,16]",
]
PRETRAIN = "pretrain"
SHARING = ["strategy=label_adaptation,mixing"]


def environment(**more):
    """What a user's shell has; how many threads a job takes is the launcher's to say."""
    without = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    return {**without, "TQDM_DISABLE": "1", **more}


@contextmanager
def started(folder, *words, env=None):
    """A sweep that runs; nothing of it is left at the end."""
    swept = subprocess.Popen(
        [sys.executable, "-m", "landmarks.train", "-m", *SMALL, *words],
        cwd=folder,
        env=env or environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with swept:
        try:
            yield swept
        finally:
            with suppress(ProcessLookupError):
                os.killpg(swept.pid, signal.SIGKILL)


def finished(swept):
    stdout, stderr = swept.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(swept.args, swept.returncode, stdout, stderr)


def sweep(folder, *words, env=None):
    with started(folder, *words, env=env) as swept:
        return finished(swept)


def results(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("result.json"))]


def pretraining(folder):
    """Whether each run found its pretraining made; and the number of products."""
    runs = results(folder)
    products = {
        step["artifact"] for run in runs for step in run["steps"] if step["name"] == PRETRAIN
    }
    return sorted(run["timings"]["steps"][PRETRAIN]["reused"] for run in runs), len(products)


@pytest.fixture(scope="module")
def in_processes(tmp_path_factory):
    """A sweep in two processes of which one run of each strategy must fail."""
    folder = tmp_path_factory.mktemp("joblib")
    words = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "n_real=10,5000", *SHARING]
    return folder, sweep(folder, *words)


def test_processes_of_a_sweep_compute_shared_steps_once(in_processes):
    folder, swept = in_processes
    assert "Joblib.Parallel(n_jobs=2,backend=loky" in swept.stdout
    assert pretraining(folder) == ([False, True], 1)


def test_processes_of_a_sweep_share_the_cores(in_processes):
    folder, _ = in_processes
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    assert [run["timings"]["machine"]["threads"] for run in results(folder)] == 2 * [threads]


def test_failed_runs_do_not_stop_the_others_and_are_listed(in_processes):
    folder, swept = in_processes
    assert swept.returncode == 2, swept.stderr
    assert [run["n_real"] for run in results(folder)] == [10, 10]
    assert "2 of 4 runs failed" in swept.stdout
    assert swept.stdout.count("n_real is 5000; it must be a whole number from 0 to 30") == 2
    assert "Traceback" not in swept.stderr


@pytest.mark.parametrize(
    ("launcher", "kind"),
    [
        ("joblib", "JoblibLauncher"),
        ("ray", "RayLauncher"),
        ("ray_cluster", "RayLauncher"),
        ("slurm", "SlurmLauncher"),
        ("submitit_local", "LocalLauncher"),
        ("submitit_slurm", "SlurmLauncher"),
    ],
)
def test_every_launcher_is_created_from_its_yaml(launcher, kind):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        cfg = compose("train", [f"hydra/launcher={launcher}"], return_hydra_config=True)
    made = Plugins.instance().instantiate_launcher(
        hydra_context=None, task_function=lambda _: None, config=cfg
    )
    assert type(made).__name__ == kind


def test_a_missing_launcher_is_reported_in_one_line(tmp_path):
    hidden = tmp_path / "hydra_plugins" / "hydra_joblib_launcher"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").touch()
    env = environment(PYTHONPATH=str(tmp_path))
    swept = sweep(tmp_path, "hydra/launcher=joblib", env=env)
    assert swept.returncode == 2
    (line,) = swept.stderr.splitlines()
    assert "hydra/launcher is 'joblib'; allowed are" in line


@pytest.mark.slow
def test_a_sweep_through_submitits_local_executor(tmp_path):
    swept = sweep(
        tmp_path, "hydra/launcher=submitit_local", "n_real=10", "machine.threads=1", *SHARING
    )
    assert swept.returncode == 0, swept.stderr
    assert pretraining(tmp_path) == ([False, True], 1)


SBATCH = r"""#!/bin/bash
# Stands in for Slurm: starts every job of an array at once, on this host.
cp "${@: -1}" submission.sh
last=$(sed -n 's/^#SBATCH --array=0-\([0-9]*\)%.*/\1/p' submission.sh)
for i in $(seq 0 "$last"); do
    export SLURM_JOB_ID=$((7 + i)) SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=$i SLURM_NTASKS=1
    export SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_JOB_NUM_NODES=1
    export SLURM_CPUS_PER_TASK=1
    SLURM_JOB_NODELIST=$(hostname) bash submission.sh > "job_$i.log" 2>&1 &
done
echo Submitted batch job 7
"""

SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do [[ $1 == --output ]] && shift; shift; done
exec "$@"
"""

SACCT = "#!/bin/bash\nexit 1\n"  # as where Slurm keeps no accounts


@pytest.mark.slow
def test_a_sweep_through_slurm_asks_for_what_a_run_needs(tmp_path):
    """By stand-ins for Slurm's commands: what submitit hands over, and that it runs."""
    for name, text in (("sbatch", SBATCH), ("srun", SRUN), ("sacct", SACCT)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    env = environment(PATH=f"{tmp_path}:{os.environ['PATH']}")
    words = ["hydra/launcher=slurm", "hydra.launcher.partition=fast", "n_real=10", *SHARING]
    swept = sweep(tmp_path, *words, env=env)
    assert swept.returncode == 0, swept.stderr
    assert pretraining(tmp_path) == ([False, True], 1)
    assert [run["timings"]["machine"]["threads"] for run in results(tmp_path)] == [1, 1]
    asked = (tmp_path / "submission.sh").read_text().splitlines()
    for line in (
        "--array=0-1%2",
        "--partition=fast",
        "--gpus-per-node=1",
        "--cpus-per-task=4",
        "--time=240",
        "--signal=USR2@120",
        "--requeue",
    ):
        assert f"#SBATCH {line}" in asked


@pytest.fixture(scope="module")
def ray_starts():
    """Skip where Ray cannot start, which needs ports, shared memory and some gigabytes."""
    script = "import ray; ray.init(num_cpus=1, include_dashboard=False, address='local')"
    try:
        tried = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip("Ray does not start here within two minutes")
    if tried.returncode:
        pytest.skip(f"Ray does not start here: {tried.stderr.strip().splitlines()[-1]}")


@pytest.mark.slow
@pytest.mark.usefixtures("ray_starts")
def test_a_sweep_on_ray_resumes_the_run_of_a_killed_process(tmp_path):
    with started(
        tmp_path,
        "hydra/launcher=ray",
        "+hydra.launcher.ray.init={address: local, num_cpus: 2, include_dashboard: false}",
        "n_real=10",
        "schedule.train.steps=200",
        "machine.checkpoint_seconds=0",
        *SHARING,
    ) as swept:
        os.kill(maker_with_a_checkpoint(tmp_path), signal.SIGKILL)
        done = finished(swept)
    assert done.returncode == 0, done.stderr
    assert pretraining(tmp_path) == ([False, True], 1)
    runs = results(tmp_path)
    assert [run["timings"]["steps"][PRETRAIN]["continued"] for run in runs] == [True, True]
    assert [run["timings"]["machine"]["threads"] for run in runs] == [1, 1]


def maker_with_a_checkpoint(folder: Path) -> int:
    """The process that is at the pretraining, once there is something to continue."""
    pattern = "outputs/artifacts/*.partial/checkpoint.safetensors"
    checkpoint, *_ = wait_until(lambda: list(folder.glob(pattern)), "a checkpoint")
    return int(checkpoint.parent.name.split("-")[1])
