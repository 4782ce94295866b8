"""The program does not use the network: a day without one, and every process listened to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.conftest import Program

DAY = Path(__file__).with_name("day.py")
AUDIT = Path(__file__).with_name("audit")
WITHOUT = ["unshare", "--user", "--map-root-user", "--net", "--"]


def _cut_off() -> list[str]:
    """What starts a command in a network namespace that holds nothing, not even a loopback that is up."""
    if shutil.which("unshare") is None:
        return []
    return WITHOUT if subprocess.run([*WITHOUT, "true"], capture_output=True).returncode == 0 else []


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.timeout(600)
def test_a_day_without_a_network_and_without_asking_for_one(
    environment: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    """Audit events are Python's; the namespace holds for native libraries, TensorFlow's among them, too."""
    heard = tmp_path / "heard"
    given = environment | {"BRAINSEG_TEST_NETWORK": str(heard), "PYTHONPATH": str(AUDIT)}
    (tmp_path / "day").mkdir()
    command = [*_cut_off(), sys.executable, "-P", str(DAY), str(folder), str(tmp_path / "day")]
    day = Program(command, env=given)
    told = day.said()
    assert day.end() == 0, day.errors
    assert told["done"] == [
        "opened",
        "segmented",
        "compared",
        "training window",
        "training finished",
        "evaluated",
        "rendered",
    ]
    tried = heard.read_text("utf-8").splitlines() if heard.exists() else []
    # urllib3, which Keras imports, looks by this whether the computer knows IPv6: a free port of its own, not used
    assert [line for line in tried if not ("socket.bind" in line and line.endswith("('::1', 0))"))] == []
    started = Path(f"{heard}.processes").read_text("utf-8")
    for name in ("day.py", "brainseg_gui.inference.engine.child", "'training'"):
        assert name in started  # all of them were listened to
    _check_that_nobody_is_named(tmp_path, folder)
    assert not [path for path in Path("/dev/shm").glob("brainseg-*") if str(os.getpid()) in path.name]


def _check_that_nobody_is_named(tmp_path: Path, folder: Path) -> None:
    log = (tmp_path / "home of a person/.local/state/brainseg/log/brainseg.log").read_text("utf-8")
    assert "Doe" not in log
    assert "1951" not in log
    assert str(folder) not in log
    assert "opened <case 1>" in log


def test_the_audit_would_hear_it(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    script = "import socket\ntry: socket.create_connection(('127.0.0.1', 9))\nexcept OSError: pass"
    given = {**os.environ, "BRAINSEG_TEST_NETWORK": str(heard), "PYTHONPATH": str(AUDIT)}
    subprocess.run([sys.executable, "-P", "-c", script], env=given, check=True)
    assert "socket.connect" in heard.read_text("utf-8")


def test_the_namespace_has_no_network() -> None:
    if not (cut_off := _cut_off()):
        pytest.skip("network namespaces are not permitted here; the day above was only listened to")
    script = "import socket; socket.create_connection(('127.0.0.1', 9), 5)"
    done = subprocess.run([*cut_off, sys.executable, "-c", script], capture_output=True, text=True)
    assert "Network is unreachable" in done.stderr or "Cannot assign requested address" in done.stderr
