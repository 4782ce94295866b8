"""Window and level of the shown modality, by numbers."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QWidget

from brainseg_gui.imaging.window import Window
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions, ActionTip
from brainseg_gui.views.widgets.number_box import NumberBox


class ImagePanel(QWidget):
    """Level and width of `viewing.modality`."""

    auto_requested = Signal()

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._session = session
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 0, 8, 8)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        self._modality = QLabel()
        self._level, self._width = _number("Level"), _number("Width")
        self._width.setMinimum(1e-4)
        auto = QPushButton("Auto")
        ActionTip(auto, actions["view.auto_window"])
        auto.clicked.connect(self.auto_requested)
        grid.addWidget(self._modality, 0, 0)
        for column, (name, box) in enumerate((("Level", self._level), ("Width", self._width)), start=1):
            title = QLabel(name)
            title.setObjectName("quiet")
            title.setBuddy(box)
            grid.addWidget(title, 0, 2 * column - 1, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(box, 0, 2 * column)
            box.valueChanged.connect(self._on_number_changed)
        grid.addWidget(auto, 0, 5)
        grid.setColumnStretch(0, 1)
        session.case_changed.connect(self._synchronize)
        session.viewing.events.windows.connect(self._synchronize)
        session.viewing.events.modality.connect(self._on_modality_changed)
        self._shown = session.viewing.modality
        self._synchronize()

    def _synchronize(self) -> None:
        viewing = self._session.viewing
        self._shown = viewing.modality
        self._modality.setText(viewing.modality.title)
        window = viewing.windows.get(viewing.modality) if self._session.displayed else None
        self.setEnabled(window is not None)
        if window is None:
            return
        decimals = 0 if window.width >= 100 else 1 if window.width >= 10 else 3  # as many as there is room for
        for box, value in ((self._level, window.level), (self._width, window.width)):
            with QSignalBlocker(box):
                if box.decimals() != decimals:  # a box that takes them asks for a new layout of the window
                    box.setDecimals(decimals)
                box.setSingleStep(max(window.width / 50, 10.0**-decimals))
                if not box.hasFocus() or abs(box.value() - value) > 10.0**-decimals:
                    box.setValue(value)

    def _on_modality_changed(self) -> None:
        """What is typed, and not entered yet, was meant for the modality that was shown."""
        before = self._numbers
        with QSignalBlocker(self._level), QSignalBlocker(self._width):
            self._level.interpretText()
            self._width.interpretText()
        if self._numbers != before and self._session.displayed is not None:
            self._session.viewing.set_window(self._shown, self._numbers)
        self._synchronize()

    @property
    def _numbers(self) -> Window:
        return Window(self._level.value(), max(self._width.value(), 1e-4))

    def _on_number_changed(self) -> None:
        self._session.viewing.set_window(self._session.viewing.modality, self._numbers)


def _number(name: str) -> NumberBox:
    box = NumberBox()
    box.setRange(-1e7, 1e7)
    box.setKeyboardTracking(False)
    box.setAccessibleName(f"Window {name.lower()}")
    box.setFixedWidth(60)
    box.setToolTip(f"{name} of the window; Ctrl+drag over the picture changes it too")
    return box
