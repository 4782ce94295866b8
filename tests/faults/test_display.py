"""The display goes away under the window: the journal has everything, nothing is left, and the next start tells."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Program


@pytest.fixture
def display() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """An X server of the test alone, and its name."""
    if shutil.which("Xvfb") is None:
        pytest.skip("there is no Xvfb")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as stream:
            number = stream.readline().strip()
        if not number:
            pytest.skip("no X server can be started here")
        yield server, f":{number}"
        server.kill()


def test_a_window_whose_display_goes_away_loses_nothing(
    program: Callable[..., Program],
    folder: Path,
    home: Path,
    display: tuple[subprocess.Popen[bytes], str],
    log_of: Callable[[], str],
    tmp_path: Path,
) -> None:
    server, name = display
    one = program("paint", folder, env={"QT_QPA_PLATFORM": "xcb", "DISPLAY": name}, cwd=tmp_path)
    one.said()
    server.send_signal(signal.SIGKILL)
    code = one.end(timeout_s=30)
    assert code == 1
    assert len(list((home / ".local/share/brainseg/journals").glob("*.journal"))) == 1
    assert not [path for path in tmp_path.rglob("core*") if path.is_file()]
    two = program("offered", folder)
    told = two.said()
    assert told["said"].startswith("brainseg ended unexpectedly last time (the connection to the display broke). ")
    assert "There is unsaved work on this case: 1 edit" in told["said"]  # a word on the labels may come between
    assert "Doe" not in log_of()
