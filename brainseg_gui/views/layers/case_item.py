"""A row of the case list: its name, and what it has in columns of their own at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPen
from PySide6.QtWidgets import QApplication, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from brainseg_gui.annotation.case_list import CaseEntry, CaseState
from brainseg_gui.errors import printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour
from brainseg_gui.views.widgets.words_behind import WORDS, draw_words_behind

SOURCE = Qt.ItemDataRole.UserRole
COUNT, REFERENCE = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2

STATE_ICONS = {
    CaseState.TO_DO: ("state-to-do", "faint"),
    CaseState.IN_WORK: ("state-in-work", "accent"),
    CaseState.DONE: ("state-done", "quiet"),
    CaseState.FLAGGED: ("state-flagged", "problem"),
}
_COUNT_WIDTH, _REFERENCE_WIDTH, _DISC = 26, 18, 9


class CaseItem(QListWidgetItem):
    """The row of a case. Thousands are made at once, so that what few are asked for is made when it is."""

    def __init__(self, source: CaseSource) -> None:
        super().__init__(source.case_id)
        self.setData(SOURCE, source)
        self.setData(COUNT, f"{len(Modality) - len(source.missing)}/{len(Modality)}" if source.missing else "")
        self.setData(REFERENCE, source.reference is not None)
        self.source, self.complete = source, not source.missing
        self.entry = CaseEntry(source.case_id)
        self.hidden = False
        self.reason = ""
        """Why the case helps, where the list is ordered by that."""
        self._drawn: tuple[CaseState, int] | None = None

    def show_entry(self, entry: CaseEntry, icons: Mapping[CaseState, QIcon]) -> None:
        """Show how far the case is."""
        self.entry = entry
        wanted = entry.state, icons[entry.state].cacheKey()  # another theme has others
        if wanted != self._drawn:
            self._drawn = wanted
            self.setIcon(icons[entry.state])

    def hide_unless(self, fits: bool) -> None:
        """Show the case only if it fits what is looked for."""
        if self.hidden is fits:
            self.hidden = not fits
            self.setHidden(self.hidden)

    def data(self, role: int) -> Any:
        """What Qt asks for; the tool tip, which tells everything, when the mouse rests on the row."""
        if role != Qt.ItemDataRole.ToolTipRole:
            return super().data(role)
        return _tip(self.source, self.entry, None if self.reason else super().data(WORDS), self.reason)


def _tip(source: CaseSource, entry: CaseEntry, network: str | None, reason: str) -> str:
    has = ", ".join(m.title for m in Modality if m in source.modalities)
    reference = f"◐ reference {source.reference.name}" if source.reference else "no reference"
    by = f" ({entry.by}, {entry.changed.astimezone():%d %b %Y %H:%M})" if entry.by else ""
    note = f": {entry.note}" if entry.note else ""
    run = (*((f"Network: {network}",) if network else ()), *((f"Why here: {reason}",) if reason else ()))
    words = (source.case_id, f"{entry.state.title}{note}{by}", *run, f"{has}; {reference}", str(source.folder))
    return plain_tip("\n".join(map(printable, words)))


class CaseItemDelegate(QStyledItemDelegate):
    """Draws the marks of all rows one under the other, however long the names are."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text, ground.icon = "", QIcon()
        style = ground.widget.style() if ground.widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, ground.widget)
        end = option.rect.right() - _REFERENCE_WIDTH
        count = index.data(COUNT)
        named = QStyleOptionViewItem(option)
        named.rect = option.rect.adjusted(0, 0, -(_REFERENCE_WIDTH + (_COUNT_WIDTH if count else 0)), 0)
        super().paint(painter, named, index)
        draw_words_behind(painter, named, index)
        painter.setPen(colour("quiet"))
        frame = QRectF(end - _COUNT_WIDTH, option.rect.top(), _COUNT_WIDTH, option.rect.height())
        painter.drawText(frame, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), count)
        if index.data(REFERENCE):
            middle = option.rect.center().y() + 1
            _draw_half_disc(painter, QRectF(end + 6, middle - _DISC / 2, _DISC, _DISC))


def _draw_half_disc(painter: QPainter, frame: QRectF) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour("quiet"), 1.2))
    painter.drawEllipse(frame)
    painter.setBrush(colour("quiet"))
    painter.drawPie(frame, 90 * 16, 180 * 16)
    painter.restore()
