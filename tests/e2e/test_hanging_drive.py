"""A drive that went away: whatever reads from it hangs in the system, and nothing else does."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation import case_list
from brainseg_gui.annotation.case_list import NAME, CaseState, read_entries
from brainseg_gui.app import Application
from brainseg_gui.controllers.layers import case_states
from brainseg_gui.controllers.shell.features.core_features import CASE_STATES, FILES

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")

ROOT = Path(__file__).resolve().parents[2]

# Reads a case whose drive hangs as a job of the window does, cancels it, and ends.
_CHILD = """
import os, sys, threading
from functools import partial
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.imaging.formats import image_stream
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case

folder, pipe = sys.argv[1:]
source = find_case(Path(folder))
image_stream._without_waiting = lambda name, flags: os.open(pipe, os.O_RDONLY)
application = QCoreApplication([])
job = Job(read_case(source), application)
job.cancelled.connect(application.quit)
QTimer.singleShot(300, job.cancel)
job.start()
application.exec()
stuck = [thread.name for thread in threading.enumerate() if thread.name.startswith("read")]
print(len(stuck), flush=True)
"""


class Drive:
    """A drive whose files cannot be opened until it comes back: opening one blocks in the system, uninterruptibly."""

    def __init__(self, pipe: Path) -> None:
        self._pipe, self.asked = pipe, threading.Event()
        os.mkfifo(pipe)

    def open(self, *_arguments: Any) -> int:
        """Hang until `come_back`, then fail."""
        self.asked.set()
        os.close(os.open(self._pipe, os.O_RDONLY))
        raise OSError(5, "Input/output error")

    def come_back(self) -> None:
        """Let every call that hangs end."""
        while any(thread.name.startswith(("read", "look", "write")) for thread in threading.enumerate()):
            with suppress(OSError):
                os.close(os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK))
            threading.Event().wait(0.01)


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    """A drive that comes back at the end of the test."""
    drive = Drive(tmp_path / "pipe")
    yield drive
    drive.come_back()


@pytest.mark.parametrize("where", ["brainseg_gui.imaging.formats.image_stream._without_waiting", "os.scandir"])
def test_opening_a_case_can_be_cancelled(
    qtbot: QtBot,
    application: Application,
    drive: Drive,
    toy_case: Any,
    tmp_path: Path,
    open_paths: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    good = toy_case(tmp_path, case_id="Good")
    open_paths(application, good)
    gone = toy_case(tmp_path, case_id="Gone")
    ticks: list[None] = []
    clock = QTimer(interval=1)
    clock.timeout.connect(lambda: ticks.append(None))
    with monkeypatch.context() as patched:
        patched.setattr(where, drive.open)
        application.controllers[FILES].open_paths([gone])
        qtbot.waitUntil(drive.asked.is_set, timeout=30_000)
        clock.start()
        qtbot.waitUntil(lambda: len(ticks) > 50, timeout=30_000)  # the window answers
        assert application.session.opening.running

        application.controllers[FILES].cancel()
        qtbot.waitUntil(lambda: not application.session.opening.running, timeout=30_000)
    assert application.session.case.case_id == "Good"
    assert application.session.notice is None or not application.session.notice.problem

    open_paths(application, toy_case(tmp_path, case_id="Other"))  # while the threads of before still hang
    assert application.session.case.case_id == "Other"
    assert any(thread.name.startswith(("read", "look")) for thread in threading.enumerate())


@pytest.fixture
def cohort(
    application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None], qtbot: QtBot
) -> Path:
    for name in ("A", "B"):
        toy_case(tmp_path / "cohort", case_id=name)
    open_paths(application, tmp_path / "cohort")
    qtbot.waitUntil(lambda: application.session.case_states.path is not None, timeout=30_000)
    return tmp_path / "cohort"


def longest_pause(qtbot: QtBot, deeds: Iterator[None]) -> float:
    """Seconds between two turns of the event loop while deeds are done, one per turn; and some turns more."""
    turns: list[float] = []
    clock = QTimer(interval=1)
    clock.timeout.connect(lambda: (turns.append(time.perf_counter()), next(deeds, None)))
    clock.start()
    qtbot.waitUntil(lambda: len(turns) > 60, timeout=20_000)
    clock.stop()
    return max(after - before for before, after in itertools.pairwise(turns))


def test_the_list_of_cases_hangs_and_the_window_does_not(
    qtbot: QtBot, application: Application, cohort: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = application.controllers[CASE_STATES]

    def deeds() -> Iterator[None]:
        for _ in range(20):
            QApplication.sendEvent(application.window, QEvent(QEvent.Type.WindowActivate))
            yield
        for state in (CaseState.DONE, CaseState.IN_WORK, CaseState.DONE):
            states.set_state("A", state)
            yield

    monkeypatch.setattr(case_states, "_SLOW_MS", 1)
    states._slow.setInterval(50)
    with monkeypatch.context() as patched:
        patched.setattr(case_list, "open_derived", drive.open)
        assert longest_pause(qtbot, deeds()) < 1.0
        assert drive.asked.is_set()
        hanging = [thread.name for thread in threading.enumerate() if thread.name in ("read list", "write list")]
        assert sorted(hanging) == ["read list", "write list"]  # twenty activations, one read
        assert application.session.case_states.of("A").state is CaseState.DONE  # as it will be
        qtbot.waitUntil(lambda: "still being written" in application.window.notice.text, timeout=30_000)
    drive.come_back()
    qtbot.waitUntil(lambda: not states._changes and not states._reading.running, timeout=20_000)
    qtbot.waitUntil(lambda: (cohort / NAME).exists(), timeout=30_000)
    assert read_entries(cohort / NAME)["A"].state is CaseState.DONE


def test_the_window_closes_while_the_list_hangs(
    application: Application, cohort: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_states, "_AT_THE_END_S", 0.3)
    with monkeypatch.context() as patched:
        patched.setattr(case_list, "open_derived", drive.open)
        application.controllers[CASE_STATES].set_state("A", CaseState.DONE)
        drive.asked.wait(10)
        application.leave()
        assert any(thread.name == "write list" for thread in threading.enumerate())  # nobody waited for the drive


def test_what_is_being_written_is_written_before_the_window_closes(application: Application, cohort: Path) -> None:
    for state in (CaseState.IN_WORK, CaseState.FLAGGED, CaseState.DONE):
        application.controllers[CASE_STATES].set_state("B", state)
    application.leave()
    assert read_entries(cohort / NAME)["B"].state is CaseState.DONE


def test_a_stuck_thread_does_not_keep_the_program_from_ending(toy_case: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-c", _CHILD, str(toy_case(tmp_path)), str(tmp_path / "pipe")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) == 4  # every modality hung, and none was waited for
