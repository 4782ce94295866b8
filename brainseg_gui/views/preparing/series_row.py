"""One series of a raw examination: its picture, its name, what it is taken for, how sure that is, and why."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from brainseg_gui.imaging.grid import describe_shape, describe_spacing
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.roles import Certainty, Role
from brainseg_gui.preparation.series import Series, SeriesLook
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.plain_text import breakable, plain_tip
from brainseg_gui.views.widgets.wheel_guard import WheelGuard

_PICTURE_PX = 52
_NOTHING = "not used"


class SeriesRow(QWidget):
    """Shows a `Series`; it is made anew for none.

    Signals
    -------
    role_chosen
        The modality that a person takes it for, or None.
    """

    role_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._picture, self.why = QLabel(), QLabel()
        self.name, self.role = ElidedLabel(), QComboBox()
        self._look: SeriesLook | None = None
        self._picture.setFixedSize(_PICTURE_PX, _PICTURE_PX)
        self._picture.setObjectName("picture")
        self.why.setWordWrap(True)
        self.why.setTextFormat(Qt.TextFormat.PlainText)
        for modality in (None, *Modality):
            self.role.addItem(modality.title if modality else _NOTHING, modality)
        self.role.activated.connect(lambda _: self.role_chosen.emit(self.role.currentData()))
        WheelGuard(self)
        self._lay_out()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(1, 1)
        grid.addWidget(self._picture, 0, 0, 2, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.role, 0, 2)
        grid.addWidget(self.why, 1, 1, 1, 2, Qt.AlignmentFlag.AlignTop)

    def show_series(self, series: Series, taken: Role | None, why: str, *, enabled: bool) -> None:
        """Show a series.

        Parameters
        ----------
        taken
            What it is taken for; None where it is not used.
        why
            Why that is, or why it is not used.
        """
        grid = series.header.stored_grid.grid
        self.name.setText(series.name)
        self.name.setToolTip(f"{series.name}\n{describe_shape(grid.shape)} voxels of {describe_spacing(grid)} mm")
        size = f"{'×'.join(f'{edge:.1f}' for edge in series.spacing_mm)} mm"
        open_to_doubt = taken is not None and taken.certainty is Certainty.UNSURE
        if self.why.objectName() != (named := "problem" if open_to_doubt else "quiet"):
            self.why.setObjectName(named)
            self.why.style().polish(self.why)
        told = f"{taken.certainty.value}: {why}" if taken is not None else why
        self.why.setText(breakable(f"{size} · {told}"))
        with QSignalBlocker(self.role):
            self.role.setCurrentIndex(self.role.findData(taken.modality if taken is not None else None))
        self.role.setAccessibleName(f"What {series.name} is")
        self.role.setToolTip(plain_tip(told))
        self.role.setEnabled(enabled)
        self._show_look(series.look)

    def _show_look(self, look: SeriesLook | None) -> None:
        if look is self._look:
            return
        self._look = look
        if look is None:
            self._picture.clear()
            return
        rows, columns = look.picture.shape
        image = QImage(look.picture.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
        pixmap = QPixmap.fromImage(image.copy())
        pixmap.setDevicePixelRatio(columns / _PICTURE_PX)
        self._picture.setPixmap(pixmap)
