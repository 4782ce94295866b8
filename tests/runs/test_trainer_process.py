"""A trainer's process is told from every other one that ever has its id."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brainseg_gui.faults.process_mark import since_of
from brainseg_gui.runs import trainer_process
from brainseg_gui.runs.trainer_process import is_alive, is_certain, kill

RUN = Path("/runs/one")
WAITS = "import sys; print('here', flush=True); sys.stdin.read()"


@pytest.fixture
def begin() -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """A function that starts a process which waits until it is killed."""
    begun: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        words = [WAITS, "-m", "training", str(RUN)]
        begun.append(subprocess.Popen([sys.executable, "-c", *words], stdin=pipe, stdout=pipe, text=True))
        assert begun[-1].stdout.readline() == "here\n"
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def test_the_beginning_of_a_process_stays_and_is_its_own(begin: Callable[[], subprocess.Popen[str]]) -> None:
    pid = begin().pid
    since = since_of(pid)
    assert since
    assert since_of(pid) == since
    assert since != since_of(os.getppid())
    assert is_alive(pid, since)
    assert is_certain(pid, since)


def test_another_process_with_the_same_id_is_not_taken_for_it(begin: Callable[[], subprocess.Popen[str]]) -> None:
    process = begin()
    boot, ticks = since_of(process.pid).split()
    for earlier in (f"{boot} {int(ticks) - 1}", f"{'0' * len(boot)} {ticks}"):  # an id, or a whole start, used again
        assert not is_alive(process.pid, earlier)
        assert not is_certain(process.pid, earlier)
        assert not kill(process.pid, earlier, RUN)
    assert process.poll() is None


def test_without_a_beginning_the_id_decides_but_nothing_is_certain(begin: Callable[[], subprocess.Popen[str]]) -> None:
    process = begin()
    assert is_alive(process.pid)
    assert not is_certain(process.pid, "")
    assert not kill(process.pid, "", RUN)
    assert process.poll() is None


def test_where_the_beginning_cannot_be_found_out_the_id_decides(
    begin: Callable[[], subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = begin().pid
    since = since_of(pid)
    monkeypatch.setattr(trainer_process, "since_of", lambda pid: "")
    assert is_alive(pid, since)
    assert not is_certain(pid, since)


@pytest.mark.parametrize("way", ["descriptor", "id"])
def test_kill_ends_the_process_and_waits_for_that(
    way: str, begin: Callable[[], subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "id":
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    process = begin()
    since = since_of(process.pid)
    assert kill(process.pid, since, RUN)
    assert not is_alive(process.pid, since)
    assert process.wait(10) == -9
    assert not kill(process.pid, since, RUN)


@pytest.mark.parametrize("pid", [None, "7", True, 0, -1, 10**30])
def test_what_is_no_id_is_no_process(pid: object) -> None:
    assert not is_alive(pid)
    assert not is_certain(pid, "anything")
