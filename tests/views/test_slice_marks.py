"""What is written in the corners of a slice never lies over the letter in the middle of its edge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QApplication

from brainseg_gui.imaging.plane import EdgeLetters
from brainseg_gui.views.slices.overlays import slice_marks
from brainseg_gui.views.slices.overlays.slice_marks import SliceMarks, draw_marks
from tests.soak.sample import heap_mb

TITLES = ("Sagittal · T1ce", "Sag · T1ce", "Sag")
MARKS = SliceMarks(EdgeLetters("A", "P", "S", "I"), TITLES, ("synthetic-2mm 0.5, 21:09",), ("154 / 240", "154"), 0.7)


@pytest.mark.parametrize("width", [120, 157, 205, 310, 620])
def test_texts_end_before_the_letters(qapp: QApplication, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    written: list[tuple[int, int, str]] = []

    def note(
        _painter: QPainter, frame: QRect, place: object, text: str, *_: object, bold: bool = False, **__: object
    ) -> None:
        left, _, line, _ = slice_marks._laid_out(text, place, frame.width(), frame.height(), bold)
        written.append((frame.left() + left, frame.left() + left + round(line.size().width()), text))

    monkeypatch.setattr(slice_marks, "_write", note)
    image = QImage(width, 200, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    draw_marks(painter, image.rect(), MARKS)
    painter.end()
    letter = QFontMetrics(slice_marks._font(10, True)).horizontalAdvance("M") // 2
    for left, right, text in written:
        if text not in ("A", "P", "S", "I"):
            assert right <= width // 2 - letter or left >= width // 2 + letter, text
    assert any(text in TITLES for _, _, text in written)


def test_of_an_error_its_kind_is_written_where_there_is_no_room_for_its_number(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(slice_marks, "_write", lambda *given, **_: written.append(given[3]))
    image = QImage(310, 200, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    draw_marks(painter, image.rect(), replace(MARKS, content=("missed part, WT · 101 of 631", "missed part, WT")))
    painter.end()
    assert "missed part, WT" in written


def test_the_words_of_a_thousand_errors_take_little_memory(qapp: QApplication) -> None:
    image = QImage(900, 200, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    draw_marks(painter, image.rect(), MARKS)
    before_mb = heap_mb()
    for number in range(1000):
        words = f"Error {number} of 1000: ET missed, 1.23 ml"
        draw_marks(painter, image.rect(), replace(MARKS, content=(words,)))
    painter.end()
    assert heap_mb() - before_mb < 5.0
