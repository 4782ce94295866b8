"""Small changes on their way to the disk: in order, each once, also where the program ends meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.keeper import Keeper
from brainseg_gui.state.session import Session


class Shelf:
    """A home that can be slow, and can refuse."""

    def __init__(self) -> None:
        self.changes: list[Any] = []
        self.free = Event()
        self.free.set()
        self.refuses = False

    def append(self, changes: Sequence[Any]) -> None:
        self.free.wait(10)
        if self.refuses:
            raise OSError(28, "No space left on device")
        self.changes += changes


@pytest.fixture
def keeper(qapp: Any) -> Iterator[Keeper]:
    parent = QObject()
    yield Keeper(Session(), parent, "Notes")
    del parent


def test_changes_of_several_homes_are_kept_in_order(keeper: Keeper, qtbot: QtBot) -> None:
    one, two = Shelf(), Shelf()
    for home, change in ((one, 1), (one, 2), (two, 3), (one, 4)):
        keeper.keep(home, change)
    qtbot.waitUntil(lambda: keeper.is_written)
    assert (one.changes, two.changes) == ([1, 2, 4], [3])


def test_the_end_of_the_program_keeps_every_change_once(keeper: Keeper) -> None:
    """Whatever of the thread's answers was not heard yet."""
    shelf = Shelf()
    shelf.free.clear()
    keeper.keep(shelf, 1)
    keeper.keep(shelf, 2)
    shelf.free.set()
    keeper.close()
    assert shelf.changes == [1, 2]
    assert keeper.is_written


def test_what_is_refused_waits_and_is_said_once(keeper: Keeper, qtbot: QtBot) -> None:
    shelf = Shelf()
    shelf.refuses = True
    keeper.keep(shelf, 1)
    qtbot.waitUntil(lambda: keeper._session.notice is not None)
    assert "Notes cannot be kept now (No space left" in keeper._session.notice.what
    shelf.refuses = False
    keeper.keep(shelf, 2)
    qtbot.waitUntil(lambda: keeper.is_written)
    assert shelf.changes == [1, 2]


def test_a_drive_that_hangs_is_not_waited_for_and_nothing_is_written_twice(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wait = Job.wait
    monkeypatch.setattr(Job, "wait", lambda job, milliseconds=50: wait(job, milliseconds))
    shelf = Shelf()
    shelf.free.clear()
    keeper.keep(shelf, 1)
    keeper.keep(shelf, 2)
    job = keeper._job
    assert job is not None
    keeper.close()
    assert "the drive does not answer" in caplog.text
    shelf.free.set()
    assert wait(job)
    assert shelf.changes == [1]
