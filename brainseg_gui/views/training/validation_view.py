"""Pictures of a validation case, epoch by epoch."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_values import ValidatedCase
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.views.widgets.elided_combo import ElidedComboBox

_NOTHING = "Each validated epoch shows a whole case here, the prediction beside its reference."


class ValidationView(QWidget):
    """The newest epoch's picture; earlier ones by the slider. Stays at the newest until the slider is moved back.

    Signals
    -------
    picture_wanted
        The file of a picture that is to be shown; answered by `show_picture`.
    """

    picture_wanted = Signal(object)

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self._watch = watch
        self._record: RunRecord | None = None
        self._entries: list[ValidatedCase] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        title = QLabel("Validation")
        title.setObjectName("section")
        self.case = ElidedComboBox()
        self.case.setAccessibleName("Validation case")
        self.case.setToolTip("Which validation case is shown")
        self.case.setMinimumWidth(60)
        self.case.activated.connect(self._on_case_chosen)
        head.addWidget(title)
        head.addWidget(self.case, 1)
        column.addLayout(head)
        self.picture = _Picture()
        column.addWidget(self.picture, 1)
        self._dice = QLabel()
        self._dice.setTextFormat(Qt.TextFormat.PlainText)
        self._dice.setObjectName("quiet")
        column.addWidget(self._dice)
        column.addLayout(self._slider_row())
        watch.chosen_changed.connect(self._synchronize)
        watch.news_came.connect(self._synchronize)
        self._synchronize()

    def show_picture(self, file: Path, image: QImage) -> None:
        """Show a picture that was wanted, an empty one where there is none."""
        self.picture.show_image(file, image)

    def _slider_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.epoch = QSlider(Qt.Orientation.Horizontal)
        self.epoch.setAccessibleName("Epoch of the picture")
        self.epoch.setToolTip("Earlier epochs; at the right end the newest one is followed")
        self.epoch.valueChanged.connect(self._show_entry)
        self._epoch_text = QLabel()
        self._epoch_text.setObjectName("quiet")
        self._epoch_text.setFixedWidth(76)
        self._epoch_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.epoch, 1)
        row.addWidget(self._epoch_text)
        return row

    def _synchronize(self) -> None:
        record = self._watch.chosen
        other, self._record = record is not self._record, record
        cases = record.cases if record is not None else []
        wanted = self.case.currentText()
        with QSignalBlocker(self.case):
            if [self.case.itemText(n) for n in range(self.case.count())] != cases:
                self.case.clear()
                self.case.addItems(cases)
                self.case.setCurrentIndex(cases.index(wanted) if wanted in cases and not other else 0)
        for widget in (self.case, self.epoch, self._epoch_text):
            widget.setVisible(bool(cases))
        self._fill(newest=other)

    def _on_case_chosen(self) -> None:
        self._fill(newest=False)

    def _fill(self, *, newest: bool) -> None:
        follows = newest or self.epoch.value() == self.epoch.maximum()
        self._entries = self._record.of_case(self.case.currentText()) if self._record is not None else []
        with QSignalBlocker(self.epoch):
            self.epoch.setRange(0, max(len(self._entries) - 1, 0))
            if follows:
                self.epoch.setValue(self.epoch.maximum())
        self.epoch.setEnabled(len(self._entries) > 1)
        self._show_entry()

    def _show_entry(self) -> None:
        if not self._entries:
            self._dice.setText("")
            self.picture.expect(None, _NOTHING)
            return
        entry = self._entries[min(self.epoch.value(), len(self._entries) - 1)]
        self._epoch_text.setText(f"epoch {entry.epoch}")
        self._dice.setText("   ".join(f"{region} {value:.3f}" for region, value in entry.dice.items()))
        self._dice.setToolTip("Dice per region, whole case")
        missing = "No picture was kept for this epoch." if entry.picture is None else "The picture is not there yet."
        if self.picture.expect(entry.picture, missing):
            self.picture_wanted.emit(entry.picture)


class _Picture(QFrame):
    """A file, as large as there is room, on black."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("picture")
        self.setMinimumHeight(120)
        self.setAccessibleName("Prediction and reference of the validation case")
        self._file: Path | None = None
        self._pixmap = QPixmap()
        self._missing = ""

    def expect(self, file: Path | None, missing: str) -> bool:
        """Wait for a picture, meanwhile showing the one before; returns whether it has yet to be read."""
        wanted = file is not None and (file != self._file or self._pixmap.isNull())
        if file is None:
            self._pixmap = QPixmap()
        self._file, self._missing = file, missing
        self.update()
        return wanted

    def show_image(self, file: Path, image: QImage) -> None:
        """Show a picture, if it still is the one that is expected."""
        if file == self._file:
            self._pixmap = QPixmap.fromImage(image)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        area = self.contentsRect().adjusted(4, 4, -4, -4)
        if self._pixmap.isNull():
            painter.setPen(Qt.GlobalColor.gray)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._missing)
            return
        ratio = self.devicePixelRatioF()
        size = self._pixmap.size().scaled(area.size() * ratio, Qt.AspectRatioMode.KeepAspectRatio)
        scaled = self._pixmap.scaled(
            size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        scaled.setDevicePixelRatio(ratio)
        shown = QSize(round(scaled.width() / ratio), round(scaled.height() / ratio))
        left = area.left() + (area.width() - shown.width()) // 2
        painter.drawPixmap(left, area.top() + (area.height() - shown.height()) // 2, scaled)
