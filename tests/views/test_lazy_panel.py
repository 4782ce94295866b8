"""Parts that are made when they are first needed, and the docks that hold them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QMainWindow
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.controllers.shell.features.all_features import ACTIONS, PANELS
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.shell.panel_dock import PanelDock
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

LATE = {
    "Cases",
    "Annotate",
    "Operations",
    "Proposal",
    "Raters",
    "Probabilities",
    "Histograms",
    "Errors",
    "Measurements",
    "Measures",
    "Time line",
    "Prepare",
}
OPEN = {"Image", "Layers", "Segment"}


def test_a_part_is_made_once_and_when_it_is_called_for() -> None:
    lazy = LazyPanel(object)
    assert lazy.made is None
    part = lazy()
    assert lazy() is part
    assert lazy.made is part


def test_listeners_hear_of_a_part_when_it_is_made_in_their_order() -> None:
    heard: list[str] = []
    lazy = LazyPanel(lambda: "part")
    lazy.when_made(lambda part: heard.append(f"first {part}"))
    lazy.when_made(lambda part: heard.append(f"second {part}"))
    assert heard == []
    lazy()
    lazy()
    lazy.when_made(lambda part: heard.append(f"late {part}"))
    assert heard == ["first part", "second part", "late part"]


def test_a_listener_may_ask_for_the_part() -> None:
    lazy: LazyPanel[object] = LazyPanel(object)
    heard: list[object] = []
    lazy.when_made(lambda _part: heard.append(lazy()))
    assert heard == [lazy()] == [lazy.made]


@pytest.fixture
def make_dock(qtbot: QtBot) -> Callable[[], PanelDock]:
    window = QMainWindow()
    qtbot.addWidget(window)

    def make() -> PanelDock:
        dock = PanelDock("Panel", LazyPanel(lambda: QLabel("made")), 210, window)
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        return dock

    return make


def _made(dock: PanelDock) -> bool:
    return isinstance(dock.widget(), QLabel)


def test_a_dock_is_as_wide_without_its_panel(make_dock: Callable[[], PanelDock]) -> None:
    dock = make_dock()
    assert not _made(dock)
    assert dock.widget().minimumWidth() == 210
    dock.window().show()
    dock.release()
    assert _made(dock)
    assert dock.widget().minimumWidth() == 210


def test_a_dock_that_is_seen_waits_for_its_release(qtbot: QtBot, make_dock: Callable[[], PanelDock]) -> None:
    dock = make_dock()
    with qtbot.waitExposed(dock.window()):
        dock.window().show()
    dock.fill()
    assert not _made(dock)
    dock.release()
    assert _made(dock)


def test_a_released_dock_waits_until_it_is_seen(qtbot: QtBot, make_dock: Callable[[], PanelDock]) -> None:
    dock = make_dock()
    dock.hide()
    with qtbot.waitExposed(dock.window()):
        dock.window().show()
    dock.release()
    assert not _made(dock)
    dock.show()
    qtbot.waitUntil(lambda: _made(dock))


def test_the_window_makes_its_pictures_and_no_hidden_panel(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.pictures.made is not None)
    assert window.comparison.made is not None
    assert {title for title, panel in window.panels if panel.made is not None} == OPEN | {"Errors"}
    assert {title for title, _ in window.panels} == OPEN | LATE


def test_starting_to_annotate_makes_one_of_its_three_panels(
    qtbot: QtBot, opened: MainWindow, session: Session, case: Case
) -> None:
    qtbot.waitUntil(lambda: opened.pictures.made is not None and opened.panels.docks[0]._released)
    labels = LabelMap(np.zeros(case.grid.shape, np.uint8), case.grid, case.scheme)
    layer = session.layers.add(Layer("annotation", LayerRole.ANNOTATION, labels))
    session.annotating.begin(Annotation(labels), layer)
    with qtbot.waitCallback() as later:
        QTimer.singleShot(0, later)
    assert opened.panels.named("Annotate").made is not None
    assert opened.panels.named("Operations").made is None
    assert opened.panels.named("Proposal").made is None
    opened.panels.show("Operations")
    assert opened.panels.named("Operations").made is not None


def test_a_tab_says_the_title_and_the_dock_does_not_say_it_again(qtbot: QtBot, window: MainWindow) -> None:
    layers, raters = (dock for dock in window.panels.docks if dock.windowTitle() in ("Layers", "Raters"))
    assert layers.titleBarWidget() is None
    window.panels.show("Raters")
    qtbot.waitUntil(lambda: layers.titleBarWidget() is not None and raters.titleBarWidget() is not None)
    assert raters.widget().y() >= raters.titleBarWidget().geometry().bottom() > 0
    raters.hide()
    qtbot.waitUntil(lambda: layers.titleBarWidget() is None)
    assert [dock.titleBarWidget() for dock in window.panels.docks if dock.windowTitle() in ("Image", "Segment")] == [
        None
    ] * 2


def test_a_window_that_paints_nothing_makes_the_rest_all_the_same(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainseg_gui.views.shell.main_window._ANYWAY_MS", 1)
    window = MainWindow(session, {}, PANELS, ACTIONS)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.painted):
        window.showMinimized()
