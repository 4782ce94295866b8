"""One widget per kind of setting: each shows a value, and says when the person changed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.runs.fields import FieldHelp
from brainseg_gui.views.widgets.clear_layout import clear_layout
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import icon

FIELD_WIDTH = 200
_WIDEST = 2**31 - 1


class SettingField(QWidget):
    """A widget for one value.

    Signals
    -------
    edited
        The new value.
    folder_requested
        A folder is to be chosen for it.
    """

    edited = Signal(object)
    folder_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)

    def show_value(self, value: Any) -> None:
        """Show a value, without saying that it was edited."""
        raise NotImplementedError

    def restyle(self) -> None:
        """Draw icons in the colours of the theme."""
        for button in self.findChildren(QToolButton):
            button.setIcon(icon(button.objectName(), "quiet"))

    def name(self, text: str, tip: str) -> None:
        """Name it for screen readers, and explain it."""
        for widget in (self, *self.findChildren(QWidget)):
            widget.setAccessibleName(text)
            if not widget.toolTip():
                widget.setToolTip(tip)


class IntField(SettingField):
    """A whole number. What lies out of range can be typed, and is said to be wrong beside it."""

    def __init__(self, info: FieldHelp) -> None:
        super().__init__()
        self._box = _WholeBox(info.unit)
        self._box.valueChanged.connect(self.edited.emit)
        self._row.addWidget(self._box)

    def show_value(self, value: int) -> None:
        with QSignalBlocker(self._box):
            self._box.setValue(value)


class FloatField(SettingField):
    """A number; very small ones are written as 1e-05."""

    def __init__(self, info: FieldHelp) -> None:
        super().__init__()
        self._box = _NumberBox(info.unit)
        self._box.valueChanged.connect(self.edited.emit)
        self._row.addWidget(self._box)

    def show_value(self, value: float) -> None:
        with QSignalBlocker(self._box):
            self._box.setValue(value)


class TripleField(SettingField):
    """Three whole numbers."""

    def __init__(self, info: FieldHelp) -> None:
        super().__init__()
        self._boxes = [_WholeBox("") for _ in range(3)]
        for box in self._boxes:
            box.valueChanged.connect(self._on_changed)
            self._row.addWidget(box)

    def show_value(self, value: tuple[int, int, int]) -> None:
        for box, part in zip(self._boxes, value, strict=True):
            with QSignalBlocker(box):
                box.setValue(part)

    def _on_changed(self) -> None:
        self.edited.emit(tuple(box.value() for box in self._boxes))


class ChoiceField(SettingField):
    """One of a few words."""

    def __init__(self, info: FieldHelp) -> None:
        super().__init__()
        self._box = _Choices()
        for choice in info.choices:
            self._box.addItem(choice.replace("_", " "), choice)
        self._box.activated.connect(lambda index: self.edited.emit(self._box.itemData(index)))
        self._row.addWidget(self._box)

    def show_value(self, value: str) -> None:
        self._box.setCurrentIndex(self._box.findData(value))


class BoolField(SettingField):
    """On or off."""

    def __init__(self, _info: FieldHelp | None = None) -> None:
        super().__init__()
        self._box = QCheckBox("on")
        self._box.toggled.connect(self.edited.emit)
        self._row.addWidget(self._box)

    def show_value(self, value: bool) -> None:
        with QSignalBlocker(self._box):
            self._box.setChecked(value)


class TextField(SettingField):
    """A line of text."""

    def __init__(self, _info: FieldHelp | None = None) -> None:
        super().__init__()
        self._line = QLineEdit()
        self._line.textEdited.connect(self.edited.emit)
        self._row.addWidget(self._line)

    def show_value(self, value: str) -> None:
        if self._line.text() != value:
            self._line.setText(value)


class FolderField(TextField):
    """A folder, typed or chosen."""

    def __init__(self, _info: FieldHelp | None = None) -> None:
        super().__init__()
        choose = QToolButton()
        choose.setObjectName("folder-open")
        choose.setToolTip("Choose the folder")
        choose.clicked.connect(self.folder_requested)
        self._row.addWidget(choose)


class FolderListField(SettingField):
    """Several folders."""

    def __init__(self, _info: FieldHelp | None = None) -> None:
        super().__init__()
        self._folders: tuple[str, ...] = ()
        self._column = QVBoxLayout()
        self._column.setSpacing(2)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self._column.addLayout(self._rows)
        self._add = QPushButton("Add folder…")
        self._add.clicked.connect(self.folder_requested)
        self._column.addWidget(self._add)
        self._row.addLayout(self._column)

    def show_value(self, value: tuple[str, ...]) -> None:
        self._folders = tuple(value)
        clear_layout(self._rows)
        for folder in self._folders:
            self._rows.addWidget(self._folder_row(folder))
        self.restyle()

    def _folder_row(self, folder: str) -> QWidget:
        widget = QWidget()
        row = QHBoxLayout(widget)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        label = ElidedLabel(Path(folder).name or folder)
        label.setToolTip(folder)
        remove = QToolButton()
        remove.setObjectName("close")
        remove.setToolTip(plain_tip(f"Take {folder} off the list; its files stay"))
        remove.setAccessibleName(f"Take {Path(folder).name} off the list")
        remove.clicked.connect(lambda: self.edited.emit(tuple(f for f in self._folders if f != folder)))
        row.addWidget(label, 1)
        row.addWidget(remove)
        return widget


def field_for(key: str, default: Any, info: FieldHelp | None, folders: frozenset[str]) -> SettingField:
    """The widget for a setting, by the type of its default."""
    if info is None:
        return TextField()
    if info.choices:
        return ChoiceField(info)
    if isinstance(default, tuple):
        return TripleField(info) if default else FolderListField(info)
    if isinstance(default, bool):
        return BoolField(info)
    if isinstance(default, str):
        return FolderField(info) if key in folders else TextField(info)
    return IntField(info) if isinstance(default, int) else FloatField(info)


class _Choices(QComboBox):
    """Scrolling the form does not change it by the way."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(60)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _WholeBox(QSpinBox):
    """Whole numbers as they are, whatever the range; the wheel is the form's."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.setRange(-_WIDEST, _WIDEST)
        _style_box(self, unit)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _NumberBox(QDoubleSpinBox):
    """Numbers in as many digits as they need; the wheel is the form's."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.setDecimals(12)
        self.setRange(-1e9, 1e9)
        self.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        _style_box(self, unit)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def textFromValue(self, value: float) -> str:
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)

    def valueFromText(self, text: str) -> float:
        number = _number(text.removesuffix(self.suffix()))
        return self.value() if number is None else number

    def validate(self, text: str, position: int) -> Any:
        bare = text.removesuffix(self.suffix()).strip()
        if _number(bare) is not None:
            return QValidator.State.Acceptable, text, position
        typing = not set(bare) - set("0123456789.,eE+-")
        return (QValidator.State.Intermediate if typing else QValidator.State.Invalid), text, position


def _number(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _style_box(box: QSpinBox | QDoubleSpinBox, unit: str) -> None:
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setMinimumWidth(48)
    box.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    box.lineEdit().setTextMargins(2, 0, 4, 0)
    if unit:
        box.setSuffix(f" {unit}")
