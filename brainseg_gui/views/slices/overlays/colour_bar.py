"""The legend of a quantity over the images: a bar of its colours with the numbers that they stand for."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from brainseg_gui.imaging.colour_maps import viridis
from brainseg_gui.imaging.scalar_map import ScalarMap
from brainseg_gui.views.widgets.theme import colour

WIDTH, HEIGHT = 128, 8
_GAP = 2
PLATE = QColor(0, 0, 0, 150)
"""What stands below the words over a picture, which may be bright there."""
_MOST_BLOCKS = 16


class ColourBar(QWidget):
    """The bar with its numbers, for a panel."""

    def __init__(self) -> None:
        super().__init__()
        self._overlay: ScalarMap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_map(self, overlay: ScalarMap | None) -> None:
        """Show the colours of a quantity; None leaves the place empty."""
        self._overlay = overlay
        words = f"{overlay.title}, 0 to {overlay.highest:g} {overlay.unit}" if overlay is not None else ""
        self.setAccessibleName(f"Colours of {words}" if words else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, 30)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._overlay is not None:
            painter = QPainter(self)
            bar = QRect(8, 2, self.width() - 16, 10)
            draw_bar(painter, bar, self._overlay)
            draw_numbers(painter, bar, self._overlay, colour("quiet"))


def draw_legend(painter: QPainter, frame: QRect, overlay: ScalarMap, ink: QColor) -> None:
    """Title, bar and numbers at the top right of a picture."""
    metrics = painter.fontMetrics()
    bar = QRect(frame.right() - WIDTH, frame.top() + metrics.height() + 3, WIDTH, HEIGHT)
    title = f"{overlay.title} {overlay.unit}".strip() if overlay.whole else overlay.title
    words = QRect(frame.left(), frame.top(), frame.width(), metrics.height())
    alignment = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    wide = max(WIDTH, metrics.horizontalAdvance(title)) + 10
    painter.fillRect(frame.right() - wide + 4, frame.top() - 2, wide, 2 * metrics.height() + HEIGHT + 9, PLATE)
    painter.setPen(ink)
    painter.drawText(words, alignment, title)
    draw_bar(painter, bar, overlay)
    draw_numbers(painter, bar, overlay, ink)


def draw_bar(painter: QPainter, bar: QRect, overlay: ScalarMap) -> None:
    """The colours: one block per number where there are few, else all of them."""
    colours = viridis()
    if overlay.whole and overlay.top <= _MOST_BLOCKS:
        for level in range(1, overlay.top + 1):
            red, green, blue = colours[round(255 * level / overlay.top)].tolist()
            painter.fillRect(_block(bar, level, overlay.top), QColor(red, green, blue))
        return
    strip = QImage(colours.tobytes(), 256, 1, 3 * 256, QImage.Format.Format_RGB888)
    painter.drawImage(bar, strip)


def draw_numbers(painter: QPainter, bar: QRect, overlay: ScalarMap, ink: QColor) -> None:
    """The numbers under the bar."""
    for rect, text in _numbers(painter, bar, overlay):
        painter.setPen(ink)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def _numbers(painter: QPainter, bar: QRect, overlay: ScalarMap) -> list[tuple[QRect, str]]:
    height = painter.fontMetrics().height()
    if overlay.whole and overlay.top <= _MOST_BLOCKS:
        blocks = [(_block(bar, level, overlay.top), str(level)) for level in range(1, overlay.top + 1)]
        return [(QRect(block.left(), bar.bottom() + 2, block.width(), height), text) for block, text in blocks]
    found = []
    for share in (0.0, 0.5, 1.0):
        value = share * overlay.highest
        text = f"{value:g} {overlay.unit}".strip() if share == 1.0 else f"{value:g}"
        width = painter.fontMetrics().horizontalAdvance(text) + 2
        centre = bar.left() + round(share * bar.width())
        left = min(max(centre - width // 2, bar.left() - 4), bar.right() + 4 - width)
        found.append((QRect(left, bar.bottom() + 2, width, height), text))
    return found


def _block(bar: QRect, level: int, count: int) -> QRect:
    left = bar.left() + (level - 1) * (bar.width() + _GAP) // count
    right = bar.left() + level * (bar.width() + _GAP) // count - _GAP
    return QRect(left, bar.top(), right - left, bar.height())
