"""What a case leaves behind goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.controllers.annotating.hand.brush_tool import BrushTool
from brainseg_gui.controllers.annotating.hand.copy_source import CopySource
from brainseg_gui.controllers.shell import memory
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.controllers.shell.memory import MemoryController
from brainseg_gui.imaging.case import Case
from brainseg_gui.state.annotating.tools import Tool
from tests.controllers.conftest import FakeEngine, Parts


class Library:
    """Writes down what it is asked to do."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[int, ...]]] = []

    def mallopt(self, *words: int) -> None:
        self.asked.append(("mallopt", words))

    def malloc_trim(self, *words: int) -> None:
        self.asked.append(("malloc_trim", words))


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library()
    monkeypatch.setattr(memory, "_glibc", lambda: made)
    monkeypatch.setattr(memory, "_AT_REST_MS", 1)
    return made


def test_pages_go_back_once_after_a_case_is_open_and_not_at_its_preview(
    parts: Parts, library: Library, folder: Path, read: Callable[[Path], Case], qtbot: QtBot
) -> None:
    controller = MemoryController(*parts)
    assert library.asked == [("mallopt", words) for words in ((-3, 2 * 2**20), (-1, 64 * 2**20), (-8, 4))]
    library.asked.clear()
    case = read(folder)
    parts.session.preview(case)
    assert not controller._work.running
    parts.session.open(case)
    qtbot.waitUntil(lambda: not controller._work.running, timeout=30_000)
    assert library.asked == [("malloc_trim", (0,))]
    controller.close()


def test_without_glibc_nothing_is_done(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, folder: Path, read: Callable[[Path], Case]
) -> None:
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    controller = MemoryController(*parts)
    parts.session.open(read(folder))
    assert not controller._work.running
    controller.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux's")
def test_this_library_knows_what_it_is_asked() -> None:
    library = memory._glibc()
    if library is None:
        pytest.skip("not glibc")
    assert isinstance(library, ctypes.CDLL)
    assert library.mallopt(-3, 2 * 2**20) == 1
    assert library.malloc_trim(0) in (0, 1)


def test_neither_segmenting_nor_copying_holds_a_case_that_was_left(
    parts: Parts, engine: FakeEngine, folder: Path, read: Callable[[Path], Case], qtbot: QtBot
) -> None:
    session = parts.session
    controller = core_controllers.segment(parts, engine)
    controller.find_models()
    controller.findChild(QTimer).stop()  # no warm start during the test
    session.open(read(folder))
    controller.segment()
    engine.gate.open(3)
    qtbot.waitUntil(lambda: len(session.layers) == 2, timeout=30_000)
    source = CopySource(session)
    brush = BrushTool(session, Tool.COPY, source)
    session.annotating.begin(Annotation(session.layers.reference.labels), session.layers.reference)
    assert source.take(session.layers.prediction)

    left = [weakref.ref(session.case), weakref.ref(session.layers.prediction)]
    engine.cases.clear()
    brush.forget()  # as the window does when another case comes
    session.open(read(folder))

    def gone() -> bool:
        gc.collect()
        return [thing() for thing in left] == [None, None]

    qtbot.waitUntil(gone, timeout=30_000)  # the row of the layer is deleted by the event loop
    controller.close()
