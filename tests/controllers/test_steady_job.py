"""Under a stream of wishes there is an answer after each piece of work, and the last wish is always carried out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.jobs.steady_job import SteadyJob
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session

Work = Generator[Progress, None, str]


@pytest.fixture
def steady(qtbot: QtBot) -> Iterator[SteadyJob]:
    parent = QObject()
    made = SteadyJob(Session(), parent)
    yield made
    made.close()


def _begin(name: str, begun: list[str], then: Callable[[], object] = lambda: None) -> Callable[[], Work]:
    """Notes when it is begun; `then` is called in the thread."""

    def work() -> Work:
        yield Progress(name, 0.0)
        then()
        return name

    def begin() -> Work:
        begun.append(name)
        return work()

    return begin


def test_what_runs_is_answered_then_the_newest_wish_is_begun(qtbot: QtBot, steady: SteadyJob) -> None:
    begun: list[str] = []
    answers: list[str] = []
    for name in ("first", "second", "third"):
        steady.wish(_begin(name, begun), answers.append)
    assert begun == ["first"], "the others read what is there when it is their turn"
    assert steady.running
    qtbot.waitUntil(lambda: not steady.running)
    assert begun == answers == ["first", "third"]


def test_an_answer_may_wish_for_more(qtbot: QtBot, steady: SteadyJob) -> None:
    begun: list[str] = []
    answers: list[str] = []

    def once_more(answer: str) -> None:
        answers.append(answer)
        steady.wish(_begin("again", begun), answers.append)

    steady.wish(_begin("first", begun), once_more)
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert answers == ["first", "again"]


def test_after_a_failure_the_next_wish_is_begun(qtbot: QtBot, steady: SteadyJob) -> None:
    told: list[str] = []

    def fail() -> None:
        raise RuntimeError("broken")

    steady.wish(_begin("first", told, fail), told.append, lambda: told.append("failed"))
    steady.wish(_begin("second", told), told.append)
    qtbot.waitUntil(lambda: not steady.running)
    assert told == ["first", "failed", "second", "second"]


def test_what_was_given_up_is_not_answered(qtbot: QtBot, steady: SteadyJob) -> None:
    begun: list[str] = []
    answers: list[str] = []
    steady.wish(_begin("first", begun), answers.append)
    steady.wish(_begin("second", begun), answers.append)
    steady.stop()
    assert not steady.running
    steady.wish(_begin("third", begun), answers.append)
    qtbot.waitUntil(lambda: not steady.running)
    assert answers == ["third"]
