"""Preferences: what a person sets once. Everything applies at once, and has its place in the menus, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.imaging.colours import ColourSet, colour_sets
from brainseg_gui.state.annotating.tools import BRUSH_MM
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.number_box import NumberBox
from brainseg_gui.views.widgets.plain_text import plain_tip

_THEMES = (("dark", "Dark"), ("light", "Light"), ("system", "As the desktop is"))
_NUMBERING = ((False, "Counted from 1, as slices are"), (True, "By the file's own index, from 0"))
_BESIDE = "beside the images"


class PreferencesDialog(QDialog):
    """A form in four parts; `synchronize` shows what is set.

    Signals
    -------
    theme_chosen, name_given
        One of dark, light and system; how the person wants to be named.
    masks_folder_requested, beside_requested, runs_folder_requested
        A folder for masks is to be asked for, or they go beside the images; a folder for runs is to be asked for.
    keys_requested, labels_requested, reset_requested
        The dialog of keys, or of labels, is to be opened; all is to be as at the first start.
    """

    theme_chosen = Signal(str)
    name_given = Signal(str)
    masks_folder_requested = Signal()
    beside_requested = Signal()
    runs_folder_requested = Signal()
    keys_requested = Signal()
    labels_requested = Signal()
    reset_requested = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)  # it is made anew each time
        self.setWindowTitle("Preferences")
        self.setMinimumWidth(560)
        self._session = session
        self._theme = _box(_THEMES, "Theme")
        self._colours = _box([(name, one.title) for name, one in colour_sets().items()], "Colours of labels")
        self._numbering = _box(_NUMBERING, "Voxels in the status bar")
        self._name = QLineEdit()
        self._name.setAccessibleName("Your name")
        self._masks, self._runs = ElidedLabel(), ElidedLabel()
        self._brush = NumberBox()
        self._brush.setRange(*BRUSH_MM)
        self._brush.setDecimals(1)
        self._brush.setSuffix(" mm")
        self._brush.setAccessibleName("Size of the brush")
        self._square, self._in_3d = QCheckBox("Square"), QCheckBox("In 3-D")
        self._lay_out()
        self._listen()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(10)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow(_section("Look"))
        form.addRow("Theme", self._theme)
        form.addRow("Colours of labels", self._colours)
        form.addRow("Voxels", self._numbering)
        form.addRow(_section("You"))
        form.addRow("Your name", self._name)
        keys, labels = _button("Keys…", self.keys_requested.emit), _button("Labels…", self.labels_requested.emit)
        form.addRow("Keys and labels", _row(keys, labels))
        form.addRow(_section("Folders"))
        choose = _button("Choose…", self.masks_folder_requested.emit)
        self._beside = _button("Beside the images", self.beside_requested.emit)
        form.addRow("Masks are saved", _row(self._masks, choose, self._beside))
        form.addRow("Training runs", _row(self._runs, _button("Choose…", self.runs_folder_requested.emit)))
        form.addRow(_section("Brush"))
        form.addRow("Size", _row(self._brush, self._square, self._in_3d))
        column.addLayout(form)
        column.addStretch(1)
        close = _button("Close", self.accept)
        reset = _button("Reset all", self.reset_requested.emit)
        reset.setToolTip("All of this as at the first start; keys have a reset of their own")
        foot = _row(reset)
        foot.addWidget(close)
        column.addLayout(foot)

    def _listen(self) -> None:
        viewing, options = self._session.viewing, self._session.annotating.options
        self._theme.activated.connect(lambda _: self.theme_chosen.emit(self._theme.currentData()))
        self._colours.activated.connect(lambda _: setattr(viewing, "colours", self._colour_set))
        self._numbering.activated.connect(lambda _: setattr(viewing, "file_index", self._numbering.currentData()))
        self._name.editingFinished.connect(lambda: self.name_given.emit(self._name.text()))
        self._brush.valueChanged.connect(lambda size: setattr(options, "brush_mm", size))
        self._square.toggled.connect(lambda on: setattr(options, "square", on))
        self._in_3d.toggled.connect(lambda on: setattr(options, "in_3d", on))

    @property
    def _colour_set(self) -> ColourSet:
        return colour_sets()[self._colours.currentData()]

    def synchronize(self, theme: str, name: str, usual_name: str, runs: Path) -> None:
        """Show what is set.

        Parameters
        ----------
        usual_name
            What the person is called where no name is given.
        """
        options, tree, viewing = self._session.annotating.options, self._session.output.tree, self._session.viewing
        self._theme.setCurrentIndex(self._theme.findData(theme))
        self._colours.setCurrentIndex(self._colours.findData(viewing.colours.name))
        self._numbering.setCurrentIndex(self._numbering.findData(viewing.file_index))
        self._name.setText(name)
        self._name.setPlaceholderText(f"{usual_name}, as this computer says" if usual_name else "signs masks and notes")
        self._masks.setText(f"in {tree.folder}" if tree is not None else _BESIDE)
        self._masks.setToolTip(plain_tip(str(tree.folder)) if tree is not None else "")
        self._beside.setEnabled(tree is not None)
        self._runs.setText(str(runs))
        self._runs.setToolTip(plain_tip(str(runs)))
        for widget in (self._brush, self._square, self._in_3d):
            widget.blockSignals(True)
        self._brush.setValue(options.brush_mm)
        self._square.setChecked(options.square)
        self._in_3d.setChecked(options.in_3d)
        for widget in (self._brush, self._square, self._in_3d):
            widget.blockSignals(False)


def _box(choices: Sequence[tuple[object, str]], name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for key, words in choices:
        box.addItem(words, key)
    return box


def _section(words: str) -> QLabel:
    label = QLabel(words)
    label.setObjectName("section")
    label.setContentsMargins(0, 8, 0, 0)
    return label


def _button(words: str, act: Callable[[], object]) -> QPushButton:
    button = QPushButton(words)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _: act())
    return button


def _row(first: QWidget, *others: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(first, 1 if isinstance(first, ElidedLabel) else 0)
    for widget in others:
        row.addWidget(widget)
    if not isinstance(first, ElidedLabel):
        row.addStretch(1)
    return row
