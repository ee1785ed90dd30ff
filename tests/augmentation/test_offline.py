"""Offline: nothing asks the network by being imported."""

import subprocess
import sys

IMPORT = """
import urllib.request

def refuse(*_, **__):
    raise SystemExit("the network was asked")

urllib.request.OpenerDirector.open = refuse
import landmarks.augmentation, landmarks.experiment.run, landmarks.inference.detector
"""


def test_the_package_is_imported_without_the_network():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
