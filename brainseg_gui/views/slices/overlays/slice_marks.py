"""Crosshair, orientation letters, titles and the scale bar over a slice, in screen pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QStaticText

from brainseg_gui.imaging.colours import AGREEMENT_COLOURS
from brainseg_gui.imaging.plane import SCALE_BARS_MM, EdgeLetters
from brainseg_gui.imaging.scalar_map import ScalarMap
from brainseg_gui.views.slices.overlays.colour_bar import PLATE, draw_legend
from brainseg_gui.views.slices.overlays.screen_drawing import image_to_copy, screen_ratio

_TEXT = QColor(214, 218, 222).rgba()
_QUIET = QColor(160, 166, 173).rgba()
_CROSS = QColor(111, 155, 242, 150)
_ALIGN = Qt.AlignmentFlag
_TOP_LEFT, _TOP_RIGHT = _ALIGN.AlignLeft | _ALIGN.AlignTop, _ALIGN.AlignRight | _ALIGN.AlignTop
_BOTTOM_LEFT, _BOTTOM_RIGHT = _ALIGN.AlignLeft | _ALIGN.AlignBottom, _ALIGN.AlignRight | _ALIGN.AlignBottom
_LEFT, _RIGHT = _ALIGN.AlignLeft | _ALIGN.AlignVCenter, _ALIGN.AlignRight | _ALIGN.AlignVCenter
_TOP, _BOTTOM = _ALIGN.AlignHCenter | _ALIGN.AlignTop, _ALIGN.AlignHCenter | _ALIGN.AlignBottom
_GAP = 10
_EDGE = 8
_LONGEST = 8192  # rows of the tallest screen
_LETTER = 16  # from the middle to where a title beside the letter there has to end
_LINE = 18  # from one line of text to the next
_BESIDE = 3  # pixels of the plate at either side of a text
_TEXT_IMAGES = 128  # twice what a full screen shows; the words of an error take 20 kB, and errors are many
_BAR_WORDS = 60  # pixels of "100 mm" beside the bar


def draw_crosshair(painter: QPainter, frame: QRect, centre: QPoint) -> None:
    """Two lines that leave the voxel under them free."""
    # strips of an image: Qt fills a translucent line of many rows in several threads, which costs more than the line
    x, y = centre.x(), centre.y()
    line = _crosshair_line()
    for part in (
        QRect(frame.left(), y, x - _GAP - frame.left(), 1),
        QRect(x + _GAP, y, frame.right() - x - _GAP + 1, 1),
    ):
        painter.fillRect(part, _CROSS)
    for part in (
        QRect(x, frame.top(), 1, y - _GAP - frame.top()),
        QRect(x, y + _GAP, 1, frame.bottom() - y - _GAP + 1),
    ):
        if part.height() > 0:
            painter.drawImage(part, line, QRect(0, 0, 1, part.height()))


@lru_cache(maxsize=1)
def _crosshair_line() -> QImage:
    line = QImage(1, _LONGEST, QImage.Format.Format_ARGB32_Premultiplied)
    line.fill(_CROSS)
    return line


@dataclass(frozen=True)
class SliceMarks:
    """What is written over a slice.

    Parameters
    ----------
    letters
        Patient directions at the edges.
    titles, content, positions
        What is shown (top left), which masks (top right), which slice (bottom left). Of several texts the first is
        written that ends before the letter in the middle, else the last as far as there is room.
    pixels_per_mm
        Zoom, for the scale bar.
    agreement
        The region whose agreement is drawn; what its colours mean is said.
    """

    letters: EdgeLetters
    titles: tuple[str, ...]
    content: tuple[str, ...]
    positions: tuple[str, ...]
    pixels_per_mm: float
    agreement: str = ""


def draw_marks(painter: QPainter, frame: QRect, marks: SliceMarks, overlay: ScalarMap | None = None) -> None:
    """Letters at the edges, titles in the corners, scale at the bottom right, and the colours of an overlay."""
    frame = frame.adjusted(_EDGE, _EDGE - 2, -_EDGE, -_EDGE + 2)
    ratio = screen_ratio(painter)  # asked for once: it is the same for all texts of a picture
    letters = marks.letters
    _write(painter, frame, _LEFT, letters.left, _TEXT, ratio, bold=True)
    _write(painter, frame, _RIGHT, letters.right, _TEXT, ratio, bold=True)
    _write(painter, frame, _TOP, letters.top, _TEXT, ratio, bold=True)
    _write(painter, frame, _BOTTOM, letters.bottom, _TEXT, ratio, bold=True)
    half = frame.width() // 2 - _LETTER
    _write(painter, frame, _TOP_LEFT, _fitting(marks.titles, half), _TEXT, ratio)
    for line, (word, colour) in enumerate(_agreement_words(marks.agreement), start=1):
        _write(painter, frame.adjusted(0, line * _LINE, 0, 0), _TOP_LEFT, word, colour, ratio)
    _write(painter, frame, _BOTTOM_LEFT, _fitting(marks.positions, half), _QUIET, ratio, changing=True)
    if any(marks.content):
        _write(painter, frame, _TOP_RIGHT, _fitting(marks.content, half), _TEXT, ratio)
    if overlay is not None:
        painter.setFont(_font(10, False))
        draw_legend(painter, frame, overlay, QColor.fromRgba(_TEXT))
    _draw_scale_bar(painter, frame, marks.pixels_per_mm, ratio)


@lru_cache(maxsize=1024)
def _fitting(texts: tuple[str, ...], width: int) -> str:
    """The first text that is no wider; the last as far as there is room."""
    metrics = _metrics()
    return next((text for text in texts if metrics.horizontalAdvance(text) <= width), _elided(texts[-1], width))


@lru_cache(maxsize=64)
def _elided(text: str, width: int) -> str:
    """A text, shortened in the middle where it is wider: its end tells layers of one model apart."""
    return _metrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width)


@lru_cache(maxsize=1)
def _metrics() -> QFontMetrics:
    return QFontMetrics(_font(10, False))


@lru_cache(maxsize=16)
def _agreement_words(region: str) -> list[tuple[str, int]]:
    words = (f"{region} found", "missed", "false") if region else ()
    return [(word, QColor(colour).rgba()) for word, colour in zip(words, AGREEMENT_COLOURS, strict=False)]


def _draw_scale_bar(painter: QPainter, frame: QRect, pixels_per_mm: float, ratio: float) -> None:
    room = min(frame.width() / 4, frame.width() / 2 - _LETTER - _BAR_WORDS)
    length_mm = next((mm for mm in SCALE_BARS_MM if mm * pixels_per_mm <= room), None)
    if length_mm is None:
        return  # no length fits beside the letter
    length = round(length_mm * pixels_per_mm)
    right, bottom = frame.right(), frame.bottom() - 4
    painter.drawImage(QPoint(right - length - 3, bottom - 6), _bar_image(length, ratio))
    text = QRect(frame.left(), frame.top(), frame.width() - length - 8, frame.height())
    _write(painter, text, _BOTTOM_RIGHT, f"{length_mm} mm", _QUIET, ratio)


def _write(
    painter: QPainter,
    frame: QRect,
    alignment: Qt.AlignmentFlag,
    text: str,
    rgba: int,
    ratio: float,
    *,
    bold: bool = False,
    changing: bool = False,
) -> None:
    """Write a text on its plate; an image of one that is another in every picture would be drawn for nothing."""
    if not text:
        return
    left, top, line, font = _laid_out(text, alignment, frame.width(), frame.height(), bold)
    left, top = left + frame.left(), top + frame.top()
    if not changing:
        painter.drawImage(QPoint(left - _BESIDE, top), _text_image(text, bold, rgba, ratio))
        return
    size = line.size()
    painter.fillRect(left - _BESIDE, top, int(size.width()) + 2 * _BESIDE, int(size.height()), PLATE)
    painter.setFont(font)
    painter.setPen(QColor.fromRgba(rgba))
    painter.drawStaticText(left, top, line)


@lru_cache(maxsize=_TEXT_IMAGES)
def _text_image(text: str, bold: bool, rgba: int, ratio: float) -> QImage:
    """A text on its plate, drawn once: the same few stand in every picture, which copies them."""
    _, _, line, font = _laid_out(text, _TOP_LEFT, 0, 0, bold)
    image = image_to_copy(int(line.size().width()) + 2 * _BESIDE, int(line.size().height()), ratio, PLATE)
    painter = QPainter(image)
    painter.setFont(font)
    painter.setPen(QColor.fromRgba(rgba))
    painter.drawStaticText(_BESIDE, 0, line)
    painter.end()
    return image


@lru_cache(maxsize=64)
def _bar_image(length: int, ratio: float) -> QImage:
    """The bar with its ends, on its plate."""
    image = image_to_copy(length + 7, 13, ratio, PLATE)
    painter = QPainter(image)
    quiet = QColor.fromRgba(_QUIET)
    painter.fillRect(3, 6, length, 1, quiet)
    for x in (3, length + 3):
        painter.fillRect(x, 3, 1, 7, quiet)
    painter.end()
    return image


@lru_cache(maxsize=1024)
def _laid_out(
    text: str, alignment: Qt.AlignmentFlag, width: int, height: int, bold: bool
) -> tuple[int, int, QStaticText, QFont]:
    """Where a text begins in a frame, and its letters with their places: the same few are written in every frame."""
    font, line = _font(10, bold), QStaticText(text)
    line.setTextFormat(Qt.TextFormat.PlainText)
    line.prepare(font=font)
    room_x, room_y = width - line.size().width(), height - line.size().height()
    across = 1.0 if alignment & _ALIGN.AlignRight else 0.5 if alignment & _ALIGN.AlignHCenter else 0.0
    down = 1.0 if alignment & _ALIGN.AlignBottom else 0.5 if alignment & _ALIGN.AlignVCenter else 0.0
    return round(across * room_x), round(down * room_y), line, font


def _font(points: int, bold: bool) -> QFont:
    font = QFont()
    font.setPointSize(points)
    font.setBold(bold)
    return font
