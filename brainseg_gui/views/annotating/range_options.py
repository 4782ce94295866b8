"""The range of intensities that the painting "in range" lets through."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QPushButton, QWidget

from brainseg_gui.annotation.tools.threshold import IntensityRange
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.annotating.tools import Painting
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.widgets.number_box import NumberBox

_SHOWN_MS = 1500


class RangeOptions(QWidget):
    """Modality, lowest and highest intensity; the voxels in range are drawn while they are being chosen."""

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__()
        self._session, self._options = session, session.annotating.options
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        self._modality = modality_box("Image whose intensities count")
        self._low, self._high = _box("Lowest intensity"), _box("Highest intensity")
        take = QPushButton("From the crosshair")
        take.setToolTip(actions["annotate.take_range"].toolTip())
        take.clicked.connect(actions["annotate.take_range"].trigger)
        grid.addWidget(self._modality, 0, 0)
        grid.addWidget(take, 0, 1, 1, 3)
        to = QLabel("to")
        to.setObjectName("quiet")
        grid.addWidget(self._low, 1, 1)
        grid.addWidget(to, 1, 2)
        grid.addWidget(self._high, 1, 3)
        grid.setColumnStretch(0, 1)
        self._modality.activated.connect(self._on_modality_chosen)
        for box in (self._low, self._high):
            box.valueChanged.connect(self._on_number_changed)
            box.installEventFilter(self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SHOWN_MS)
        self._soon.timeout.connect(self._show_range)
        self._options.events.intensities.connect(self._on_range_changed)
        self._options.events.connect(self._synchronize)
        self._synchronize()

    def _synchronize(self, *_: object) -> None:
        show_modality(self._modality, self._session, self._options.modality)
        chosen = self._options.intensities
        self._low.setEnabled(chosen is not None)
        self._high.setEnabled(chosen is not None)
        if chosen is None:
            return
        decimals = 0 if chosen.high - chosen.low >= 20 else 2
        for box, value in ((self._low, chosen.low), (self._high, chosen.high)):
            with QSignalBlocker(box):
                box.setDecimals(decimals)
                box.setSingleStep(max((chosen.high - chosen.low) / 50, 10.0**-decimals))
                box.setValue(value)

    def _on_number_changed(self) -> None:
        low, high = sorted((self._low.value(), self._high.value()))
        self._options.intensities = IntensityRange(low, high)

    def _on_modality_chosen(self) -> None:
        """Numbers of one image mean nothing in another."""
        if self._modality.currentData() is not self._options.modality:
            self._options.modality = self._modality.currentData()
            self._session.annotating.options.intensities = None

    def _on_range_changed(self) -> None:
        if self._options.painting is Painting.IN_RANGE and self._options.intensities is not None:
            self._session.annotating.hand.range_shown = True
            self._soon.start()

    def _show_range(self) -> None:
        """Draw the range while a number is being typed or the mouse is here."""
        chosen = self._low.hasFocus() or self._high.hasFocus() or self.underMouse()
        self._session.annotating.hand.range_shown = self.isVisible() and chosen

    def enterEvent(self, event: QEnterEvent) -> None:
        self._session.annotating.hand.range_shown = True
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._soon.start()
        super().leaveEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._soon.start(0)
        return super().eventFilter(watched, event)


def modality_box(tip: str) -> QComboBox:
    """A choice of the case's modalities."""
    box = QComboBox()
    box.setToolTip(tip)
    box.setAccessibleName(tip)
    return box


def show_modality(box: QComboBox, session: Session, chosen: Modality) -> None:
    """List what the case has, and show what is chosen."""
    there = [m for m in Modality if session.case is not None and m in session.case.volumes]
    if [box.itemData(n) for n in range(box.count())] != there:
        box.clear()
        for modality in there:
            box.addItem(modality.title, modality)
    box.setCurrentIndex(max(box.findData(chosen), 0))


def _box(name: str) -> NumberBox:
    box = NumberBox()
    box.setRange(-1e7, 1e7)
    box.setKeyboardTracking(False)
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setFixedWidth(68)
    return box
