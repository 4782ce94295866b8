"""The keyboard belongs to the pictures: a field has it only while somebody chose to type in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QMainWindow,
    QMenuBar,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)

from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.views.slices.ortho_view import OrthoView

TYPED_IN = (QAbstractSpinBox, QLineEdit, QPlainTextEdit)
"""Widgets whose keys are letters."""

_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CTRL, _SHIFT, _ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
_EDITING = (
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.SelectAll,
    QKeySequence.StandardKey.Undo,
    QKeySequence.StandardKey.Redo,
)


class FocusKeeper(QObject):
    """Gives the focus of a window back to its pictures, to the view that had it last.

    When what had the focus is hidden, disabled or deleted, Qt hands it to the next widget of the chain, often a number
    in which tool keys would be typed. So it goes back to the pictures then, and also after a dialog, a menu, an action
    and a click on what is not typed in. Return and Esc leave a field; Esc puts back what stood in it.

    Parameters
    ----------
    window
        The window; its dialogs keep their own focus.
    pictures
        The views that the keyboard belongs to.
    """

    def __init__(self, window: QMainWindow, pictures: LazyPanel[OrthoView]) -> None:
        super().__init__(window)
        self._window, self._pictures = window, pictures
        self._last: QWidget | None = None
        self._field: QWidget | None = None
        self._text_before = ""
        self._was_elsewhere = False
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus_changed)

    def give_back(self) -> None:
        """Let the keyboard be the pictures'; without pictures, at least no field's."""
        view = self._view()
        if view is not None:
            view.setFocus(Qt.FocusReason.OtherFocusReason)
        elif (field := self._window.focusWidget()) is not None and isinstance(field, TYPED_IN):
            field.clearFocus()

    def leave_field(self) -> None:
        """What is typed in has its number, and the pictures the keyboard: an action is about them."""
        if isinstance(self._window.focusWidget(), TYPED_IN):
            self.give_back()

    def give_back_unless_typing(self) -> None:
        """The same, but what somebody is writing goes on."""
        if not isinstance(self._window.focusWidget(), TYPED_IN):
            self.give_back()

    def _view(self) -> QWidget | None:
        if _there(self._last):
            return self._last
        pictures = self._pictures.made
        return next((view for view in pictures.views if _there(view)), None) if pictures is not None else None

    def _on_focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        self._leave_field()
        if not shiboken6.isValid(self._window) or not self._window.isVisible():
            return  # it is going
        if now is None:
            if self._window.isActiveWindow():  # else another program has the keyboard
                self.give_back()
            return
        if now.window() is not self._window:
            self._was_elsewhere = True
            return
        returns, self._was_elsewhere = self._was_elsewhere, False
        pictures = self._pictures.made
        if pictures is not None and now in pictures.views_with_keys:
            self._last = now
        elif returns or _lost(before) or isinstance(before, QMenuBar) or _merely_clicked(now):
            self.give_back()
        elif isinstance(now, TYPED_IN):
            self._watch(now)

    # the field that is typed in

    def _watch(self, field: QWidget) -> None:
        self._field, self._text_before = field, _text_of(field)
        field.installEventFilter(self)

    def _leave_field(self) -> None:
        field, self._field = self._field, None
        if field is not None and shiboken6.isValid(field):
            field.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or isinstance(watched, QPlainTextEdit):
            return False
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
            event.accept()  # it leaves the field, and cancels nothing
            return True
        if event.type() == QEvent.Type.ShortcutOverride and (
            _is_for_the_window(event) or _is_no_number(event, watched)
        ):
            event.ignore()
            return True
        if event.type() != QEvent.Type.KeyPress or event.key() not in (*_ENDS, Qt.Key.Key_Escape):
            return False
        if event.key() == Qt.Key.Key_Escape:
            _put_back(watched, self._text_before)
        else:
            watched.event(event)  # whoever listens for the end of typing hears of it first
        self.give_back()
        return True


def _is_for_the_window(event: QKeyEvent) -> bool:
    """On some desktops a field takes Ctrl+E and Ctrl+K for itself, as Emacs does; what nobody wants it still has."""
    return event.modifiers() in (_CTRL, _CTRL | _SHIFT, _ALT) and not any(map(event.matches, _EDITING))


def _is_no_number(event: QKeyEvent, field: QObject) -> bool:
    """A letter that nobody types in a number is a key of the window: who clicked a field and went on meant that."""
    if not isinstance(field, QSpinBox | QDoubleSpinBox) or event.modifiers() & ~_SHIFT:
        return False
    known = f"{field.prefix()}{field.suffix()}{field.specialValueText()}".casefold()
    return event.text().isalpha() and event.text().casefold() not in known


def _there(widget: QWidget | None) -> bool:
    return widget is not None and shiboken6.isValid(widget) and widget.isVisible() and widget.isEnabled()


def _lost(before: QWidget | None) -> bool:
    """Whether what had the focus could not keep it."""
    return before is not None and not _there(before)


def _merely_clicked(now: QWidget) -> bool:
    """Buttons, sliders and choices do their work without the keyboard; rows are stepped through with arrow keys."""
    pressed = QApplication.mouseButtons() != Qt.MouseButton.NoButton
    typed_in = isinstance(now, (*TYPED_IN, QAbstractItemView)) or (isinstance(now, QComboBox) and now.isEditable())
    return pressed and not typed_in


def _line_of(field: QObject) -> QLineEdit | None:
    if isinstance(field, QAbstractSpinBox):
        return field.lineEdit()
    return field if isinstance(field, QLineEdit) else None


def _text_of(field: QObject) -> str:
    line = _line_of(field)
    return line.text() if line is not None else ""


def _put_back(field: QObject, text: str) -> None:
    line = _line_of(field)
    if line is not None:
        line.setText(text)
    if isinstance(field, QAbstractSpinBox):
        field.interpretText()
