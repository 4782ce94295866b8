"""The panel of the annotation: labels and locks, the options of the tool in the hand, and the history."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.rules import PaintOver
from brainseg_gui.annotation.slab import Area
from brainseg_gui.annotation.tools.threshold import IntensityRange
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.annotating.active_annotation import ActiveAnnotation
from brainseg_gui.state.annotating.tools import Painting, Tool
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.annotating.history_list import HistoryList
from brainseg_gui.views.annotating.label_chooser import LabelChooser
from brainseg_gui.views.annotating.range_options import RangeOptions
from brainseg_gui.views.shell.main_window import MainWindow
from tests.gestures import take_focus

pytestmark = pytest.mark.plain

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def annotating(opened: MainWindow, session: Session, case: Case) -> ActiveAnnotation:
    labels = LabelMap(np.zeros(case.grid.shape, np.uint8), case.grid, case.scheme)
    layer = session.layers.add(Layer("annotation", LayerRole.ANNOTATION, labels))
    session.annotating.begin(Annotation(labels), layer)
    return session.annotating


@pytest.fixture
def paint(annotating: ActiveAnnotation) -> Callable[[int, str], None]:
    """Paint one voxel as an edit of some name."""

    def one(place: int, name: str) -> None:
        slab = (slice(place, place + 1), slice(0, 1), slice(0, 1))
        annotating.edit(Area(slab, np.ones((1, 1, 1), bool)).becomes(4), name, "brush")

    return one


def _named(window: MainWindow, kind: type[QWidget], name: str) -> QWidget:
    return next(
        widget for widget in window.panels.named("Annotate")().findChildren(kind) if widget.accessibleName() == name
    )


def test_the_panel_and_the_tools_are_there_while_annotating(
    opened: MainWindow, annotating: ActiveAnnotation, session: Session
) -> None:
    dock, bar = opened.panels.dock("Annotate"), opened._hand_bar
    assert (dock.isVisible(), bar.isVisible()) == (True, True)
    annotating.end()
    assert (dock.isVisible(), bar.isVisible()) == (False, False)


def test_labels_of_the_scheme_are_chosen_by_a_click(
    qtbot: QtBot, opened: MainWindow, annotating: ActiveAnnotation
) -> None:
    chooser = opened.panels.named("Annotate")().findChild(LabelChooser)
    names = {b.text(): b for b in chooser.findChildren(QPushButton) if b.text()}
    assert list(names) == ["NCR", "ED", "ET"]
    qtbot.mouseClick(names["ED"], LEFT)
    assert annotating.rules.active == 2
    assert names["ED"].isChecked()
    assert not names["NCR"].isChecked()


def test_locks_are_set_by_mouse_and_keyboard(qtbot: QtBot, opened: MainWindow, annotating: ActiveAnnotation) -> None:
    lock = _named(opened, QToolButton, "Lock enhancing tumour")
    qtbot.mouseClick(lock, LEFT)
    assert annotating.rules.locked == {4}
    take_focus(qtbot, lock)
    qtbot.keyClick(lock, Qt.Key.Key_Space)
    assert annotating.rules.locked == frozenset()
    background = _named(opened, QToolButton, "Lock background")
    qtbot.mouseClick(background, LEFT)
    assert annotating.rules.locked == {0}


def test_what_is_painted_over(qtbot: QtBot, opened: MainWindow, annotating: ActiveAnnotation) -> None:
    box = _named(opened, QComboBox, "Paint over")
    ticks = [
        tick
        for tick in opened.panels.named("Annotate")().findChildren(QCheckBox)
        if "Paint over" in tick.accessibleName()
    ]
    assert not any(tick.isVisible() for tick in ticks)
    box.setCurrentIndex(2)
    box.activated.emit(2)
    assert annotating.rules.over is PaintOver.CHOSEN
    assert all(tick.isVisible() for tick in ticks)
    tick = _named(opened, QCheckBox, "Paint over background")
    tick.click()
    assert annotating.rules.chosen == {0}
    tick.click()
    assert annotating.rules.chosen == frozenset()


@pytest.mark.parametrize(
    ("tool", "there"),
    [
        (Tool.BROWSE, set()),
        (Tool.BRUSH, {"Size of the brush", "Which voxels are painted"}),
        (Tool.LASSO, {"Which voxels are painted"}),
        (Tool.FILL, {"What is filled", "Which voxels are painted"}),
        (Tool.SEEDS, {"Size of the brush"}),
        (Tool.COPY, {"Size of the brush", "Layer to copy from", "Which voxels are painted"}),
    ],
)
def test_only_the_options_of_the_tool_are_shown(
    opened: MainWindow, annotating: ActiveAnnotation, tool: Tool, there: set[str]
) -> None:
    annotating.options.tool = tool
    names = {"Size of the brush", "Which voxels are painted", "What is filled", "Layer to copy from"}
    shown = {
        w.accessibleName() for w in opened.panels.named("Annotate")().options.findChildren(QWidget) if w.isVisible()
    }
    assert shown & names == there


def test_sizes_go_both_ways(opened: MainWindow, annotating: ActiveAnnotation) -> None:
    annotating.options.tool = Tool.BRUSH
    size = _named(opened, QDoubleSpinBox, "Size of the brush")
    annotating.options.brush_mm = 12.5
    assert size.value() == 12.5
    size.setValue(3.0)
    assert annotating.options.brush_mm == 3.0


def test_following_edges_is_for_brushes(opened: MainWindow, annotating: ActiveAnnotation) -> None:
    annotating.options.tool = Tool.BRUSH
    box = _named(opened, QComboBox, "Which voxels are painted")
    assert box.count() == 3
    annotating.options.tool = Tool.LASSO
    assert box.count() == 2


def test_a_range_by_hand_is_drawn_while_it_is_chosen(
    qtbot: QtBot, opened: MainWindow, session: Session, annotating: ActiveAnnotation
) -> None:
    options = annotating.options
    options.tool, options.painting, options.modality = Tool.BRUSH, Painting.IN_RANGE, Modality.T2
    options.intensities = IntensityRange(500.0, 700.0)
    low, high = (_named(opened, QDoubleSpinBox, name) for name in ("Lowest intensity", "Highest intensity"))
    assert (low.value(), high.value()) == (500.0, 700.0)
    view = opened.ortho.views[0]
    assert annotating.hand.range_shown
    shown = view.viewport().grab().toImage()
    low.setValue(650.0)
    assert options.intensities == IntensityRange(650.0, 700.0)
    assert view.viewport().grab().toImage() != shown
    low.setValue(900.0)  # past the other end
    assert options.intensities == IntensityRange(700.0, 900.0)
    qtbot.waitUntil(lambda: not annotating.hand.range_shown, timeout=30_000)
    assert opened.panels.named("Annotate")().findChild(RangeOptions).isVisible()


def test_the_history_names_edits_and_a_click_goes_there(
    qtbot: QtBot, opened: MainWindow, annotating: ActiveAnnotation, paint: Callable[[int, str], None]
) -> None:
    history = opened.panels.named("Annotate")().findChild(HistoryList)
    history.asked_for.connect(annotating.jump)
    rows = lambda: [history.item(n).text() for n in range(history.count())]  # noqa: E731
    for place in range(3):
        paint(place, f"edit {place}")
    assert rows() == ["Start", "edit 0", "edit 1", "edit 2"]
    assert history.currentRow() == 3
    history.setCurrentRow(1)
    assert annotating.annotation.history.position == 1  # type: ignore[union-attr]
    assert rows() == ["Start", "edit 0", "edit 1", "edit 2"]
    faint = [history.item(n).foreground().color().name() for n in range(4)]
    assert faint[0] == faint[1] != faint[2] == faint[3]
    paint(9, "another")
    assert rows() == ["Start", "edit 0", "another"]
    annotating.undo()
    annotating.undo()
    assert history.currentRow() == 0
    annotating.end()
    assert rows() == ["Start"]


def test_where_nobody_goes_there_the_row_stays(
    opened: MainWindow, annotating: ActiveAnnotation, paint: Callable[[int, str], None]
) -> None:
    history = opened.panels.named("Annotate")().findChild(HistoryList)
    for place in range(3):
        paint(place, f"edit {place}")
    asked = list[int]()
    opened.panels.named("Annotate")().state_asked_for.connect(asked.append)
    history.setCurrentRow(1)
    assert asked == [1]
    assert history.currentRow() == annotating.annotation.history.position == 3  # type: ignore[union-attr]


def test_a_long_history_stays_quick(
    opened: MainWindow, annotating: ActiveAnnotation, paint: Callable[[int, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = opened.panels.named("Annotate")().findChild(HistoryList)
    made: list[str] = []
    add = history.addItem
    monkeypatch.setattr(history, "addItem", lambda item: (made.append(item.text()), add(item)))
    for place in range(20):
        paint(place, f"edit {place}")
    assert len(made) == 20  # one row an edit, not all of them again


def test_why_it_may_not_be_changed_is_said(opened: MainWindow, session: Session, annotating: ActiveAnnotation) -> None:
    layer, annotation = annotating.layer, annotating.annotation
    assert layer is not None
    assert annotation is not None
    annotating.begin(annotation, layer, "Another window edits this case")
    assert opened.panels.named("Annotate")()._read_only.text() == "Another window edits this case"
    assert opened.panels.named("Annotate")()._read_only.isVisible()
