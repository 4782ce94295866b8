"""Rows of a form that is generated from settings: label, field, way back to the recipe, and a sentence."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from brainseg_gui.state.training.training_draft import NAME_KEY, TrainingDraft, help_of_key, label_of
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.setting_fields import FIELD_WIDTH, SettingField, field_for
from brainseg_gui.views.widgets.theme import icon

FOLDER_FIELDS = frozenset({"data.cache", "network.start_from"})
_LABEL_WIDTH = 128


class SettingRow:
    """Label, widget, way back to the preset, and a sentence: help, or what is wrong."""

    def __init__(self, draft: TrainingDraft, key: str, grid: QGridLayout, row: int) -> None:
        self._draft, self._key = draft, key
        info = help_of_key(key)
        self._help = info.help if info else "Name of the model, and of its run folder."
        self.field: SettingField = field_for(key, draft.baseline(key), info, FOLDER_FIELDS)
        self.field.setFixedWidth(FIELD_WIDTH)
        name = label_of(key)
        self.field.name(name.capitalize(), f"{self._help}\n{_range_text(key)}".strip())
        self.field.edited.connect(lambda value: draft.set(key, value))
        self.back = QToolButton()
        self.back.setIconSize(QSize(14, 14))
        self.back.setAccessibleName(f"Back to the recipe's {name}")
        policy = self.back.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.back.setSizePolicy(policy)
        self.back.clicked.connect(lambda: draft.set(key, draft.baseline(key)))
        self.remark = Remark()
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(settings_label(name), row, 0, top)
        grid.addWidget(self.field, row, 1, top)
        grid.addWidget(self.back, row, 2, top)
        grid.addWidget(self.remark, row, 3)

        self.restyle()

    def restyle(self) -> None:
        """Draw the icons in the colours of the theme."""
        self.back.setIcon(icon("recent", "accent"))
        self.field.restyle()
        self.remark.restyle()

    def synchronize(self) -> None:
        """Show the value, and whether it is the recipe's."""
        self.field.show_value(self._draft.value(self._key))
        self.back.setVisible(self._draft.is_changed(self._key) and self._key not in (NAME_KEY, "data.train"))
        before = self._draft.baseline(self._key)
        there = before if before not in ("", ()) else "nothing"
        self.back.setToolTip(plain_tip(f"Changed; the recipe has {there} here. Go back"))

    def judge(self, problem: str) -> None:
        """Say what is wrong, or what the field is for."""
        self.remark.show_text(problem, self._help, label_of(self._key).capitalize())


class Remark(QWidget):
    """Help in grey, or a problem with its mark; at least as high as a field, so that neither moves the other."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 4)
        row.setSpacing(4)
        self._mark = QLabel()
        self._mark.setFixedWidth(16)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.restyle()
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1, Qt.AlignmentFlag.AlignTop)

    def restyle(self) -> None:
        """Draw the mark in the colours of the theme."""
        self._mark.setPixmap(icon("warning", "problem").pixmap(14, 14))

    def show_text(self, problem: str, otherwise: str, subject: str) -> None:
        """Say what is wrong with the subject, or otherwise something else."""
        text, name = (f"{subject} {problem}.", "problem") if problem else (otherwise, "quiet")
        self._mark.setVisible(bool(problem))
        if self.text.objectName() != name:
            self.text.setObjectName(name)
            self.text.style().polish(self.text)
        self.text.setText(text)


def settings_grid(widget: QWidget) -> QGridLayout:
    """Columns for label, field, way back and remark."""
    grid = QGridLayout(widget)
    grid.setContentsMargins(16, 0, 0, 4)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(6)
    grid.setColumnMinimumWidth(0, _LABEL_WIDTH)
    grid.setColumnStretch(3, 1)
    return grid


def settings_label(name: str) -> ElidedLabel:
    """The label of a field."""
    label = ElidedLabel(name.capitalize())
    label.setFixedWidth(_LABEL_WIDTH)
    label.setMinimumHeight(28)
    return label


def _range_text(key: str) -> str:
    info = help_of_key(key)
    if info is None or (info.low is None and info.high is None):
        return ""
    return f"{info.low:g} to {info.high:g} {info.unit}".strip() if info.high is not None else f"At least {info.low:g}"
