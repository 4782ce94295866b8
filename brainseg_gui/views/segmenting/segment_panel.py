"""Choosing a network, running it, and watching it run."""

from __future__ import annotations

import time

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.state.segmenting.segmenting import ModelChoice
from brainseg_gui.state.session import Session
from brainseg_gui.views.widgets.elided_combo import ElidedComboBox
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import make_primary

_DEVICES = (("auto", "Fastest device"), ("cpu", "CPU"), ("gpu", "GPU"))
_PRECISIONS = (("auto", "Fastest precision"), ("float32", "float32"), ("bfloat16", "bfloat16"))
_STATUS_PX = 36  # two lines, so that little moves when there are


class SegmentPanel(QWidget):
    """Model, device, precision; the primary action; progress where the work was asked for."""

    segment_requested = Signal()
    cancel_requested = Signal()
    model_folder_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._session = session
        self._started = 0.0
        self._filled: tuple[tuple[ModelChoice, ...], ModelChoice | None] | None = None  # the models that are listed
        self._clock = QTimer(self)
        self._clock.setInterval(100)
        self._clock.timeout.connect(self._show_time)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 8)
        column.setSpacing(6)
        column.addLayout(self._choices())
        column.addLayout(self._buttons())
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        column.addWidget(self._bar)
        self._status = QLabel()
        self._status.setTextFormat(Qt.TextFormat.PlainText)
        self._status.setObjectName("quiet")
        self._status.setWordWrap(True)
        self._status.setMinimumHeight(_STATUS_PX)
        column.addWidget(self._status)
        session.segmenting.events.connect(self._on_segmenting_changed)
        self._synchronize()

    def _choices(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(6)
        self._model, self._device, self._precision = ElidedComboBox(), QComboBox(), QComboBox()
        for box, name in ((self._model, "Model"), (self._device, "Device"), (self._precision, "Precision")):
            box.setAccessibleName(name)
            box.setMinimumWidth(60)
        self._device.setToolTip("Where the network runs: the GPU if there is one, else the CPU")
        self._precision.setToolTip(
            "bfloat16 where the processor or GPU has it: about twice as fast, nearly the same masks"
        )
        for box, entries in ((self._device, _DEVICES), (self._precision, _PRECISIONS)):
            for key, text in entries:
                box.addItem(text, key)
        more = QPushButton("Other…")
        more.setToolTip("Choose a model folder of your own")
        more.clicked.connect(self.model_folder_requested)
        grid.addWidget(self._model, 0, 0)
        grid.addWidget(more, 0, 1)
        pair = QHBoxLayout()
        pair.setSpacing(6)
        pair.addWidget(self._device, 1)
        pair.addWidget(self._precision, 1)
        grid.addLayout(pair, 1, 0, 1, 2)
        self._keep = QCheckBox("Keep probabilities")
        self._keep.setToolTip(
            "Keep how sure the network was of each class, to draw and to compare with a reference. "
            "Takes 4 bytes per voxel of the brain, about 15 MB, and some tenths of a second"
        )
        self._keep.toggled.connect(self._on_keep_toggled)
        grid.addWidget(self._keep, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        self._model.activated.connect(self._on_model_chosen)
        self._device.activated.connect(self._on_device_chosen)
        self._precision.activated.connect(self._on_precision_chosen)
        return grid

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self._run = QPushButton("Segment")
        self._run.clicked.connect(self.segment_requested)
        self._cancel = QPushButton("Cancel")
        self._cancel.setToolTip("Stop; the case and its masks stay as they are (Escape)")
        self._cancel.clicked.connect(self.cancel_requested)
        row.addWidget(self._run, 1)
        row.addWidget(self._cancel)
        return row

    def _on_segmenting_changed(self, _change: object) -> None:
        self._synchronize()

    def _synchronize(self) -> None:
        state = self._session.segmenting
        self._fill_models()
        for box, key in ((self._device, state.device), (self._precision, state.precision)):
            with QSignalBlocker(box):
                box.setCurrentIndex(box.findData(key))
            box.setEnabled(not state.running)
        self._model.setEnabled(not state.running)
        with QSignalBlocker(self._keep):
            self._keep.setChecked(state.keep_probabilities)
        self._keep.setEnabled(not state.running)
        self._run.setEnabled(not state.running and not state.unavailable)
        make_primary(self._run, not state.later)
        tip = "Run the network on the open case (Ctrl+Return)"
        self._run.setToolTip(plain_tip(state.unavailable or "\n".join(filter(None, (tip, state.caution)))))
        self._cancel.setEnabled(state.running)
        self._bar.setVisible(state.running)
        self._bar.setValue(round(1000 * state.done) if state.running else 0)
        self._follow_clock(state.running)
        self._show_time()

    def _fill_models(self) -> None:
        state = self._session.segmenting
        if self._filled == (state.models, state.model):
            return  # the network tells many times in a second how far it is
        self._filled = state.models, state.model
        with QSignalBlocker(self._model):
            self._model.clear()
            for choice in state.models:
                self._model.addItem(choice.title)
            if state.model in state.models:
                self._model.setCurrentIndex(state.models.index(state.model))
        self._model.setToolTip(plain_tip(state.model.description) if state.model else "No model is there")

    def _follow_clock(self, running: bool) -> None:
        if running and not self._clock.isActive():
            self._started = time.monotonic()
            self._clock.start()
        elif not running:
            self._clock.stop()

    def _show_time(self) -> None:
        state = self._session.segmenting
        if not state.running:
            self._say(state.unavailable or state.outcome or state.caution)
            return
        stage = state.stage.capitalize() + (f", {state.detail}" if state.detail else "")
        self._say(f"{stage} · {_time_words(time.monotonic() - self._started, state.expected_s)}")

    def _say(self, words: str) -> None:
        self._status.setText(words)
        self._keep_room()

    def _keep_room(self) -> None:
        """A dock takes words that need more lines than Qt thinks for few, and squeezes the boxes above them."""
        self._status.setMinimumHeight(max(_STATUS_PX, self._status.heightForWidth(self._status.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_room()

    def _on_model_chosen(self, index: int) -> None:
        self._session.segmenting.model = self._session.segmenting.models[index]

    def _on_keep_toggled(self, on: bool) -> None:
        self._session.segmenting.keep_probabilities = on

    def _on_device_chosen(self, index: int) -> None:
        self._session.segmenting.device = self._device.itemData(index)

    def _on_precision_chosen(self, index: int) -> None:
        self._session.segmenting.precision = self._precision.itemData(index)


def _time_words(passed_s: float, expected_s: float) -> str:
    """How long the work takes so far, beside how long it took last time; a number keeps its unit on its line."""
    words = f"{passed_s:.1f}\u00a0s"
    if not expected_s:
        return words
    expected = f"{expected_s:.0f}\u00a0s"
    return f"{words} of about {expected}" if passed_s <= expected_s else f"{words}, longer than last time ({expected})"
