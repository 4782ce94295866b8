"""A short day in the real window, in a process of its own: what `make soak` does in an hour, in three minutes.

PySide6 6.12.0 on Python 3.11 lost references to ``True`` at every repaint and then aborted the interpreter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.soak.__main__ import TOO_SHORT

ROOT = Path(__file__).resolve().parents[2]
MINUTES, VISITS = 3, 6  # whichever comes first: six visits on a quiet computer, fewer on a busy one
TO_THE_END_S = 420  # what was begun within the three minutes, and a last look at what is left


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.timeout(60 * MINUTES + TO_THE_END_S + 60)
def test_a_day_leaves_nothing_behind(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    length = ["--minutes", str(MINUTES), "--visits", str(VISITS), "--cases", "4", "--small", "--seed", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", *length, "--output", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=60 * MINUTES + TO_THE_END_S,
    )
    print(done.stdout)
    if done.returncode == TOO_SHORT:
        pytest.skip(f"the computer is too busy for a day of {MINUTES} minutes")
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    samples = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text("utf-8").splitlines()]
    assert samples[-1]["visits"] >= 3
    record_property("memory at the end, MB", samples[-1]["window_mb"])
    assert "slices" in (tmp_path / "verdict.txt").read_text("utf-8")
