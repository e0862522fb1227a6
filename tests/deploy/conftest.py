"""Where things are, and what the tests of this folder are given.

TRAILWARDEN_BINARY is the binary under test, LOCALSTACK_ENDPOINT a LocalStack with trailwarden's additions, TRAILWARDEN_CALLS the
calls that the binary knows, by service (JSON); tests/system/deploy.rs sets all three.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BINARY = os.environ["TRAILWARDEN_BINARY"]
TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="session")
def tool():
    """Runs a tool of this environment to its end, at the root of the repository; answers what it printed, where it fails with what it said."""

    def run(name, *arguments, expect=0):
        command = [TOOLS / name, *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == expect, f"{name}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + (done.stderr if expect else "")

    return run


@pytest.fixture(scope="session")
def trailwarden():
    """Runs the binary to its end with nothing of this environment; answers exit code and output."""

    def run(*arguments, variables=None):
        command = [BINARY, *map(str, arguments)]
        done = subprocess.run(command, env=variables or {}, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return run
