"""Asking how a mask goes out as a DICOM object: of which series, as what, and whether anybody is to be known by it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.views.widgets.elided_label import ElidedLabel

_NO_SERIES = "none chosen"
_WHAT = (
    "A DICOM mask belongs to a series: choose the folder of the DICOM files that this case was made of. "
    "The series that lies where the mask does is found in it."
)
_NAMES = "It names the patient and study of that series, as DICOM wants it, and nothing else of its headers."
_NAMELESS = "Patient, dates and descriptions are empty, UIDs are replaced (basic profile of DICOM PS3.15)."


class DicomExportDialog(QDialog):
    """A form of three rows.

    Parameters
    ----------
    mask
        Name of the layer.
    kinds
        Key -> title of each kind of object.
    series
        The folder that is proposed; None where none is known.

    Signals
    -------
    series_requested
        The person wants to choose the folder.
    """

    series_requested = Signal()

    def __init__(self, mask: str, kinds: Mapping[str, str], series: Path | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export mask as DICOM")
        self.setMinimumWidth(540)
        self._series = series
        self._kinds = QComboBox()
        for key, title in kinds.items():
            self._kinds.addItem(title, key)
        self._folder = ElidedLabel(_NO_SERIES)
        self._choose = QPushButton("Choose…")
        self._choose.clicked.connect(self.series_requested)
        self._nameless = QCheckBox("De-identify")
        self._nameless.toggled.connect(self._synchronize)
        self._consequence = _quiet_label("")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self._save = self._buttons.button(QDialogButtonBox.StandardButton.Save)
        self._save.setText("Export…")
        self._save.setObjectName("primary")
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._arrange(mask)
        self._synchronize()

    def _arrange(self, mask: str) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.addWidget(self._folder, 1)
        row.addWidget(self._choose)
        form.addRow("Mask", ElidedLabel(mask))
        form.addRow("As", self._kinds)
        form.addRow("Series", row)
        form.addRow("", self._nameless)
        self._kinds.setAccessibleName("Kind of DICOM object")
        self._choose.setAccessibleName("Choose the folder of the series")
        column = QVBoxLayout(self)
        column.addWidget(_quiet_label(_WHAT))
        column.addLayout(form)
        column.addWidget(self._consequence)
        column.addWidget(self._buttons)

    @property
    def kind(self) -> str:
        """Key of the chosen kind."""
        return str(self._kinds.currentData())

    @property
    def series(self) -> Path | None:
        """The folder of the series."""
        return self._series

    @property
    def deidentify(self) -> bool:
        """Whether nobody is to be known by it."""
        return self._nameless.isChecked()

    def take_series(self, folder: Path) -> None:
        """Show the folder that was chosen."""
        self._series = folder
        self._synchronize()

    def _synchronize(self) -> None:
        self._folder.setText(str(self._series) if self._series is not None else _NO_SERIES)
        self._consequence.setText(_NAMELESS if self._nameless.isChecked() else _NAMES)
        self._save.setEnabled(self._series is not None)
        self._save.setToolTip("" if self._series is not None else "Choose the folder of the series first")


def _quiet_label(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("quiet")
    label.setWordWrap(True)
    return label
