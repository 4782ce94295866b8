"""The label of the read-out: a new text paints it and lays nothing out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot

from brainseg_gui.views.widgets.line_label import LineLabel


class _Layouts(QObject):
    """Counts how often a widget is laid out."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.widget, self.count = widget, 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def _row(qtbot: QtBot, label: QLabel) -> _Layouts:
    row = QWidget()
    qtbot.addWidget(row)
    QHBoxLayout(row).addWidget(label)
    row.resize(400, 30)
    row.show()
    QApplication.sendPostedEvents()
    return _Layouts(row)


def test_a_new_text_asks_for_a_layout_only_where_it_needs_more_room(qtbot: QtBot) -> None:
    label = LineLabel(least=120)
    layouts = _row(qtbot, label)
    for text in ("10 11 12", "", "13 11 12"):
        label.setText(text)
        QApplication.sendPostedEvents()
        assert label.text() == label.accessibleName() == text
    assert layouts.count == 0
    label.setText("a text that is much longer than there was room for")
    QApplication.sendPostedEvents()
    assert layouts.count == 1
    needed = label.fontMetrics().horizontalAdvance(label.text())
    assert label.width() >= needed
    label.setText("short")
    QApplication.sendPostedEvents()
    assert layouts.count == 1
    assert label.width() >= needed  # what stands beside it stays in its place


def test_a_long_text_is_elided_where_the_room_is_given(qtbot: QtBot) -> None:
    label = LineLabel(elided=True)
    layouts = _row(qtbot, label)
    before = label.width()
    label.setText("a layer with a name " * 20)
    QApplication.sendPostedEvents()
    assert layouts.count == 0
    assert label.width() == before
    assert not label.grab().isNull()
