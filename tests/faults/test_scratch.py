"""Temporary files: whose they are, that only this user reads them, and that none stays."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brainseg_gui.faults import running, scratch
from brainseg_gui.faults.process_guard import guard_process
from brainseg_gui.faults.running import RunningMark, marks_folder, take_endings

_DEAD = "brainseg-{place}-{pid}-{mark}-x"


@pytest.fixture
def dead() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def _names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_what_the_dead_left_is_removed_and_nothing_else(tmp_path: Path, dead: int) -> None:
    place, other = scratch._place(), "0" * 8
    left = tmp_path / f"brainseg-{place}-{dead}-11111111-folder"
    left.mkdir()
    (left / "image").write_bytes(b"x")
    (tmp_path / f"brainseg-{place}-{dead}-11111111-block").write_bytes(b"x")
    reused = tmp_path / f"brainseg-{place}-{os.getpid()}-11111111-number-used-again"
    reused.write_bytes(b"x")
    mine = tmp_path / f"{scratch.prefix()}mine"
    strange = tmp_path / f"brainseg-{other}-{dead}-11111111-of-another-container"
    foreign = tmp_path / "brainseg-notes.txt"
    for path in (mine, strange, foreign):
        path.write_bytes(b"x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"x")
    link = tmp_path / f"brainseg-{place}-{dead}-11111111-link"
    link.symlink_to(outside)
    assert scratch.sweep((tmp_path,)) == 3
    assert set(_names(tmp_path)) == {mine.name, strange.name, foreign.name, link.name, "outside"}
    assert _names(outside) == ["kept"]
    weeks_ago = time.time() - 30 * 86400
    os.utime(strange, (weeks_ago, weeks_ago))
    assert scratch.sweep((tmp_path,)) == 1


_AT_WORK = """
import signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests in the background may ignore them
signal.signal(signal.SIGINT, signal.default_int_handler)
from brainseg_gui import cli
from brainseg_gui.commands import runs
from brainseg_gui.faults import scratch

def work(arguments):
    scratch.words_file()
    try:
        print("at work", flush=True)
        time.sleep(60)
    finally:
        print("tidied up", flush=True)

runs.run = work
sys.exit(cli.main(["runs", "."]))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_process_that_is_asked_to_end_leaves_nothing(tmp_path: Path, name: str, times: int) -> None:
    number = signal.Signals[name]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", _AT_WORK]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        assert _names(tmp_path)
        for _ in range(times):
            process.send_signal(number)
        told, _ = process.communicate(timeout=30)
    assert told == "tidied up\n"
    assert process.returncode == 128 + number
    assert _names(tmp_path) == []


def test_what_nohup_ignores_stays_ignored() -> None:
    script = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from brainseg_gui.faults.process_guard import ending_in_order\n"
        "with ending_in_order():\n    os.kill(os.getpid(), signal.SIGHUP); print('went on')\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "went on\n"


def test_a_process_leaves_no_scratch_folder(tmp_path: Path) -> None:
    script = "from brainseg_gui.faults import scratch as s; p = s.scratch_folder(); print(oct(p.stat().st_mode), p)"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.stdout.startswith(f"0o40700 {tmp_path}/brainseg-"), done.stderr
    assert _names(tmp_path) == []


def test_blocks_are_private_and_named_by_their_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from brainseg_gui.inference.engine import shared_block

    monkeypatch.setattr(shared_block, "FOLDERS", (tmp_path,))
    path, memory = shared_block._reserve(4096)
    assert path.name.startswith(scratch.prefix())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert scratch.sweep((tmp_path,)) == 0
    memory.close()


def test_no_folder_for_temporary_files_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    def none(*_: object, **__: object) -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    monkeypatch.setattr(tempfile, "mkdtemp", none)
    monkeypatch.setattr(tempfile, "TemporaryFile", none)
    monkeypatch.setattr(scratch, "_scratch_folder", scratch._scratch_folder.__wrapped__)
    assert all(folder == scratch.SHARED_MEMORY for folder in scratch.folders())
    assert scratch.environment() == {}
    with scratch.words_file() as stream:
        assert stream.read() == b""


# --- marks of running windows -----------------------------------------------------------------------------------


def test_the_mark_of_a_killed_window_is_told_once(own_folders: Path) -> None:
    script = "import os, brainseg_gui.faults.running as r; m = r.RunningMark(); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", script])
    assert len(list(marks_folder().iterdir())) == 2
    (ending,) = take_endings()
    assert ending.trace == ending.cause == ""
    assert abs(time.time() - ending.since) < 60
    assert take_endings() == ()
    assert _names(marks_folder()) == []


def test_the_mark_of_a_crash_holds_where_it_was(own_folders: Path) -> None:
    script = "import ctypes, brainseg_gui.faults.running as r; m = r.RunningMark(); ctypes.string_at(0)"
    subprocess.run([sys.executable, "-c", script])
    (ending,) = take_endings()
    assert ending.cause == "Segmentation fault"
    assert "in string_at" in ending.trace
    assert "in string_at" in running.last_trace()
    assert stat.S_IMODE(marks_folder().stat().st_mode) == 0o700


def test_a_living_window_and_one_that_ended_are_not_told(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import faulthandler

    before = faulthandler.is_enabled()
    mark = RunningMark()
    assert take_endings() == ()
    assert len(list(marks_folder().iterdir())) == 2
    mark.end()
    if before:
        faulthandler.enable()
    assert take_endings() == ()
    assert _names(marks_folder()) == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff\xfe", b'{"pid": 1e999, "mark": ""}'])
def test_a_damaged_mark_is_removed_without_a_word(own_folders: Path, raw: bytes) -> None:
    marks_folder().mkdir(parents=True)
    (marks_folder() / "1-2.json").write_bytes(raw)
    assert take_endings() == ()
    assert _names(marks_folder()) == []


def test_no_process_leaves_a_core() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        guard_process()
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
