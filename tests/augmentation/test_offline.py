"""Importing the package asks no server and changes no setting of OpenCV or torch."""

import subprocess
import sys

IMPORT = """
import socket
import urllib.request

def refuse(*_, **__):
    raise SystemExit("the network was asked")

urllib.request.OpenerDirector.open = refuse
socket.socket.connect = refuse

import cv2
import torch

def settings():
    return cv2.getNumThreads(), cv2.useOptimized(), cv2.ocl.useOpenCL(), torch.get_num_threads()

cv2.setNumThreads(3)
before = settings()
import landmarks
import landmarks.augmentation, landmarks.experiment.run, landmarks.inference.detector
assert settings() == before
"""


def test_importing_the_package_needs_no_network_and_sets_nothing_global():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
