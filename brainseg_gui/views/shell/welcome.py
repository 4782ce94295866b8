"""What stands in the middle while no case is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from brainseg_gui.errors import printable
from brainseg_gui.views.widgets.clear_layout import clear_layout
from brainseg_gui.views.widgets.plain_text import plain_caption, plain_tip
from brainseg_gui.views.widgets.theme import icon


@dataclass(frozen=True)
class RecentCase:
    """A case that was open before.

    Parameters
    ----------
    path
        Its folder.
    thumbnail
        Picture of its middle slice, or None.
    """

    path: Path
    thumbnail: Path | None = None


_SHOWN = 5
_THUMBNAIL = QSize(96, 96)


class Welcome(QWidget):
    """Drop a folder, open one, try the demonstration case, or go on where one was."""

    open_requested = Signal()
    demo_requested = Signal()
    recent_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("welcome")
        self._cases: tuple[RecentCase, ...] = ()
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        column = QVBoxLayout()
        column.setSpacing(8)
        outer.addLayout(column)
        outer.addStretch(3)
        heading = QLabel("Drop a case folder here")
        heading.setObjectName("heading")
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        text = QLabel(
            "T1, T1ce, T2 and FLAIR, with or without a mask; a folder of such folders;\n"
            "or an examination as the scanner gave it (DICOM, raw NIfTI, NRRD, MetaImage)."
        )
        text.setObjectName("quiet")
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        text.setWordWrap(True)
        column.addWidget(heading)
        column.addWidget(text)
        column.addSpacing(8)
        column.addLayout(self._buttons())
        column.addSpacing(24)
        self._recent_title = QLabel("Recent")
        self._recent_title.setObjectName("section")
        self._recent_title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._recent_title)
        self._recent = QHBoxLayout()
        self._recent.setSpacing(8)
        column.addLayout(self._recent)
        self.show_recent(())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        self._open = QPushButton("Open case folder…")
        self._open.setObjectName("primary")
        self._open.clicked.connect(self.open_requested)
        demo = QPushButton("Try the demonstration case")
        demo.clicked.connect(self.demo_requested)
        row.addWidget(self._open)
        row.addWidget(demo)
        row.addStretch(1)
        return row

    def show_recent(self, cases: Sequence[RecentCase]) -> None:
        """Show the last cases as cards."""
        self._cases = tuple(cases[:_SHOWN])
        clear_layout(self._recent)
        self._recent_title.setVisible(bool(cases))
        self._recent.addStretch(1)
        for case in self._cases:
            self._recent.addWidget(self._card(case))
        self._recent.addStretch(1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # another theme
            self.show_recent(self._cases)

    def _card(self, case: RecentCase) -> QToolButton:
        card = QToolButton()
        card.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        card.setIcon(QIcon(str(case.thumbnail)) if case.thumbnail else icon("brain", "faint"))
        card.setIconSize(_THUMBNAIL)
        card.setFixedWidth(136)
        name = card.fontMetrics().elidedText(case.path.name, Qt.TextElideMode.ElideMiddle, 120)
        card.setText(plain_caption(name))
        card.setToolTip(plain_tip(printable(str(case.path))))
        card.clicked.connect(lambda: self.recent_requested.emit(case.path))
        return card
