"""A generator on a thread: how it ends, where its signals arrive, and what a cancel stops."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Generator
from typing import Any

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from brainseg_gui.controllers.jobs.job import Job, abandon_jobs, end_jobs
from brainseg_gui.errors import CaseError
from brainseg_gui.progress import Progress

Work = Generator[Progress, None, Any]


class Heard:
    """What a job said, and in which thread."""

    def __init__(self, job: Job) -> None:
        self.events: list[tuple[str, Any]] = []
        self.threads: set[QThread] = set()
        for name in ("progressed", "succeeded", "failed"):
            getattr(job, name).connect(lambda value, name=name: self._hear(name, value))
        job.cancelled.connect(lambda: self._hear("cancelled", None))
        job.finished.connect(lambda: self._hear("finished", None))

    def _hear(self, name: str, value: Any) -> None:
        self.events.append((name, value))
        self.threads.add(QThread.currentThread())

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]


@pytest.fixture
def start(qtbot: QtBot) -> Callable[[Work], tuple[Job, Heard]]:
    parent = QObject()
    jobs: list[Job] = []

    def begin(work: Work) -> tuple[Job, Heard]:
        job = Job(work, parent)
        heard = Heard(job)
        jobs.append(job)
        job.start()
        return job, heard

    begin.parent = parent  # type: ignore[attr-defined]  # it owns the jobs
    return begin


def _three(stop_at: Callable[[], None] = lambda: None) -> Work:
    for number in range(3):
        yield Progress("counting", number / 3, str(number))
        stop_at()
    return "three"


def test_progress_and_then_the_result(qtbot: QtBot, start: Any) -> None:
    worker: list[QThread] = []

    def work() -> Work:
        worker.append(QThread.currentThread())
        return (yield from _three())

    _, heard = start(work())
    qtbot.waitUntil(lambda: "finished" in heard.names)
    assert [value.detail for name, value in heard.events if name == "progressed"] == ["0", "1", "2"]
    assert heard.events[-2:] == [("succeeded", "three"), ("finished", None)]
    assert worker != [QThread.currentThread()]
    assert heard.threads == {QThread.currentThread()}


def test_a_user_error_fails_and_is_not_logged(qtbot: QtBot, start: Any, caplog: pytest.LogCaptureFixture) -> None:
    error = CaseError("it is bad", "Choose a good one")

    def work() -> Work:
        yield Progress("looking", 0.0)
        raise error

    _, heard = start(work())
    qtbot.waitUntil(lambda: "finished" in heard.names)
    assert heard.events[1:] == [("failed", error), ("finished", None)]
    assert heard.threads == {QThread.currentThread()}
    assert caplog.records == []


@pytest.mark.parametrize("error", [RuntimeError("a bug"), MemoryError(), KeyError("x")])
def test_a_bug_fails_and_is_logged_with_its_traceback(
    qtbot: QtBot, start: Any, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def work() -> Work:
        yield Progress("looking", 0.0)
        raise error

    with caplog.at_level(logging.ERROR):
        _, heard = start(work())
        qtbot.waitUntil(lambda: "finished" in heard.names)
    assert heard.names == ["progressed", "failed", "finished"]
    assert heard.events[1][1] is error
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_cancelled_before_it_began(qtbot: QtBot) -> None:
    ran: list[None] = []

    def work() -> Work:
        ran.append(None)
        yield Progress("never", 0.0)

    parent = QObject()
    job = Job(work(), parent)
    heard = Heard(job)
    job.cancel()
    job.start()
    qtbot.waitUntil(lambda: "finished" in heard.names)
    assert heard.names == ["cancelled", "finished"]
    assert ran == []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_cancelled_at_every_yield(qtbot: QtBot, start: Any, gate: Any, place: int) -> None:
    closed: list[int] = []

    def work() -> Work:
        number = -1
        try:
            for number in range(3):
                yield Progress("counting", number / 3, str(number))
                gate.wait()
        except GeneratorExit:
            closed.append(number)
            raise
        return "three"

    job, heard = start(work())
    for number in range(place):
        qtbot.waitUntil(lambda number=number: heard.names.count("progressed") == number + 1)
        gate.open()
    qtbot.waitUntil(lambda: heard.names.count("progressed") == place + 1)
    job.cancel()
    gate.open(3)
    qtbot.waitUntil(lambda: "finished" in heard.names)
    assert heard.names == ["progressed"] * (place + 1) + ["cancelled", "finished"]
    # the worker stood behind the yield of `place`, so it is closed at the next one, or had none left and ended
    assert closed == ([place + 1] if place < 2 else [])


@pytest.mark.parametrize("outcome", ["success", "failure"])
def test_an_answer_that_comes_after_the_cancel_is_not_heard(qtbot: QtBot, start: Any, gate: Any, outcome: str) -> None:
    def work() -> Work:
        yield Progress("last", 1.0)
        gate.wait()
        if outcome == "failure":
            raise CaseError("too late")
        return "too late"

    job, heard = start(work())
    qtbot.waitUntil(lambda: gate.reached == 1)
    job.cancel()
    gate.open()
    qtbot.waitUntil(lambda: "finished" in heard.names)
    assert "succeeded" not in heard.names
    assert "failed" not in heard.names
    assert heard.names[-2:] == ["cancelled", "finished"]


def test_an_answer_on_its_way_is_stopped_by_a_cancel(qtbot: QtBot, start: Any) -> None:
    """The thread is done, its answer waits in the event queue, and the person cancels."""

    def work() -> Work:
        return "done"
        yield

    job, heard = start(work())
    assert job.wait()
    job.cancel()
    qtbot.waitUntil(lambda: "finished" in heard.names)
    assert heard.names == ["cancelled", "finished"]


def test_a_generator_that_fails_while_closing_is_cancelled_all_the_same(
    qtbot: QtBot, start: Any, gate: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def work() -> Work:
        try:
            yield Progress("one", 0.0)
            gate.wait()
            yield Progress("two", 0.5)
        finally:
            raise OSError("cleaning up failed")

    job, heard = start(work())
    qtbot.waitUntil(lambda: gate.reached == 1 and "progressed" in heard.names)
    job.cancel()
    gate.open()
    qtbot.waitUntil(lambda: "finished" in heard.names)
    assert heard.names == ["progressed", "cancelled", "finished"]
    assert len(caplog.records) == 1


def test_a_job_goes_away_when_it_is_done(qtbot: QtBot, start: Any) -> None:
    job, heard = start(_three())
    gone: list[None] = []
    job.destroyed.connect(lambda: gone.append(None))
    qtbot.waitUntil(lambda: gone == [None])
    assert heard.names[-1] == "finished"


def _two_steps(gate: Any, closed: list[str]) -> Work:
    try:
        yield Progress("one", 0.0)
        gate.wait()
        yield Progress("two", 0.5)
    finally:
        closed.append("closed")


def test_a_thread_outlives_the_window_that_its_job_went_with(qtbot: QtBot, gate: Any) -> None:
    """Qt aborts the whole program where the thread would go with it."""
    ended: list[str] = []
    owner = QObject()
    job = Job(_two_steps(gate, ended), owner).start()
    qtbot.waitUntil(lambda: gate.reached == 1)
    job.abandon()
    Shiboken.delete(owner)
    assert not Shiboken.isValid(job)
    gate.open()
    qtbot.waitUntil(lambda: ended == ["closed"])


@pytest.mark.parametrize("given_up", [False, True])
def test_what_runs_for_an_object_is_ended_with_it(qtbot: QtBot, gate: Any, given_up: bool) -> None:
    closed: list[str] = []
    owner = QObject()
    job = Job(_two_steps(gate, closed), owner)
    heard = Heard(job)
    job.start()
    qtbot.waitUntil(lambda: gate.reached == 1 and heard.names == ["progressed"])
    if given_up:
        job.abandon()
    gate.open()
    abandon_jobs(owner)
    assert closed == ["closed"]
    qtbot.wait(10)
    assert heard.names == ["progressed"]
    assert not owner.findChildren(Job)


def test_what_is_written_for_an_object_comes_to_its_end(qtbot: QtBot) -> None:
    def work() -> Work:
        yield Progress("writing", 0.0)
        written.append("all")

    owner, written = QObject(), list[str]()
    Job(work(), owner).start()
    end_jobs(owner)
    assert written == ["all"]


def test_what_hangs_ends_with_the_process_and_aborts_nothing() -> None:
    code = (
        "import time; from PySide6.QtCore import QCoreApplication, QObject;"
        "from brainseg_gui.controllers.jobs.job import Job, abandon_jobs;"
        "app, owner, begun = QCoreApplication([]), QObject(), [];"
        "job = Job((begun.append(1) or time.sleep(600) for _ in range(1)), owner).start();"
        "[time.sleep(0.01) for _ in range(1000) if not begun]; abandon_jobs(owner, 50); print('left', begun)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "left [1]\n", "")


def test_what_was_written_is_told_though_somebody_cancelled(qtbot: QtBot) -> None:
    """The folder is there: “nothing was left behind” would be wrong."""
    parent, heard = QObject(), list[str]()

    def work() -> Work:
        yield Progress("writing", 1.0)
        return "the folder"

    job = Job(work(), parent, writes=True)
    job.succeeded.connect(lambda _: heard.append("succeeded"))
    job.cancelled.connect(lambda: heard.append("cancelled"))
    job.start()
    assert job.wait()
    job.cancel()
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == ["succeeded"]
