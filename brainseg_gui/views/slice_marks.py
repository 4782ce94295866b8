"""Crosshair, orientation letters, titles and the scale bar over a slice, in screen pixels."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from brainseg_gui.imaging.plane import EdgeLetters
from brainseg_gui.imaging.scalar_map import ScalarMap
from brainseg_gui.views.colour_bar import draw_legend

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


@dataclass(frozen=True)
class SliceMarks:
    """What is written over a slice.

    Parameters
    ----------
    letters
        Patient directions at the edges.
    title, content, position
        What is shown (top left), which masks (top right), which slice (bottom left).
    pixels_per_mm
        Zoom, for the scale bar.
    """

    letters: EdgeLetters
    title: str
    content: str
    position: str
    pixels_per_mm: float


def draw_marks(painter: QPainter, frame: QRect, marks: SliceMarks, overlay: ScalarMap | None = None) -> None:
    """Letters at the edges, titles in the corners, scale at the bottom right, and the colours of an overlay."""
    frame = frame.adjusted(_EDGE, _EDGE - 2, -_EDGE, -_EDGE + 2)
    painter.setFont(_font(10))
    align = Qt.AlignmentFlag
    for letter, place in (
        (marks.letters.left, align.AlignLeft | align.AlignVCenter),
        (marks.letters.right, align.AlignRight | align.AlignVCenter),
        (marks.letters.top, align.AlignHCenter | align.AlignTop),
        (marks.letters.bottom, align.AlignHCenter | align.AlignBottom),
    ):
        _write(painter, frame, place, letter, _TEXT, bold=True)
    _write(painter, frame, align.AlignLeft | align.AlignTop, marks.title, _TEXT)
    _write(painter, frame, align.AlignLeft | align.AlignBottom, marks.position, _QUIET)
    if marks.content:
        _write(painter, frame, align.AlignRight | align.AlignTop, marks.content, _TEXT)
    if overlay is not None:
        draw_legend(painter, frame, overlay, _TEXT)
    _draw_scale_bar(painter, frame, marks.pixels_per_mm)


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
