"""Marks by which a process is known again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from brainseg_gui.faults import process_mark
from brainseg_gui.faults.process_mark import has_ended, since_of, start_mark


def stat_line(name: str, state: str, ticks: int) -> str:
    """``/proc/PID/stat`` up to the field 22 of proc(5), the start."""
    return f"41 ({name}) {state} {' '.join(str(n) for n in range(4, 22))} {ticks} 23 24"


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up ``/proc`` with one process."""
    (tmp_path / "41").mkdir()
    (tmp_path / "self").mkdir()
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "self/stat").touch()
    (tmp_path / "sys/kernel/random/boot_id").write_text("a boot\n")
    monkeypatch.setattr(process_mark, "_PROC", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["python", "a name) with (brackets) Z 1"])
def test_the_mark_is_the_boot_and_the_ticks(proc: Path, name: str) -> None:
    (proc / "41/stat").write_text(stat_line(name, "S", 7700))
    assert since_of(41) == start_mark(41) == "a boot 7700"
    assert not has_ended(41)


@pytest.mark.parametrize("state", ["Z", "X"])
def test_what_has_ended_has_a_beginning_but_no_mark(proc: Path, state: str) -> None:
    (proc / "41/stat").write_text(stat_line("python", state, 7700))
    assert has_ended(41)
    assert since_of(41) == "a boot 7700"
    assert start_mark(41) == ""


def test_what_is_not_there_has_no_mark(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("where there is /proc, ps is not asked"))
    assert (since_of(42), start_mark(42), has_ended(42)) == ("", "", False)
    (proc / "41/stat").write_text("41 (python) S 1")  # cut off
    assert since_of(41) == ""


def test_a_real_process_that_ends_and_is_not_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        mark = start_mark(process.pid)
        assert mark
        assert mark not in (start_mark(os.getpid()), start_mark(os.getppid()))
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, and its id still taken
        assert has_ended(process.pid)
        assert start_mark(process.pid) == ""


def test_a_system_without_proc_asks_ps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ps").write_text('#!/bin/sh\n[ "$*" = "-o lstart= -p 41" ] && echo "Sun Nov  1 10:20:30 2026 "\n')
    (tmp_path / "ps").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(process_mark, "_PROC", tmp_path / "none")
    assert since_of(41) == "Sun Nov 1 10:20:30 2026"
    assert since_of(42) == ""
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert since_of(41) == ""
