"""Crosshair, orientation letters, titles and the scale bar over a slice, in screen pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.plane import edge_letters
from brainseg_gui.state.session import Session
from brainseg_gui.views.slice_picture import Content

if TYPE_CHECKING:
    from brainseg_gui.views.slice_view import SliceView

_TEXT = QColor(214, 218, 222)
_QUIET = QColor(160, 166, 173)
_SHADOW = QColor(0, 0, 0, 200)
_CROSS = QColor(111, 155, 242, 150)
_GAP = 10
_EDGE = 8
_BARS_MM = (100, 50, 20, 10, 5, 2, 1)


def draw_crosshair(painter: QPainter, frame: QRect, centre: QPoint) -> None:
    """Two lines that leave the voxel under them free."""
    # filled rectangles of one pixel: several times cheaper than translucent lines
    x, y = centre.x(), centre.y()
    painter.fillRect(frame.left(), y, x - _GAP - frame.left(), 1, _CROSS)
    painter.fillRect(x + _GAP, y, frame.right() - x - _GAP + 1, 1, _CROSS)
    painter.fillRect(x, frame.top(), 1, y - _GAP - frame.top(), _CROSS)
    painter.fillRect(x, y + _GAP, 1, frame.bottom() - y - _GAP + 1, _CROSS)


def draw_marks(painter: QPainter, view: SliceView, case: Case, session: Session) -> None:
    """Letters at the edges, what is shown at the top left, slice at the bottom left, scale at the bottom right."""
    frame = view.viewport().rect().adjusted(_EDGE, _EDGE - 2, -_EDGE, -_EDGE + 2)
    painter.setFont(_font(10))
    letters = edge_letters(view.plane, session.viewing.convention)
    align = Qt.AlignmentFlag
    for letter, place in (
        (letters.left, align.AlignLeft | align.AlignVCenter),
        (letters.right, align.AlignRight | align.AlignVCenter),
        (letters.top, align.AlignHCenter | align.AlignTop),
        (letters.bottom, align.AlignHCenter | align.AlignBottom),
    ):
        _write(painter, frame, place, letter, _TEXT, bold=True)
    _write(painter, frame, align.AlignLeft | align.AlignTop, _title(view, case, session), _TEXT)
    count = case.grid.shape[view.plane.axis]
    _write(painter, frame, align.AlignLeft | align.AlignBottom, f"{view.slice_index + 1} / {count}", _QUIET)
    if view.content is not Content.ALL:
        _write(painter, frame, align.AlignRight | align.AlignTop, _content_title(view, session), _TEXT)
    _draw_scale_bar(painter, frame, view.screen_pixels_per_mm)


def _title(view: SliceView, case: Case, session: Session) -> str:
    words = [view.plane.title, view.modality.title]
    if view.modality not in case.volumes:
        words.append("not found" if not session.previewing else "reading…")
    return " · ".join(words)


def _content_title(view: SliceView, session: Session) -> str:
    layers = session.layers
    if view.content is Content.AGREEMENT:
        return f"agreement {(session.viewing.agreement or regions()[0]).key}"
    layer = layers.reference if view.content is Content.REFERENCE else layers.prediction
    return layer.name if layer is not None else f"no {view.content.value}"


def _draw_scale_bar(painter: QPainter, frame: QRect, pixels_per_mm: float) -> None:
    length_mm = next((mm for mm in _BARS_MM if mm * pixels_per_mm <= frame.width() / 4), _BARS_MM[-1])
    length = round(length_mm * pixels_per_mm)
    right, bottom = frame.right(), frame.bottom() - 4
    for offset, colour in ((1, _SHADOW), (0, _QUIET)):
        painter.fillRect(right - length + offset, bottom + offset, length, 1, colour)
        for x in (right - length, right):
            painter.fillRect(x + offset, bottom - 3 + offset, 1, 7, colour)
    text = QRect(frame.left(), frame.top(), frame.width() - length - 8, frame.height())
    place = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
    _write(painter, text, place, f"{length_mm} mm", _QUIET)


def _write(
    painter: QPainter, frame: QRect, place: Qt.AlignmentFlag, text: str, colour: QColor, *, bold: bool = False
) -> None:
    font = painter.font()
    font.setBold(bold)
    painter.setFont(font)
    painter.setPen(_SHADOW)
    painter.drawText(frame.translated(1, 1), place, text)
    painter.setPen(colour)
    painter.drawText(frame, place, text)


def _font(points: int) -> QFont:
    font = QFont()
    font.setPointSize(points)
    return font
