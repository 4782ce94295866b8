"""Pictures of surfaces: a change is not kept waiting for the fine picture of how it was."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.surfaces import drawing as drawing_module
from brainseg_gui.controllers.surfaces.drawing import SurfaceDrawing
from brainseg_gui.imaging.case import Case
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session
from brainseg_gui.views.surfaces.solid_view import SolidView


@pytest.fixture
def session(qtbot: QtBot, case: Case) -> Session:
    session = Session()
    session.open(case)
    return session


@pytest.fixture
def drawing(qtbot: QtBot, session: Session) -> Iterator[SurfaceDrawing]:
    view = SolidView(session)
    qtbot.addWidget(view)
    parent = QObject()
    made = SurfaceDrawing(session, parent, view)
    yield made
    made.close()


def test_a_change_gives_up_the_fine_picture_that_is_being_drawn(
    qtbot: QtBot, drawing: SurfaceDrawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def picture(*arguments: Any) -> Generator[Progress, None, str]:
        fine = arguments[-1] is None  # only a quick one builds on the one before
        told.append("fine begun" if fine else "quick")
        try:
            while fine:  # it never ends by itself
                yield Progress("drawing", 0.5)
        finally:
            if fine:
                told.append("fine given up")
        yield Progress("drawing", 1.0)
        return "quick picture"

    shown: list[object] = []
    monkeypatch.setattr(drawing_module, "_picture", picture)
    monkeypatch.setattr(drawing, "_on_drawn", shown.append)
    drawing._draw(fine=True)
    qtbot.waitUntil(lambda: told == ["fine begun"])
    drawing._draw(fine=False)
    qtbot.waitUntil(lambda: shown == ["quick picture"] and "fine given up" in told)
    assert told[0] == "fine begun"
    assert told.count("quick") == 1


def test_a_quick_picture_comes_to_its_end_before_the_next(
    qtbot: QtBot, drawing: SurfaceDrawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    def picture(*_: Any) -> Generator[Progress, None, int]:
        nonlocal count
        count += 1
        yield Progress("drawing", 0.5)
        return count

    shown: list[object] = []
    monkeypatch.setattr(drawing_module, "_picture", picture)
    monkeypatch.setattr(drawing, "_on_drawn", shown.append)
    for _ in range(5):  # of a stream of changes the first is seen, and the newest
        drawing._draw(fine=False)
    qtbot.waitUntil(lambda: len(shown) == 2)
    assert shown == [1, 2]
