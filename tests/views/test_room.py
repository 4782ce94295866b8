"""Room in the window: what must be in sight is, at every size, and nothing moves for another tool or operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation
from brainseg_gui.state.annotating.operating import OperationKind, OperationStage
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.training_draft import TrainingDraft
from brainseg_gui.views.annotating.history_list import HistoryList
from brainseg_gui.views.layers.layer_row import LayerRow
from brainseg_gui.views.shell.main_window import MainWindow
from brainseg_gui.views.slices.slice_cell import SliceCell
from brainseg_gui.views.training.training_window import TrainingWindow
from brainseg_gui.views.widgets import tool_button
from brainseg_gui.views.widgets.screen_room import fit_screen

SIZES = ((1600, 1000), (1280, 720), (1280, 680), (960, 600))


@pytest.fixture
def annotating(opened: MainWindow, session: Session, case: Case) -> ActiveAnnotation:
    """An annotation of a case of a list."""
    sources = [replace(case.source, case_id=f"Toy_{n:03d}") for n in range(2, 40)]
    session.set_cohort((case.source, *sources))
    labels = LabelMap(np.zeros(case.grid.shape, np.uint8), case.grid, case.scheme)
    layer = session.layers.add(Layer("annotation", LayerRole.ANNOTATION, labels))
    session.annotating.begin(Annotation(labels), layer)
    return session.annotating


def _place(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def _in_sight(widget: QWidget) -> bool:
    """Whether all of it can be seen, above the status bar."""
    bar = _place(widget.window().statusBar())
    room = QRect(0, 0, widget.window().width(), bar.top())
    return (
        widget.isVisible() and room.contains(_place(widget)) and widget.visibleRegion().boundingRect() == widget.rect()
    )


def _button(panel: QWidget, text: str) -> QPushButton:
    return next(button for button in panel.findChildren(QPushButton) if button.text() == text)


@pytest.mark.parametrize("size", SIZES)
def test_accept_and_drop_are_in_sight_for_every_operation(
    qtbot: QtBot, opened: MainWindow, annotating: ActiveAnnotation, size: tuple[int, int]
) -> None:
    opened.resize(*size)
    opened.panels.show("Operations")
    panel = opened.panels.named("Operations")()
    accept, drop = _button(panel, "Accept"), _button(panel, "Drop")
    qtbot.waitUntil(lambda: _in_sight(accept))
    assert opened.size() == QSize(*size)
    at = _place(accept)
    for kind in OperationKind:
        annotating.operating.kind = kind
        annotating.operating.words = "adds 14.6 ml, removes 21.3 ml, renames 39.4 ml"
        annotating.operating.shown = OperationStage.PROPOSED
        qtbot.wait(1)
        assert (_in_sight(accept), _in_sight(drop)) == (True, True), kind
        assert _place(accept) == at, f"{kind} moves it"


@pytest.mark.parametrize("size", SIZES)
def test_the_history_stays_where_it_is_whatever_the_tool(
    qtbot: QtBot, opened: MainWindow, annotating: ActiveAnnotation, size: tuple[int, int]
) -> None:
    opened.resize(*size)
    history = opened.panels.named("Annotate")().findChild(HistoryList)
    qtbot.waitUntil(lambda: _in_sight(history))
    at = _place(history)
    for tool in Tool:
        annotating.options.tool = tool
        qtbot.wait(1)
        assert _in_sight(history), tool
        assert _place(history) == at, f"{tool} moves it"


def test_the_case_list_is_one_line_while_annotating_and_comes_back(
    qtbot: QtBot, opened: MainWindow, session: Session, annotating: ActiveAnnotation
) -> None:
    panel = opened.panels.named("Cases")()
    names = panel.findChild(QListWidget)
    panel.folded.connect(opened.share_left_column)  # as the feature of the cases does
    qtbot.waitUntil(lambda: not names.isVisible() and panel.height() < 40)
    assert any(label.text() == "Toy_001" for label in panel.findChildren(QLabel) if label.isVisible())
    panel._fold.click()  # the person wants it now
    qtbot.waitUntil(lambda: names.isVisible() and names.height() > 60)
    assert _in_sight(opened.panels.named("Annotate")().findChild(HistoryList))
    panel._fold.click()
    qtbot.waitUntil(lambda: panel.height() < 40)
    annotating.end()
    qtbot.waitUntil(lambda: names.isVisible() and names.height() > 300)


def test_the_pictures_have_their_room_again_after_annotating(
    qtbot: QtBot, opened: MainWindow, session: Session, case: Case
) -> None:
    """The panels of the work are wider than the list; the list does not stay as wide as they were."""
    session.set_cohort((case.source, replace(case.source, case_id="Toy_002")))
    panel = opened.panels.named("Cases")()
    qtbot.waitUntil(panel.isVisible)
    width = panel.width()
    labels = LabelMap(np.zeros(case.grid.shape, np.uint8), case.grid, case.scheme)
    session.annotating.begin(Annotation(labels), session.layers.add(Layer("annotation", LayerRole.ANNOTATION, labels)))
    qtbot.waitUntil(lambda: panel.width() > width)
    session.annotating.end()
    qtbot.waitUntil(lambda: panel.width() == width)


def test_a_panel_is_as_wide_as_its_widest_row_in_the_font_there_is(opened: MainWindow) -> None:
    for panel in (opened.panels.named(title)() for title in ("Image", "Layers", "Segment")):
        assert panel.width() >= panel.minimumSizeHint().width()


def test_no_tool_makes_its_panel_wider_than_the_dock(
    opened: MainWindow, session: Session, case: Case, annotating: ActiveAnnotation
) -> None:
    labels = LabelMap(np.zeros(case.grid.shape, np.uint8), case.grid, case.scheme)
    session.layers.add(Layer("a network of a very long name 0.5, 21:08, of last week", LayerRole.PREDICTION, labels))
    panel, widths = opened.panels.named("Annotate")(), {}
    for tool in Tool:
        annotating.options.tool = tool
        widths[tool] = panel.options.minimumSizeHint().width()
    assert widths[Tool.COPY] <= max(width for tool, width in widths.items() if tool is not Tool.COPY)


def test_rows_of_layers_are_never_squeezed(qtbot: QtBot, opened: MainWindow, session: Session, case: Case) -> None:
    """A small window scrolls them; a larger one shows them whole again."""
    labels = LabelMap(np.zeros(case.grid.shape, np.uint8), case.grid, case.scheme)
    for number in range(12):
        session.layers.add(Layer(f"rater {number}", LayerRole.PREDICTION, labels))
    opened.resize(1280, 680)
    qtbot.wait(50)
    _assert_apart(opened)
    opened.resize(1600, 1000)
    qtbot.wait(50)
    _assert_apart(opened)


def _assert_apart(window: MainWindow) -> None:
    panel = window.panels.named("Layers")()
    rows = [*panel._rows.values(), panel._heading, panel.labels]
    places = sorted((_place(row) for row in rows), key=lambda place: place.top())
    for upper, lower in pairwise(places):
        assert upper.bottom() < lower.top()
    for row in rows:
        assert row.height() >= row.minimumSizeHint().height()


def test_a_button_is_not_lit_when_its_menu_closed_elsewhere(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mouse left while the menu had it: nobody told the button."""
    more = opened.panels.named("Layers")().findChild(LayerRow)._more
    monkeypatch.setattr(tool_button, "QCursor", SimpleNamespace(pos=lambda: opened.mapToGlobal(QPoint(5, 5))))
    more.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    more.menu().aboutToHide.emit()
    assert not more.underMouse()


@pytest.mark.parametrize("screen", [(3840, 2160), (1280, 720), (960, 540)])  # the last: a laptop at 200 %
def test_a_window_opens_within_its_screen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, screen: tuple[int, int]
) -> None:
    window = TrainingWindow(RunWatch(), TrainingDraft())
    qtbot.addWidget(window)
    monkeypatch.setattr(window, "screen", lambda: SimpleNamespace(availableSize=lambda: QSize(*screen)))
    fit_screen(window, (1400, 900), (960, 600))
    room = (round(0.92 * screen[0]), round(0.92 * screen[1]))
    assert (window.width(), window.height()) == (min(1400, room[0]), min(900, room[1]))
    for page in (window.form, window.run_page):
        assert page.minimumSizeHint().height() < 0.92 * 600


@pytest.mark.parametrize("size", SIZES)
def test_nothing_lies_over_another_or_is_cut_off(
    qtbot: QtBot, opened: MainWindow, annotating: ActiveAnnotation, predict: Callable[..., Layer], size: tuple[int, int]
) -> None:
    predict()
    opened.resize(*size)
    qtbot.wait(50)
    for cell in opened.ortho.findChildren(SliceCell):
        if cell.isVisible():
            parts = [part.geometry() for part in (cell.view, cell._profile, cell._slider) if not part.isHidden()]
            assert all(left.right() < right.left() for left, right in pairwise(sorted(parts, key=QRect.left)))
    tabs = opened.comparison()._tabs
    assert tabs.width() <= opened.comparison().contentsRect().width()
    assert all(tabs.tabRect(n).width() >= tabs.fontMetrics().horizontalAdvance(tabs.tabText(n)) for n in range(2))
    assert _in_sight(_button(opened.panels.named("Image")(), "Auto"))
    assert any("●" in label.text() and _in_sight(label) for label in opened._tool_bar.findChildren(QLabel))


def test_names_that_are_compared_share_the_row_by_their_length(
    qtbot: QtBot, opened: MainWindow, annotating: ActiveAnnotation, predict: Callable[..., Layer]
) -> None:
    """“anno…root against reference” had an empty half behind the shorter name."""
    predict()
    opened.resize(1280, 720)
    qtbot.wait(50)
    short, long = opened.comparison()._reference, opened.comparison()._prediction
    assert short.width() < long.width()
    assert short.shown_text == short.currentText()
    assert long.shown_text == long.currentText()
    opened.resize(960, 600)
    qtbot.wait(50)
    assert short.geometry().top() > long.geometry().bottom(), "one below the other"
    assert long.shown_text == long.currentText()


def test_done_is_in_sight_with_the_list_folded_and_not(
    opened: MainWindow, session: Session, annotating: ActiveAnnotation
) -> None:
    done = next(b for b in opened.panels.named("Cases")().findChildren(QToolButton) if b.text() == "Done, and next")
    asked: list[str] = []
    opened.actions_table.triggered.connect(asked.append)
    for _ in range(2):
        assert _in_sight(done)
        done.click()
        annotating.end()
    assert asked == ["cases.done_next"] * 2
    assert "Ctrl+D" in done.toolTip()
