"""Saying which file is which modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.screen_room import fit_screen
from brainseg_gui.views.widgets.wheel_guard import WheelGuard

_NOTHING = "not used"
_MASK = "mask"
_WIDTH = 560


class AssignDialog(QDialog):
    """One row per file with what it is taken for.

    Parameters
    ----------
    files
        The files to choose from.
    assigned
        What each is taken for now: file -> modality, or ``"mask"``.
    """

    def __init__(self, files: Sequence[Path], assigned: Mapping[Path, Modality | str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Assign files")
        self._choices: dict[Path, QComboBox] = {}
        column = QVBoxLayout(self)
        text = QLabel("What is each file? A modality can be given once; one file may be the mask.")
        text.setWordWrap(True)
        text.setObjectName("quiet")
        column.addWidget(text)
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setColumnStretch(0, 1)
        for row, path in enumerate(files):
            grid.addWidget(ElidedLabel(path.name), row, 0)
            grid.addWidget(self._choice(path, assigned.get(path)), row, 1)
        column.addWidget(_Scrolled(rows), 1)
        self._problem = QLabel()
        self._problem.setObjectName("problem")
        column.addWidget(self._problem)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        column.addWidget(self._buttons)
        fit_screen(self, (_WIDTH, self.sizeHint().height()))
        WheelGuard(rows)
        self._check()

    def _choice(self, path: Path, kind: Modality | str | None) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(f"What {path.name} is")
        box.addItem(_NOTHING, None)
        for modality in Modality:
            box.addItem(modality.title, modality.value)
        box.addItem(_MASK, _MASK)
        wanted = kind.value if isinstance(kind, Modality) else kind
        box.setCurrentIndex(max(box.findData(wanted), 0))
        box.currentIndexChanged.connect(self._check)
        self._choices[path] = box
        return box

    @property
    def modalities(self) -> dict[Modality, Path]:
        """The modalities as assigned."""
        taken = {box.currentData(): path for path, box in self._choices.items()}
        return {modality: taken[modality.value] for modality in Modality if modality.value in taken}

    @property
    def mask_file(self) -> Path | None:
        """The file that is the mask."""
        return next((path for path, box in self._choices.items() if box.currentData() == _MASK), None)

    def _check(self) -> None:
        kinds = [box.currentData() for box in self._choices.values() if box.currentData() is not None]
        twice = next((kind for kind in kinds if kinds.count(kind) > 1), None)
        if twice is not None:
            problem = f"Two files are taken for {_MASK if twice == _MASK else Modality(twice).title}."
        elif not self.modalities:
            problem = "No file is a modality yet."
        else:
            problem = ""
        self._problem.setText(problem)
        self._buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(not problem)


class _Scrolled(QScrollArea):
    """As high as its rows where the screen has room for them; else they scroll, and the buttons stay in sight."""

    def __init__(self, rows: QWidget) -> None:
        super().__init__()
        self._rows = rows
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(rows)

    def sizeHint(self) -> QSize:
        return self._rows.sizeHint()
