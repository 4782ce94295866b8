"""Of many wishes only the newest is answered, and none after the end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.jobs.job import Job
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session


def work(name: str, ran: list[str]) -> Generator[Progress, None, str]:
    ran.append(name)
    yield Progress(name, 0.0)
    return name


@pytest.fixture
def newest(qtbot: QtBot) -> Iterator[LatestJob]:
    parent = QObject()
    made = LatestJob(Session(), parent)
    yield made
    made.close()


def test_only_the_last_of_several_wishes_is_carried_out(qtbot: QtBot, newest: LatestJob) -> None:
    ran: list[str] = []
    answers: list[Any] = []
    for name in ("first", "second", "third"):
        newest.start(work(name, ran), answers.append)
    qtbot.waitUntil(lambda: not newest.running)
    assert ran == answers == ["third"]


def test_what_fails_is_said_and_told(qtbot: QtBot, newest: LatestJob) -> None:
    told: list[str] = []

    def fails() -> Generator[Progress, None, None]:
        yield Progress("failing", 0.0)
        raise RuntimeError("broken")

    newest.start(fails(), told.append, lambda: told.append("failed"))
    qtbot.waitUntil(lambda: not newest.running)
    assert told == ["failed"]
    assert newest._session.notice is not None
    assert newest._session.notice.problem


def test_a_wish_after_the_end_is_not_begun(newest: LatestJob) -> None:
    """A save that ends while the program does still tells that a layer changed."""
    ran: list[str] = []
    newest.close()
    newest.start(work("late", ran), ran.append)
    assert not newest.running
    assert not newest._soon.isActive()
    assert newest.findChildren(Job) == []
    assert ran == []
