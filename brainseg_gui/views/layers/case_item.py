"""A row of the case list: its name, and what it has in columns of their own at the end."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPen
from PySide6.QtWidgets import QApplication, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from brainseg_gui.annotation.case_list import CaseEntry, CaseState
from brainseg_gui.errors import printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour, icon

SOURCE = Qt.ItemDataRole.UserRole
COUNT, REFERENCE = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2

STATE_ICONS = {
    CaseState.TO_DO: ("state-to-do", "faint"),
    CaseState.IN_WORK: ("state-in-work", "accent"),
    CaseState.DONE: ("state-done", "quiet"),
    CaseState.FLAGGED: ("state-flagged", "problem"),
}
_COUNT_WIDTH, _REFERENCE_WIDTH, _DISC = 26, 18, 9


def case_item(source: CaseSource, entry: CaseEntry) -> QListWidgetItem:
    """The row of a case; its tool tip tells everything."""
    item = QListWidgetItem(icon(*STATE_ICONS[entry.state]), source.case_id)
    item.setData(SOURCE, source)
    item.setData(COUNT, f"{len(Modality) - len(source.missing)}/{len(Modality)}" if source.missing else "")
    item.setData(REFERENCE, source.reference is not None)
    has = ", ".join(m.title for m in Modality if m in source.modalities)
    reference = f"◐ reference {source.reference.name}" if source.reference else "no reference"
    by = f" ({entry.by}, {entry.changed.astimezone():%d %b %Y %H:%M})" if entry.by else ""
    note = f": {entry.note}" if entry.note else ""
    words = (source.case_id, f"{entry.state.title}{note}{by}", f"{has}; {reference}", str(source.folder))
    item.setToolTip(plain_tip("\n".join(map(printable, words))))
    return item


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
        painter.setPen(colour("quiet"))
        place = QRectF(end - _COUNT_WIDTH, option.rect.top(), _COUNT_WIDTH, option.rect.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), count)
        if index.data(REFERENCE):
            middle = option.rect.center().y() + 1
            _draw_half_disc(painter, QRectF(end + 6, middle - _DISC / 2, _DISC, _DISC))


def _draw_half_disc(painter: QPainter, place: QRectF) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour("quiet"), 1.2))
    painter.drawEllipse(place)
    painter.setBrush(colour("quiet"))
    painter.drawPie(place, 90 * 16, 180 * 16)
    painter.restore()
