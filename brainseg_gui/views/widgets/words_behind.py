"""Words at the end of a row of a list, in the room that its name leaves."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from brainseg_gui.views.widgets.theme import colour

WORDS = Qt.ItemDataRole.UserRole + 3
"""Where a row keeps them."""

_GAP, _LEAST = 8, 24

Index = QModelIndex | QPersistentModelIndex


class WordsBehindDelegate(QStyledItemDelegate):
    """Draws the words of all rows at the right, one under the other."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        draw_words_behind(painter, option, index)


def draw_words_behind(painter: QPainter, named: QStyleOptionViewItem, index: Index) -> None:
    """Draw the words as far as there is room: the name is never shortened for them.

    Parameters
    ----------
    named
        Where the name is drawn.
    """
    words, metrics = index.data(WORDS), named.fontMetrics
    icon = named.decorationSize.width() if index.data(Qt.ItemDataRole.DecorationRole) is not None else 0
    room = named.rect.adjusted(icon + metrics.horizontalAdvance(index.data()) + 2 * _GAP, 0, -_GAP, 0)
    if words and room.width() >= _LEAST:
        painter.setPen(colour("quiet"))
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), words)
