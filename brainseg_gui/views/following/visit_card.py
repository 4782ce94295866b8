"""One visit on the time line: its name, when it was, its category, and bars of its volumes."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from brainseg_gui.followup.volumes import VolumeRange
from brainseg_gui.views.widgets.plain_text import plain_tip
from brainseg_gui.views.widgets.theme import colour

_WIDTH, _NARROW, _HEIGHT = 176, 120, 88
_EDGE, _LINE, _BAR = 8, 17, 5
_KEY, _NUMBER = 22, 72  # pixels for "WT" before a bar, and for its ml behind it


@dataclass(frozen=True)
class VisitFacts:
    """What a card shows.

    Parameters
    ----------
    name, when
        Of the visit, for people.
    category
        Letters of what its numbers give, with a question mark where that is in doubt; empty before it is measured.
    volumes
        Region and its volume in ml, the largest first.
    largest_ml
        Upper limit of any volume of the patient: the full length of a bar.
    tip
        What the letters mean, and what is in doubt.
    doubtful
        Whether the category rests on what is not measurable.
    """

    name: str
    when: str
    category: str = ""
    volumes: tuple[tuple[str, VolumeRange], ...] = ()
    largest_ml: float = 1.0
    tip: str = ""
    doubtful: bool = False


class VisitCard(QAbstractButton):
    """A click opens the visit; it is checked while that is open, and `held` while it stands beside the open one."""

    def __init__(self, facts: VisitFacts) -> None:
        super().__init__()
        self._facts, self._held = facts, False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(_WIDTH)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.show_facts(facts)

    def show_facts(self, facts: VisitFacts) -> None:
        """Show other numbers of the visit."""
        self._facts = facts
        self.setAccessibleName(" ".join(filter(None, ("Visit", facts.name, facts.when, facts.category))))
        self.setToolTip(plain_tip(facts.tip))
        self.update()

    @property
    def facts(self) -> VisitFacts:
        """What is shown."""
        return self._facts

    def hold(self, held: bool) -> None:
        """Stand beside the open visit, or no longer."""
        if held is not self._held:
            self._held = held
            self.update()

    @property
    def held(self) -> bool:
        """Whether it stands beside the open visit."""
        return self._held

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROW, _HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the visit as the space bar does; arrows go from card to card."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_frame(painter)
        room = self.rect().adjusted(_EDGE, 5, -_EDGE, -5)
        self._draw_head(painter, room)
        for row, (key, volume) in enumerate(self._facts.volumes):
            place = QRect(room.left(), room.top() + 2 * _LINE + 2 + row * 14, room.width(), 14)
            self._draw_bar(painter, place, key, volume)
        painter.end()

    def _draw_frame(self, painter: QPainter) -> None:
        lit = self.isChecked() or self.underMouse()
        painter.setBrush(colour("hover" if lit else "raised"))
        edge = colour("accent") if self.isChecked() or self.hasFocus() else colour("quiet" if self._held else "line")
        style = Qt.PenStyle.DashLine if self._held and not self.isChecked() else Qt.PenStyle.SolidLine
        painter.setPen(QPen(edge, 2 if self.isChecked() or self._held else 1, style))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)

    def _draw_head(self, painter: QPainter, room: QRect) -> None:
        facts, left = self._facts, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        bold = QFont(self.font())
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(colour("text"))
        first = QRect(room.left(), room.top(), room.width(), _LINE)
        name = painter.fontMetrics().elidedText(facts.name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(first, left, name)
        second = first.translated(0, _LINE)
        painter.setFont(self.font() if facts.doubtful or not facts.volumes else bold)
        painter.setPen(colour("text" if facts.volumes and not facts.doubtful else "quiet"))
        letters = painter.fontMetrics().horizontalAdvance(facts.category) + 6 if facts.category else 0
        painter.drawText(second, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, facts.category)
        painter.setFont(self.font())
        painter.setPen(colour("quiet"))
        when = self.fontMetrics().elidedText(facts.when, Qt.TextElideMode.ElideRight, room.width() - letters)
        painter.drawText(second, left, when)

    def _draw_bar(self, painter: QPainter, row: QRect, key: str, volume: VolumeRange) -> None:
        small = QFont(self.font())
        small.setPointSizeF(max(self.font().pointSizeF() - 1.5, 6))
        painter.setFont(small)
        painter.setPen(colour("quiet"))
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, key)
        words = f"{_rounded(volume.value)} ± {_rounded(volume.half)} ml"
        painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        room = row.width() - _KEY - _NUMBER
        start, end, low, high = (
            row.left() + _KEY + round(room * ml / max(self._facts.largest_ml, 1e-9))
            for ml in (0.0, volume.value, volume.low, volume.high)
        )
        bar = QRect(start, row.center().y() - _BAR // 2, max(end - start, 1 if volume.value else 0), _BAR)
        painter.fillRect(bar, QColor(colour("faint")))
        if high > low:
            painter.fillRect(QRect(low, row.center().y(), high - low, 1), QColor(colour("text")))


def _rounded(ml: float) -> str:
    """Three digits at most, so that both numbers have room."""
    return f"{ml:.0f}" if ml >= 100 else f"{ml:.1f}"
