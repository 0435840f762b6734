"""A handful of delivery schedules on every run; `python tests/schedules.py` runs a hundred."""

import subprocess
import sys
from pathlib import Path


def test_whatever_arrives_how_the_increments_equal_a_rebuild():
    script = Path(__file__).with_name("schedules.py")
    ran = subprocess.run(
        [sys.executable, script, "--seeds", "0-9"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert "10 of 10 schedules equal a rebuild" in ran.stdout, ran.stdout
